//! Deterministic latent dynamics with a reward.

use crate::mlp::{Mlp, MlpConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Two perceptrons on latent and action: the next latent, without residual connection or
/// normalisation, and the reward (Zhao et al., 2023).
#[derive(Module, Debug)]
pub struct LatentModel {
    transition: Mlp,
    reward: Mlp,
}

impl LatentModel {
    /// A model of latents of width `latent` under actions of width `action`. `shape` gives hidden
    /// layers, activation, normalisation and initial weights; its input and output are not read.
    pub fn new(
        latent: usize,
        action: usize,
        shape: &MlpConfig,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let mut mlp = |output| {
            let config = MlpConfig { input: latent + action, output, ..shape.clone() };
            config.init(device, random)
        };
        Self { transition: mlp(latent), reward: mlp(1) }
    }

    /// Next latent `[B, d]` and reward `[B]` of `latent [B, d]` under `action [B, a]`.
    pub fn step(&self, latent: Tensor<2>, action: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        let input = Tensor::cat(vec![latent, action], 1);
        let reward = self.reward.forward(input.clone()).squeeze_dim(1);
        (self.transition.forward(input), reward)
    }

    /// Latents `[B, H, d]` after each action and rewards `[B, H]`, from `latent [B, d]` under
    /// `actions [B, H, a]`, open loop. Gradients flow through the whole chain.
    pub fn rollout(&self, latent: Tensor<2>, actions: Tensor<3>) -> (Tensor<3>, Tensor<2>) {
        let [batch, horizon, _] = actions.dims();
        let (mut latents, mut inputs) = (Vec::new(), Vec::new());
        let mut current = latent;
        for step in 0..horizon {
            let action = actions.clone().narrow(1, step, 1).squeeze_dim(1);
            let input = Tensor::cat(vec![current, action], 1);
            inputs.push(input.clone());
            current = self.transition.forward(input);
            latents.push(current.clone());
        }
        // No reward is needed to go on, so that all of them are predicted at once.
        let inputs: Tensor<3> = Tensor::stack(inputs, 1);
        let rewards = self.reward.forward(inputs.flatten(0, 1)).reshape([batch, horizon]);
        (Tensor::stack(latents, 1), rewards)
    }
}
