//! Settings of the form with a network.

use learn::{optim::AdamSettings, schedule::Schedule};
use nets::encoder::EncoderConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::{positive, unit};

/// Settings of the form with a network.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeepSettings {
    /// Values enter logarithms from gamma^floor_steps on.
    pub floor_steps: f64,
    /// Share of the error that targets take over in ordinary space, in (0, 1]; 1 with
    /// `rates = "single"`.
    pub beta_reg: f64,
    /// Adam's step size at the start, which stands for beta_f; above 0 and at most 1.
    pub learning_rate: f64,
    /// Whether that step size falls linearly to 0 over the run.
    pub anneal: bool,
    /// Adam's epsilon.
    pub adam_epsilon: f64,
    /// Limit of the global gradient norm; 0 for none.
    pub gradient_clip: f32,
    /// Whether gradients that enter the encoder are divided by the root of the number of channels.
    pub scale_gradient: bool,
    /// Copies of the world that act at once.
    pub worlds: usize,
    /// Environment steps before the first update.
    pub learning_starts: u64,
    /// Environment steps, all copies together, per round of updates.
    pub train_every: u64,
    /// Updates per round.
    pub updates: usize,
    /// Transitions per update.
    pub batch: usize,
    /// Transitions that the replay keeps.
    pub capacity: usize,
    /// Steps of the return before it is bootstrapped, n.
    pub n_step: usize,
    /// Discount per step, in (0, 1).
    pub gamma: f64,
    /// Probability of a random action: a number, or a line `from` `to` over `steps` environment steps.
    pub epsilon: Schedule,
    /// Whether the reward of every channel is cut at 1.
    pub clip_rewards: bool,
    /// Updates between copies to the target network.
    pub target_every: u64,
    /// Width of the hidden layer below the channels' heads.
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for a layer-normalised perceptron where it gives vectors.
    pub encoder: EncoderConfig,
}

impl Default for DeepSettings {
    fn default() -> Self {
        Self {
            floor_steps: 100.0,
            beta_reg: 0.1,
            learning_rate: 5e-4,
            anneal: true,
            adam_epsilon: 1e-8,
            gradient_clip: 10.0,
            scale_gradient: false,
            worlds: 8,
            learning_starts: 1_000,
            train_every: 8,
            updates: 4,
            batch: 128,
            capacity: 100_000,
            n_step: 1,
            gamma: 0.96,
            epsilon: Schedule::linear(1.0, 0.05, 10_000),
            clip_rewards: true,
            target_every: 250,
            hidden: 128,
            encoder: EncoderConfig::Identity,
        }
    }
}

impl DeepSettings {
    /// The paper's values, in the agent's frames, with Adam where it has centred RMSProp of the same
    /// step size; Adam's epsilon is the root of RMSProp's, which stands under the root.
    pub fn paper() -> Self {
        Self {
            learning_rate: 2.5e-3,
            anneal: false,
            adam_epsilon: 1e-5_f64.sqrt(),
            gradient_clip: 0.0,
            worlds: 1,
            learning_starts: 20_000,
            train_every: 4,
            updates: 1,
            batch: 32,
            capacity: 1_000_000,
            epsilon: Schedule::linear(1.0, 0.01, 250_000),
            target_every: 2_000,
            hidden: 512,
            encoder: EncoderConfig::Nature,
            ..Self::default()
        }
    }

    /// Checks ranges and combinations.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    pub fn validate(&self) -> std::result::Result<(), String> {
        let at_least_one = [
            ("worlds", self.worlds as u64),
            ("train_every", self.train_every),
            ("updates", self.updates as u64),
            ("batch", self.batch as u64),
            ("n_step", self.n_step as u64),
            ("hidden", self.hidden as u64),
            ("target_every", self.target_every),
        ];
        if let Some((name, _)) = at_least_one.iter().find(|(_, value)| *value == 0) {
            return Err(format!("`deep.{name}` is 0: it must be at least 1"));
        }
        positive("deep.floor_steps", self.floor_steps)?;
        unit("deep.beta_reg", self.beta_reg)?;
        unit("deep.learning_rate", self.learning_rate)?;
        if !(self.gamma > 0.0 && self.gamma < 1.0) {
            return Err(format!("`deep.gamma` is {}: it must be above 0 and below 1", self.gamma));
        }
        let clip = self.gradient_clip;
        if !(clip.is_finite() && clip >= 0.0) {
            return Err(format!("`deep.gradient_clip` is {clip}: it must be above 0, or 0 for no limit"));
        }
        let epsilon = self.epsilon.validate("deep.epsilon", 0.0, 1.0, "between 0 and 1");
        epsilon.map_err(|error| error.to_string())?;
        self.adam().validate().map_err(|error| error.to_string())
    }

    /// The optimiser.
    pub(super) fn adam(&self) -> AdamSettings {
        AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon)
    }
}
