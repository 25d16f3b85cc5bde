//! Hyper-parameters of proximal policy optimisation.

use learn::{intrinsic::Bonus, normalise::Divisor};
use nets::encoder::EncoderConfig;
use run::RunError;
use settings::{Config, Refusal};
use worlds::Spec;

use super::{Objective, recurrence::RecurrentSettings, rollout::Channel};

/// Hyper-parameters of PPO.
///
/// The paper's values for continuous control (table 3).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct PpoConfig {
    /// Copies of the world that act at once.
    #[setting(4, paper = 1, min = 1)]
    pub worlds: usize,
    /// Steps of every copy between updates.
    #[setting(128, paper = 2048, min = 1)]
    pub rollout: usize,
    /// Passes over a rollout.
    #[setting(8, paper = 10, min = 1)]
    pub epochs: usize,
    /// Minibatches that a pass is cut into, at most `worlds` times `rollout`.
    #[setting(4, paper = 32, min = 1)]
    pub minibatches: usize,
    /// Adam's step size at the start.
    #[setting(1e-3, paper = 3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Whether the step size falls linearly to 0 over the run.
    #[setting(true, paper = false)]
    pub anneal: bool,
    /// Discount per step.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Decay of the generalised advantage estimate.
    #[setting(0.95, min = 0.0, max = 1.0)]
    pub lambda: f64,
    /// How far the probability ratio may leave 1 before its gradient is cut.
    #[setting(0.2, above = 0.0)]
    pub clip: f64,
    /// Weight of the value loss.
    #[setting(0.5)]
    pub value_coefficient: f64,
    /// Weight of the entropy bonus.
    #[setting(0.0)]
    pub entropy_coefficient: f64,
    /// Limit of the global gradient norm.
    #[setting(0.5, above = 0.0)]
    pub gradient_clip: f32,
    /// Whether advantages are standardised in every minibatch.
    #[setting(true)]
    pub normalise_advantages: bool,
    /// Whether vector observations are normalised by running statistics.
    #[setting(false, paper = true)]
    pub normalise_observations: bool,
    /// Whether rewards are divided by the running deviation of the return.
    #[setting(false, paper = true)]
    pub scale_rewards: bool,
    /// Weights of the world's reward channels, each of which has a value of its own; empty for the first
    /// channel alone.
    #[setting(Vec::new())]
    pub reward_weights: Vec<f32>,
    /// Intrinsic reward, which has a value of its own.
    #[setting(group)]
    pub bonus: Bonus,
    /// Widths of the hidden layers of actor and critic.
    #[setting([64, 64], min = 1)]
    pub hidden: Vec<usize>,
    /// What the policy remembers by.
    #[setting(group)]
    pub recurrent: RecurrentSettings,
    /// Fields besides the observation that the critic reads too, as `latentrl worlds <world>` names them:
    /// it learns while the world is at hand, the policy acts without them.
    #[setting(Vec::new())]
    pub critic_sees: Vec<String>,
    /// Whether the encoder keeps the weights that it begins with.
    #[setting(false)]
    pub frozen_encoder: bool,
    /// From observations to what actor and critic read; identity for vectors.
    #[setting(EncoderConfig::Identity)]
    pub encoder: EncoderConfig,
}

impl PpoConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let samples = self.worlds.saturating_mul(self.rollout);
        let chunk = self.recurrent.chunk;
        if self.recurrent.cell.is_some() {
            if !self.rollout.is_multiple_of(chunk) {
                let allowed = format!("a divisor of `.rollout` = {}", self.rollout);
                return Err(Refusal::new("recurrent.chunk", chunk, allowed));
            }
            if self.minibatches > samples / chunk {
                let sequences = samples / chunk;
                let allowed =
                    format!("at most the {sequences} sequences of `.recurrent.chunk` = {chunk} steps");
                return Err(Refusal::new("minibatches", self.minibatches, allowed));
            }
        }
        match self.minibatches <= samples {
            true => Ok(()),
            false => {
                let allowed = format!("at most `.worlds` x `.rollout` = {samples}");
                Err(Refusal::new("minibatches", self.minibatches, allowed))
            }
        }
    }

    /// How the rewards of a world count.
    ///
    /// # Errors
    /// There are more weights than the world has channels.
    pub(super) fn world_channels(&self, spec: &Spec) -> Result<Vec<Channel>, RunError> {
        let (given, known) = (self.reward_weights.len(), spec.rewards.len());
        if given > known {
            let (name, channels) = (&spec.name, spec.rewards.join(", "));
            return Err(RunError::Config(format!(
                "`reward_weights` has {given} weights: `{name}` has rewards of {known} channels ({channels})"
            )));
        }
        let weights = if given == 0 { &[1.0][..] } else { &self.reward_weights };
        Ok(weights.iter().map(|&weight| Channel { weight, ..Channel::reward(self.gamma) }).collect())
    }

    /// What is minimised on a minibatch.
    pub(super) fn objective(&self) -> Objective {
        Objective {
            clip: self.clip as f32,
            value_clip: None,
            value_coefficient: self.value_coefficient,
            entropy_coefficient: self.entropy_coefficient,
            gradient_clip: self.gradient_clip,
            standardise: self.normalise_advantages.then_some(Divisor::Population),
        }
    }
}
