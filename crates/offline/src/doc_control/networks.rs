//! The networks of the deep form.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use nets::{
    NetsError,
    attention::BlockConfig,
    distribution::DiagonalGaussian,
    heads::{GaussianHead, LogStd},
    mlp::{Activation, Mlp, MlpConfig},
    tanh,
    trajectory::{Positions, Trajectory, TrajectoryConfig, Window, read},
};
use rand_chacha::ChaCha8Rng;

use super::DeepConfig;

/// Place of the state among the tokens (reward, state, action) of a step.
pub const STATE: usize = 1;
/// Place of the action.
pub const ACTION: usize = 2;

/// Logarithms of the standard deviations of codes stay within these bounds.
const LOG_STD: LogStd = LogStd::Clamp { low: -5.0, high: 2.0 };

/// What the networks read and give.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Numbers of an observation.
    pub input: usize,
    /// Numbers of an action token.
    pub actions: usize,
    /// Whether actions are indices.
    pub discrete: bool,
    /// Most steps of an episode.
    pub longest: usize,
}

/// All networks, trained by one loss.
#[derive(Module, Debug)]
pub struct Networks {
    /// Reads the history for policy, value and energy.
    context: Trajectory,
    /// Reads the future.
    posterior: Trajectory,
    posterior_head: GaussianHead,
    /// Reads the history for the prior.
    prior: Trajectory,
    prior_head: GaussianHead,
    policy: Mlp,
    value: Mlp,
    /// From history, action and code to features.
    energy: Mlp,
    /// From reward and next state to features.
    outcome: Mlp,
    #[module(skip)]
    discrete: bool,
}

impl Networks {
    /// Draws all weights.
    ///
    /// # Errors
    /// A shape out of range.
    pub fn new(
        config: &DeepConfig,
        sizes: Sizes,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        let Sizes { input, actions, discrete, longest } = sizes;
        let (width, latent) = (config.width, config.latent);
        let shape = |causal| TrajectoryConfig {
            kinds: vec![1, input, actions],
            block: BlockConfig::new(width, config.heads).with_dropout(config.dropout),
            layers: config.layers,
            positions: Positions::PerStep { count: longest },
            causal,
        };
        let mlp = |input, output| MlpConfig::new(input, &[width], output).with_activation(Activation::Gelu);
        let linear = MlpConfig::new(width, &[], latent);
        Ok(Self {
            context: shape(true).init(device, random)?,
            posterior: shape(false).init(device, random)?,
            posterior_head: GaussianHead::new(&linear, LOG_STD, device, random),
            prior: shape(true).init(device, random)?,
            prior_head: GaussianHead::new(&linear, LOG_STD, device, random),
            policy: mlp(width + latent, actions).init(device, random),
            value: mlp(width + latent, 1).init(device, random),
            energy: mlp(width + latent, width).init(device, random),
            outcome: mlp(1 + input, width).init(device, random),
            discrete,
        })
    }

    /// `[B, T, width]` at states, where nothing of the step is known but the state and the reward that
    /// led to it, and at actions.
    pub fn history(&self, window: &Window, random: Option<&mut ChaCha8Rng>) -> (Tensor<3>, Tensor<3>) {
        let outputs = self.context.forward(window, random);
        (read(outputs.clone(), STATE), read(outputs, ACTION))
    }

    /// q(z | future), from the mean over the steps of what is read at their states.
    pub fn posterior(&self, future: &Window, random: Option<&mut ChaCha8Rng>) -> DiagonalGaussian {
        let outputs = read(self.posterior.forward(future, random), STATE);
        let [rows, _, width] = outputs.dims();
        let mask = future.mask.clone().unsqueeze_dim::<3>(2);
        let count = mask.clone().sum_dim(1).clamp_min(1.0);
        let mean = (outputs * mask).sum_dim(1) / count;
        self.posterior_head.forward(mean.reshape([rows, width]))
    }

    /// p(z | history), at the last state.
    pub fn prior(&self, history: &Window, random: Option<&mut ChaCha8Rng>) -> DiagonalGaussian {
        let outputs = read(self.prior.forward(history, random), STATE);
        let [rows, steps, width] = outputs.dims();
        self.prior_head.forward(outputs.narrow(1, steps - 1, 1).reshape([rows, width]))
    }

    /// `[N, actions]`: logits, or the mean of a normal distribution in (-1, 1), for histories
    /// `[N, width]` and codes `[N, latent]`.
    pub fn act(&self, history: Tensor<2>, code: Tensor<2>) -> Tensor<2> {
        let output = self.policy.forward(Tensor::cat(vec![history, code], 1));
        if self.discrete { output } else { tanh::tanh(output) }
    }

    /// `[N]`: scaled return to go.
    pub fn value(&self, history: Tensor<2>, code: Tensor<2>) -> Tensor<1> {
        self.value.forward(Tensor::cat(vec![history, code], 1)).squeeze_dim(1)
    }

    /// Features whose scaled inner products are the energy f(r, s', z, history): of histories at
    /// actions `[N, width]` with codes, and of rewards `[N, 1]` with next states.
    pub fn features(
        &self,
        history: Tensor<2>,
        code: Tensor<2>,
        reward: Tensor<2>,
        next: Tensor<2>,
    ) -> (Tensor<2>, Tensor<2>) {
        let one = self.energy.forward(Tensor::cat(vec![history, code], 1));
        let scale = (one.dims()[1] as f64).sqrt();
        (one.div_scalar(scale), self.outcome.forward(Tensor::cat(vec![reward, next], 1)))
    }
}
