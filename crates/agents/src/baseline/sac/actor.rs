//! The squashed Gaussian actor.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use nets::{
    distribution::{Correction, TanhNormal},
    heads::{GaussianHead, LogStd},
    mlp::{Activation, MlpConfig},
    noise,
    recipe::Layer,
};
use rand_chacha::ChaCha8Rng;

use crate::latent_actor::Actor;

/// tanh of a Gaussian whose mean and deviation a perceptron gives.
#[derive(Module, Debug)]
pub struct SquashedActor {
    head: GaussianHead,
    #[module(skip)]
    dimensions: usize,
}

impl SquashedActor {
    /// `shape` goes from the latent to the action dimensions.
    pub fn new(shape: &MlpConfig, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let log_std = LogStd::Clamp { low: -20.0, high: 2.0 };
        Self { head: GaussianHead::new(shape, log_std, device, random), dimensions: shape.output }
    }

    /// Number of action dimensions.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Actions `[B, dimensions]` for noise of N(0, 1) and their log-density `[B]`, summed over the
    /// dimensions.
    pub fn act(&self, latent: Tensor<2>, noise: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        let rows = latent.dims()[0];
        let distribution = self.distribution(latent);
        let (action, unsquashed) = distribution.sample(noise);
        let log_prob = distribution.log_prob_unsquashed(unsquashed).sum_dim(1).reshape([rows]);
        (action, log_prob)
    }

    fn distribution(&self, latent: Tensor<2>) -> TanhNormal {
        TanhNormal::new(self.head.forward(latent), Correction::Exact)
    }
}

impl Actor for SquashedActor {
    fn greedy(&self, latent: Tensor<2>) -> Tensor<2> {
        self.distribution(latent).mode()
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = self.head.layers(&format!("{prefix}.head"));
        layers.push(Layer::Activation { name: Activation::Tanh });
        layers
    }

    fn sample(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<2> {
        let [rows, _] = latent.dims();
        let noise = noise::normal([rows, self.dimensions], &latent.device(), random);
        self.distribution(latent).sample(noise).0
    }
}
