//! A policy of two branches on one frozen trunk.

use burn::{
    nn::Linear,
    tensor::{Device, Tensor, activation},
};
use learn::optim::{AdamSettings, Trained};
use nets::{
    frames::FrameNetwork,
    init::{Init, linear},
    mlp::Mlp,
    observed::Observed,
};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result, RunError};
use worlds::{Actions, Layout, Observations};

use super::{frames::stack, policy::choose};

/// The branch that reinforcement learning trains: features that start from the latent policy's,
/// a policy head of zeros, a value head.
pub(super) struct Branch {
    /// From the trunk to the features, which a ReLU follows.
    pub features: Trained<Linear>,
    /// From the features to the logits.
    pub policy: Trained<Linear>,
    /// From the features to the value.
    pub value: Trained<Linear>,
}

impl Branch {
    /// A branch beside `network` for `actions` actions. The step sizes are set before every update.
    pub fn new(network: &FrameNetwork, actions: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let [_, width] = network.hidden.weight.dims();
        let orthogonal = Init::Orthogonal { gain: std::f64::consts::SQRT_2 };
        let train = |module| Trained::new(module, AdamSettings::new(0.0));
        Self {
            features: train(network.hidden.clone()),
            policy: train(linear(width, actions, Init::Zero, device, random)),
            value: train(linear(width, 1, orthogonal, device, random)),
        }
    }

    /// Takes the features over from a latent policy.
    pub fn begin(&mut self, network: &FrameNetwork) {
        self.features.replace(network.hidden.clone());
    }

    /// The modules without gradient tracking.
    pub fn inference(&self) -> Heads {
        Heads {
            features: self.features.inference().clone(),
            policy: self.policy.inference().clone(),
            value: self.value.inference().clone(),
        }
    }

    /// The modules with gradient tracking.
    pub fn modules(&self) -> Heads {
        Heads {
            features: self.features.module().clone(),
            policy: self.policy.module().clone(),
            value: self.value.module().clone(),
        }
    }
}

/// The modules of a branch.
pub(super) struct Heads {
    features: Linear,
    policy: Linear,
    value: Linear,
}

impl Heads {
    /// Logits `[B, A]` and values `[B]` of the trunk's output `[B, h]` and the other branch's logits
    /// `[B, A]`: the mean of both branches' logits.
    pub fn forward(&self, trunk: Tensor<2>, other: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        let features = activation::relu(self.features.forward(trunk));
        let value = self.value.forward(features.clone()).squeeze_dim(1);
        ((self.policy.forward(features) + other).mul_scalar(0.5), value)
    }
}

/// The trunk's output `[B, h]` and the supervised branch's logits `[B, A]` for `frames [B, C, H, W]`.
/// Neither carries a gradient when the networks are inference copies.
pub(super) fn supervised(network: &FrameNetwork, decoder: &Mlp, frames: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
    let trunk = network.encoder.forward(&Observed::Image(frames));
    let latent = network.output.forward(activation::relu(network.hidden.forward(trunk.clone())));
    (trunk, decoder.forward(latent))
}

/// Acts by both branches.
pub(super) struct TwoHeadedPolicy {
    network: FrameNetwork,
    decoder: Mlp,
    heads: Heads,
    layout: Layout,
    device: Device,
}

impl TwoHeadedPolicy {
    /// A policy from inference copies.
    pub fn new(network: FrameNetwork, decoder: Mlp, heads: Heads, layout: &Layout, device: &Device) -> Self {
        Self { network, decoder, heads, layout: layout.clone(), device: device.clone() }
    }
}

impl Policy for TwoHeadedPolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let frames = stack(observations.input(), &self.layout, 1, observations.rows, &self.device);
        let (trunk, other) = supervised(&self.network, &self.decoder, frames.all);
        let (logits, _) = self.heads.forward(trunk, other);
        Ok(choose(&logits.dims(), &logits.into_data().iter().collect::<Vec<f32>>(), mode, random))
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task(
            "a latent policy decoded online adds the logits of two branches, which the exported form has no \
             layer for: export one decoded offline"
                .to_owned(),
        ))
    }
}
