//! A theoretical analysis of contrastive unsupervised representation learning (Arora et al., 2019,
//! arXiv 1902.09229).
//!
//! A similar pair is two draws from one latent class, a negative a draw from a random class, which
//! may be the same. The contrastive loss, less what is lost to such collisions, bounds the
//! supervised loss of the mean classifier on average tasks made of those classes. Averaging blocks
//! of similar points tightens the bound; many negatives collide too often to help.
//!
//! Here both sides of the bounds are measured on held-out data with the exact class probabilities,
//! and every arm is followed by the same probes.

mod config;
mod evaluation;
mod method;
mod sampling;
#[cfg(test)]
mod tests;

use agents::update::update;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use learn::{
    contrastive::theory::{block, k_negatives},
    optim::Trained,
};
use nets::mlp::Mlp;
use run::{Progress, Result, Run};
use worlds::data::{DataSet, Examples};

pub use config::{ContrastiveTheoryConfig, FeatureKind};
use sampling::{Mentions, Recipe, Sampler};

/// Updates of one iteration at most.
const CHUNK: u64 = 20;

/// Contrastive learning with latent classes.
pub struct ContrastiveTheory {
    config: ContrastiveTheoryConfig,
    data: DataSet,
    sampler: Sampler,
    encoder: Trained<Mlp>,
    /// Linear head of the supervised arm.
    head: Trained<Mlp>,
    device: Device,
}

impl ContrastiveTheory {
    /// Some updates, by what trains the features.
    fn iteration(&mut self, run: &mut Run) -> Result<Progress> {
        let updates = (run.total_steps() - run.steps()).min(CHUNK);
        for _ in 0..updates {
            match self.config.variant {
                FeatureKind::Contrastive | FeatureKind::ShuffledPairs => self.contrast(run)?,
                FeatureKind::Supervised => self.supervise(run)?,
                FeatureKind::Raw => {}
            }
            run.count_steps(1);
        }
        Ok(Progress::MAIN)
    }

    /// One step on L_un, of single negatives (section 2) or of blocks (section 6.2). Anchors, positives
    /// and negatives all carry gradient, and there is no temperature.
    fn contrast(&mut self, run: &mut Run) -> Result<()> {
        let ContrastiveTheoryConfig { batch, block: size, negatives: count, loss, .. } = self.config;
        let shuffled = self.config.variant == FeatureKind::ShuffledPairs;
        let recipe = Recipe { block: size, negatives: count, shuffled };
        let tuples = self.sampler.draw(batch, recipe, run.random("pairs"));
        let lists = [&tuples.anchors[..], &tuples.positives, &tuples.negatives];
        let mentions = Mentions::new(&lists, self.data.train.len());
        let inputs = inputs(&self.data.train, &mentions.examples, &self.device).autodiff();
        let features = self.normalised(self.encoder.module().forward(inputs));
        let width = self.config.features;
        let [anchor, positives, negatives] =
            lists.map(|list| features.clone().select(0, places(&mentions, list, &self.device)));
        let losses = if size > 1 {
            let shape = [batch, size, width];
            block(anchor, positives.reshape(shape), negatives.reshape(shape), loss)
        } else {
            k_negatives(anchor, positives, negatives.reshape([batch, count, width]), loss)
        };
        let done = update(run, "contrastive", losses.mean(), &mut [&mut self.encoder], None)?;
        run.log("loss/contrastive", f64::from(done.loss))
    }

    /// One step on the cross-entropy of a linear head, in bits like the other losses.
    fn supervise(&mut self, run: &mut Run) -> Result<()> {
        let random = run.random("pairs");
        let draw = |_| {
            let class = self.sampler.class(random);
            self.sampler.example(class, random)
        };
        let batch: Vec<usize> = (0..self.config.batch).map(draw).collect();
        let inputs = inputs(&self.data.train, &batch, &self.device).autodiff();
        let features = self.normalised(self.encoder.module().forward(inputs));
        let log_probability = activation::log_softmax(self.head.module().forward(features), 1);
        let classes = self.data.classes();
        let mut marks = vec![0.0f32; batch.len() * classes];
        for (row, &index) in marks.chunks_exact_mut(classes).zip(&batch) {
            row[self.data.train.labels[index]] = 1.0;
        }
        let marks = TensorData::new(marks, [batch.len(), classes]);
        let marks = Tensor::<2>::from_data(marks, &self.device).autodiff();
        let bits = batch.len() as f32 * std::f32::consts::LN_2;
        let loss = (log_probability * marks).sum().div_scalar(-bits);
        let done = update(run, "supervised", loss, &mut [&mut self.encoder, &mut self.head], None)?;
        run.log("loss/supervised", f64::from(done.loss))
    }

    fn normalised(&self, features: Tensor<2>) -> Tensor<2> {
        if !self.config.normalise {
            return features;
        }
        let norm = features.clone().square().sum_dim(1).add_scalar(NORM_FLOOR).sqrt();
        features / norm
    }
}

/// Added to squared norms before the root.
const NORM_FLOOR: f32 = 1e-12;

/// The inputs of these examples.
fn inputs(examples: &Examples, indices: &[usize], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = indices.iter().flat_map(|&index| examples.input(index)).copied().collect();
    Tensor::from_data(TensorData::new(values, [indices.len(), examples.width]), device)
}

/// Rows of the features in which these examples lie.
fn places(mentions: &Mentions, list: &[usize], device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(mentions.places(list), [list.len()]), device)
}
