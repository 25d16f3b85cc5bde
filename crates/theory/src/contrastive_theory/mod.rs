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
mod sampling;
#[cfg(test)]
mod tests;

use agents::{
    device,
    failure::failure,
    state::{arrays, load_trained, save_trained},
};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use learn::{
    contrastive::theory::{block, collision, k_negatives},
    optim::{AdamSettings, Trainable, Trained, update},
    probe::Labelled,
};
use nets::mlp::{Mlp, MlpConfig};
use run::{
    Card, Method, Primary, Progress, Protocol, Result, Run, RunError, Scores, Snapshot, Task, scores::exact,
};
use worlds::data::{self, DataSet, Examples};

pub use config::{ContrastiveTheoryConfig, Variant};
use evaluation::{Bound, Probes, bound};
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

run::register!(ContrastiveTheory);

impl Method for ContrastiveTheory {
    const CARD: Card = Card {
        id: "contrastive-theory",
        title: "A Theoretical Analysis of Contrastive Unsupervised Representation Learning",
        paper: "Arora et al., 2019, arXiv 1902.09229",
        family: "theory",
        summary: "contrastive features, mean classifiers, and the bound that ties their losses together",
        needs: &[],
        metrics: &["loss/contrastive", "loss/supervised", "probe/*", "diag/*"],
        stages: &["main"],
        primary: Primary { metric: "probe/mean_10", higher_is_better: true },
        unit: "updates",
        steps: 3_000,
        instead: "a method that acts in worlds",
    };
    type Config = ContrastiveTheoryConfig;

    fn build(config: ContrastiveTheoryConfig, _task: &Task, run: &mut Run) -> Result<Self> {
        let mut data = data::load(&config.data, run.seed())?;
        if !config.prior.is_empty() {
            if config.prior.len() != data.classes() {
                return Err(RunError::Config(format!(
                    "`prior` has {} probabilities, but data `{}` has {} classes",
                    config.prior.len(),
                    config.data,
                    data.classes()
                )));
            }
            data.prior.clone_from(&config.prior);
        }
        collision(&data.prior, config.negatives).map_err(RunError::part)?;
        let sampler = Sampler::new(&data.train, &data.prior, config.block).map_err(RunError::Config)?;
        if config.normalise {
            run.note("features have unit norm: R = 1 in the bounds");
        }
        let device = device::parse(run.device())?;
        let training = device.clone().autodiff();
        let encoder = shape(&config, &data).init(&training, run.random("init"));
        let head = MlpConfig::new(config.features, &[], data.classes()).init(&training, run.random("init"));
        let adam = AdamSettings::new(config.learning_rate);
        let (encoder, head) = (Trained::new(encoder, adam), Trained::new(head, adam));
        Ok(Self { config, data, sampler, encoder, head, device })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let updates = (run.total_steps() - run.steps()).min(CHUNK);
        for _ in 0..updates {
            match self.config.variant {
                Variant::Contrastive | Variant::ShuffledPairs => self.contrast(run)?,
                Variant::Supervised => self.supervise(run)?,
                Variant::Raw => {}
            }
            run.count_steps(1);
        }
        Ok(Progress::MAIN)
    }

