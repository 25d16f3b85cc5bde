//! The critic f(s, a, g, s_f) = u(s, a, g)^T v(s_f), twice with weights of their own.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::contrastive::info_nce::{Similarity, logits};
use nets::{ensemble::EnsembleMlp, mlp::MlpConfig};
use rand_chacha::ChaCha8Rng;

/// Norms of embeddings count as at least this much.
const FLOOR: f64 = 1e-8;

/// Twin pairs of perceptrons.
#[derive(Module, Debug)]
pub struct GoalCritic {
    anchors: EnsembleMlp,
    futures: EnsembleMlp,
    #[module(skip)]
    temperature: f64,
    #[module(skip)]
    normalised: bool,
}

impl GoalCritic {
    /// `anchor` is the width of observation, action and goal together, `goal` that of a goal. With
    /// `normalised` the logits are cosines divided by the temperature, else inner products.
    pub fn new(
        (anchor, goal): (usize, usize),
        (hidden, embedding): (&[usize], usize),
        (normalised, temperature): (bool, f64),
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let twins = |input, random: &mut ChaCha8Rng| {
            EnsembleMlp::new(&MlpConfig::new(input, hidden, embedding), 2, device, random)
        };
        Self { anchors: twins(anchor, random), futures: twins(goal, random), temperature, normalised }
    }

    /// Logits of `anchors [B, ...]` (observation, action, goal) and `futures [M, ...]`, `[B, M]`
    /// from each twin.
    pub fn forward(&self, anchors: Tensor<2>, futures: Tensor<2>) -> [Tensor<2>; 2] {
        let (anchors, futures) = (self.anchors.forward(anchors), self.futures.forward(futures));
        [0, 1].map(|twin| logits(member(&anchors, twin), member(&futures, twin), self.similarity()))
    }

    /// The smaller of the twins' logits, `[B, M]`.
    pub fn smaller(&self, anchors: Tensor<2>, futures: Tensor<2>) -> Tensor<2> {
        let [first, second] = self.forward(anchors, futures);
        first.min_pair(second)
    }

    fn similarity(&self) -> Similarity {
        match self.normalised {
            true => Similarity::Cosine { temperature: self.temperature, floor: FLOOR },
            false => Similarity::Inner,
        }
    }
}

fn member(all: &Tensor<3>, index: usize) -> Tensor<2> {
    all.clone().narrow(0, index, 1).squeeze_dim(0)
}
