//! Policies over continuous actions. Over discrete ones, a policy is an [`crate::mlp::Mlp`] whose
//! outputs are the logits of a [`crate::distribution::Categorical`].

use super::critic::with_trunk;
use crate::distribution::DiagonalGaussian;
use crate::init::parameter;
use crate::mlp::{Activation, Mlp, MlpConfig, Trunk};
use crate::recipe::Layer;
use crate::tanh;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A deterministic policy: tanh of a perceptron, behind an optional trunk.
#[derive(Module, Debug)]
pub struct DeterministicActor {
    trunk: Option<Trunk>,
    mlp: Mlp,
}

impl DeterministicActor {
    /// `shape` goes from the latent's width to the action's; with `trunk`, the latent first goes
    /// through a [`Trunk`] of that width, drawn by `shape.init`.
    pub fn new(shape: &MlpConfig, trunk: Option<usize>, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let (trunk, shape) = with_trunk(shape, trunk, device, random);
        Self { trunk, mlp: shape.init(device, random) }
    }

    /// Actions `[B, a]` in (-1, 1) for `latent [B, d]`.
    pub fn forward(&self, latent: Tensor<2>) -> Tensor<2> {
        let input = match &self.trunk {
            Some(trunk) => trunk.forward(latent),
            None => latent,
        };
        tanh::tanh(self.mlp.forward(input))
    }

    /// The layers, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let trunk = self.trunk.as_ref().map(|trunk| trunk.layers(&format!("{prefix}.trunk")));
        let mut layers = trunk.unwrap_or_default();
        layers.extend(self.mlp.layers(&format!("{prefix}.mlp")));
        layers.push(Layer::Activation { name: Activation::Tanh });
        layers
    }
}

/// Where the logarithm of a Gaussian's standard deviation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LogStd {
    /// The network's output, clamped; no gradient outside the bounds.
    Clamp {
        /// Lower bound, often -20.
        low: f64,
        /// Upper bound, often 2.
        high: f64,
    },
    /// low + (high - low)(tanh(x) + 1)/2 of the network's output x.
    TanhAffine {
        /// Lower bound, often -5.
        low: f64,
        /// Upper bound, often 2.
        high: f64,
    },
    /// ln(softplus(x) + floor) of the network's output x: a standard deviation that cannot collapse.
    Softplus {
        /// Least standard deviation, often 0.1.
        floor: f64,
    },
    /// One learned number per dimension, the same in every state.
    Free {
        /// Its first value.
        initial: f64,
    },
}

/// A perceptron that gives a Gaussian over `dimensions` numbers.
#[derive(Module, Debug)]
pub struct GaussianHead {
    mlp: Mlp,
    /// The free log standard deviations, `[1, dimensions]`.
    free: Option<Param<Tensor<2>>>,
    #[module(skip)]
    log_std: LogStd,
    #[module(skip)]
    dimensions: usize,
}

impl GaussianHead {
    /// `shape.output` is the number of dimensions; the log standard deviations' outputs are added
    /// where `log_std` needs them.
    pub fn new(shape: &MlpConfig, log_std: LogStd, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let dimensions = shape.output;
        let (output, free) = match log_std {
            LogStd::Free { initial } => {
                let values = vec![initial as f32; dimensions];
                (dimensions, Some(parameter(values, [1, dimensions], device)))
            }
            _ => (2 * dimensions, None),
        };
        let mlp = MlpConfig { output, ..shape.clone() }.init(device, random);
        Self { mlp, free, log_std, dimensions }
    }

    /// The distribution over `[B, dimensions]` for `latent [B, d]`; its mean is not bounded.
    pub fn forward(&self, latent: Tensor<2>) -> DiagonalGaussian {
        let output = self.mlp.forward(latent);
        if let Some(free) = &self.free {
            let log_std = free.val().expand(output.dims());
            return DiagonalGaussian::new(output, log_std);
        }
        let mean = output.clone().narrow(1, 0, self.dimensions);
        let raw = output.narrow(1, self.dimensions, self.dimensions);
        let log_std = match self.log_std {
            LogStd::Clamp { low, high } => raw.clamp(low, high),
            LogStd::TanhAffine { low, high } => {
                tanh::tanh(raw).add_scalar(1.0).mul_scalar(0.5 * (high - low)).add_scalar(low)
            }
            LogStd::Softplus { floor } => activation::softplus(raw, 1.0).add_scalar(floor).log(),
            LogStd::Free { .. } => raw,
        };
        DiagonalGaussian::new(mean, log_std)
    }

    /// The layers of the mean, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = self.mlp.layers(&format!("{prefix}.mlp"));
        if self.free.is_none() {
            layers.push(Layer::First { count: self.dimensions });
        }
        layers
    }
}