    /// Probes fitted on the training and scored on the held-out examples, and the bounds.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        let random = &mut run.derived("eval", protocol.seed);
        let encoder = (self.config.variant != Variant::Raw).then(|| self.encoder.inference());
        let train = self.labelled(encoder, &self.data.train)?;
        let test = self.labelled(encoder, &self.data.test)?;
        let (prior, loss) = (&self.data.prior, self.config.loss);
        let probes = Probes { prior, loss, few: self.config.few, ridge: self.config.ridge };
        let mut scores = probes.scores(&train, &test, random).map_err(RunError::part)?;
        let bound = self.bound(&test, random)?;
        let mut worst = f64::INFINITY;
        for _ in 0..self.config.random_encoders {
            let encoder = shape(&self.config, &self.data).init(&self.device, random);
            let features = self.labelled(Some(&encoder), &self.data.test)?;
            worst = worst.min(self.bound(&features, random)?.margin());
        }
        let norms =
            (0..test.classes()).flat_map(|class| test.class(class)).map(|x| x.iter().map(|v| v * v).sum());
        scores.extend([
            ("diag/bound_supervised", bound.supervised),
            ("diag/bound_unsupervised", bound.unsupervised),
            ("diag/bound_slack", bound.unsupervised - bound.supervised),
            ("diag/bound_error", bound.error),
            ("diag/bound_margin", bound.margin()),
            ("diag/intraclass_slack", bound.intraclass - bound.supervised),
            ("diag/radius", norms.fold(0.0, f64::max).sqrt()),
            ("diag/tau", collision(prior, 1).map_err(RunError::part)?),
            ("diag/tau_k", collision(prior, self.config.negatives).map_err(RunError::part)?),
        ]);
        if worst.is_finite() {
            scores.push(("diag/bound_margin_random", worst));
        }
        Ok(exact(scores))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("encoder", &self.encoder), ("head", &self.head)]);
        Ok(())
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        load_trained(&arrays(snapshot), &mut [("encoder", &mut self.encoder), ("head", &mut self.head)])
    }
}

impl ContrastiveTheory {
    /// One step on the contrastive loss; anchors, positives and negatives all carry gradient.
    fn contrast(&mut self, run: &mut Run) -> Result<()> {
        let ContrastiveTheoryConfig { batch, block: size, negatives: count, loss, .. } = self.config;
        let shuffled = self.config.variant == Variant::ShuffledPairs;
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
        let done = update("contrastive", losses.mean(), &mut [&mut self.encoder], None);
        run.log("loss/contrastive", f64::from(done.map_err(|error| failure(run, error))?.loss))
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
        let parts: &mut [&mut dyn Trainable] = &mut [&mut self.encoder, &mut self.head];
        let done = update("supervised", loss, parts, None);
        run.log("loss/supervised", f64::from(done.map_err(|error| failure(run, error))?.loss))
    }

    fn normalised(&self, features: Tensor<2>) -> Tensor<2> {
        if !self.config.normalise {
            return features;
        }
        let norm = features.clone().square().sum_dim(1).add_scalar(NORM_FLOOR).sqrt();
        features / norm
    }

    /// Features with their classes; the inputs themselves without an encoder.
    fn labelled(&self, encoder: Option<&Mlp>, examples: &Examples) -> Result<Labelled> {
        let all: Vec<usize> = (0..examples.len()).collect();
        let inputs = inputs(examples, &all, &self.device);
        let features = match encoder {
            Some(encoder) => self.normalised(encoder.forward(inputs)),
            None => inputs,
        };
        let width = features.dims()[1];
        let values: Vec<f32> = features.into_data().iter::<f32>().collect();
        Labelled::new(&values, width, &examples.labels, self.data.classes()).map_err(RunError::part)
    }

    fn bound(&self, features: &Labelled, random: &mut rand_chacha::ChaCha8Rng) -> Result<Bound> {
        let config = &self.config;
        bound(features, &self.data.prior, config.loss, config.bound_samples, random).map_err(RunError::part)
    }
}

/// Added to squared norms before the root.
const NORM_FLOOR: f32 = 1e-12;

/// The encoder.
fn shape(config: &ContrastiveTheoryConfig, data: &DataSet) -> MlpConfig {
    MlpConfig::new(data.train.width, &config.hidden, config.features)
}

/// The inputs of these examples.
fn inputs(examples: &Examples, indices: &[usize], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = indices.iter().flat_map(|&index| examples.input(index)).copied().collect();
    Tensor::from_data(TensorData::new(values, [indices.len(), examples.width]), device)
}

/// Rows of the features in which these examples lie.
fn places(mentions: &Mentions, list: &[usize], device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(mentions.places(list), [list.len()]), device)
}
