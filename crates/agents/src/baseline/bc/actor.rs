//! Policies that are fitted to recorded actions.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::{batch::ActionBatch, imitation};
use nets::{
    distribution::{Categorical, DiagonalGaussian},
    heads::{DeterministicActor, GaussianHead, LogStd},
    host,
    mlp::{Activation, Mlp, MlpConfig},
    noise,
    observed::Observed,
    recipe::Layer,
    tanh,
};
use rand_chacha::ChaCha8Rng;
use run::Mode;
use settings::Choice;
use worlds::{ActionSpace, Actions};

use crate::{
    networks::width,
    offline::policy::{Acting, flat},
};

/// Bounds of the Gaussian's log standard deviation.
const LOG_STD: (f64, f64) = (-10.0, 2.0);

/// What is fitted to actions of a box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Fit {
    /// The mean action, by squared error.
    #[default]
    Mean,
    /// A Gaussian around tanh of a mean, with one deviation per dimension for all states, by
    /// likelihood.
    Gaussian,
}

/// A policy over a box or over indices.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a run has one, and a boxed module is none")]
pub enum FittedActor {
    /// One action per state.
    Mean(DeterministicActor),
    /// A Gaussian.
    Gaussian(BoundedGaussian),
    /// Logits.
    Categorical(Mlp),
}

impl FittedActor {
    /// A policy of hidden layers `hidden` from latents of width `latent`; `fit` is for boxes only.
    pub fn new(
        latent: usize,
        hidden: &[usize],
        space: &ActionSpace,
        fit: Fit,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let shape = MlpConfig::new(latent, hidden, width(space));
        match (space, fit) {
            (ActionSpace::Discrete { .. }, _) => Self::Categorical(shape.init(device, random)),
            (_, Fit::Mean) => Self::Mean(DeterministicActor::new(&shape, None, device, random)),
            (_, Fit::Gaussian) => Self::Gaussian(BoundedGaussian::new(&shape, device, random)),
        }
    }

    /// What is wrong with the recorded actions in the eyes of the policy, `[B]`: squared error, or
    /// minus the log-probability.
    pub fn loss(&self, latent: Tensor<2>, actions: &ActionBatch) -> Tensor<1> {
        match self {
            Self::Mean(actor) => {
                imitation::squared_error(actor.forward(latent), actions.vectors(0).autodiff())
            }
            Self::Gaussian(actor) => {
                imitation::negative_log_likelihood(&actor.forward(latent), actions.vectors(0).autodiff())
            }
            Self::Categorical(mlp) => {
                let logits = mlp.forward(latent);
                let count = logits.dims()[1];
                Categorical::new(logits).cross_entropy(actions.vectors(count).autodiff())
            }
        }
    }

    /// An action of every row: indices, or vectors in [-1, 1].
    pub fn act(&self, latent: Tensor<2>, mode: Mode, random: &mut ChaCha8Rng) -> Actions {
        let sample = mode == Mode::Sample;
        match self {
            Self::Mean(actor) => vectors(actor.forward(latent)),
            Self::Gaussian(actor) => {
                let distribution = actor.forward(latent);
                let shape = distribution.mean.dims();
                let device = distribution.mean.device();
                vectors(match sample {
                    true => distribution.sample(noise::normal(shape, &device, random)).clamp(-1.0, 1.0),
                    false => distribution.mode(),
                })
            }
            Self::Categorical(mlp) => {
                let logits = mlp.forward(latent);
                let ([rows, _], device) = (logits.dims(), logits.device());
                let distribution = Categorical::new(logits);
                let chosen = match sample {
                    true => distribution.sample(noise::uniform([rows], &device, random)),
                    false => distribution.mode(),
                };
                Actions::Discrete(chosen.into_data().iter::<i64>().map(|index| index as u32).collect())
            }
        }
    }

    /// The layers of the greedy action, whose arrays lie under `prefix`, up to logits or a vector in
    /// [-1, 1].
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        match self {
            Self::Mean(actor) => actor.layers(&format!("{prefix}.Mean")),
            Self::Gaussian(actor) => actor.layers(&format!("{prefix}.Gaussian")),
            Self::Categorical(mlp) => mlp.layers(&format!("{prefix}.Categorical")),
        }
    }
}

impl Acting for FittedActor {
    fn act(&self, observed: &Observed, mode: Mode, random: &mut ChaCha8Rng) -> Actions {
        FittedActor::act(self, flat(observed), mode, random)
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        FittedActor::layers(self, prefix)
    }
}

/// A Gaussian around tanh of a perceptron, with one learned deviation per dimension for all states.
#[derive(Module, Debug)]
pub struct BoundedGaussian {
    head: GaussianHead,
}

impl BoundedGaussian {
    fn new(shape: &MlpConfig, device: &Device, random: &mut ChaCha8Rng) -> Self {
        Self { head: GaussianHead::new(shape, LogStd::Free { initial: 0.0 }, device, random) }
    }

    /// The distribution over `[B, dimensions]` for `latent [B, d]`.
    pub fn forward(&self, latent: Tensor<2>) -> DiagonalGaussian {
        let raw = self.head.forward(latent);
        DiagonalGaussian::new(tanh::tanh(raw.mean), raw.log_std.clamp(LOG_STD.0, LOG_STD.1))
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = self.head.layers(&format!("{prefix}.head"));
        layers.push(Layer::Activation { name: Activation::Tanh });
        layers
    }
}

fn vectors(actions: Tensor<2>) -> Actions {
    Actions::Continuous(host(actions))
}
