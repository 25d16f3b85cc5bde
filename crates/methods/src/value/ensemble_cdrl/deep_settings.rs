//! Settings of the form with networks.

use learn::{optim::AdamSettings, schedule::Schedule};
use nets::encoder::EncoderConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the form with networks.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeepSettings {
    /// Steps per agent before the first update.
    pub learning_starts: u64,
    /// Steps per agent between its updates.
    pub train_every: u64,
    /// Transitions per update of an agent.
    pub batch: usize,
    /// Transitions that the replay keeps per agent.
    pub capacity: usize,
    /// Discount per step.
    pub gamma: f64,
    /// Probability of a random action: a number, or a line `from` `to` over `steps` steps per agent.
    pub epsilon: Schedule,
    /// Steps per agent between copies of the target networks.
    pub target_every: u64,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Adam's epsilon.
    pub adam_epsilon: f64,
    /// Limit of the global gradient norm of an agent; 0 for none.
    pub gradient_clip: f32,
    /// Width of the hidden layer between latent and distributions, and of the layer before it where
    /// the world gives vectors and `encoder` is `identity`.
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for one rectified layer where it gives vectors.
    pub encoder: EncoderConfig,
}

impl Default for DeepSettings {
    fn default() -> Self {
        Self {
            learning_starts: 500,
            train_every: 4,
            batch: 32,
            capacity: 50_000,
            gamma: 0.99,
            epsilon: Schedule::linear(1.0, 0.01, 5_000),
            target_every: 500,
            learning_rate: 5e-4,
            adam_epsilon: 3.1e-4,
            gradient_clip: 10.0,
            hidden: 64,
            encoder: EncoderConfig::Identity,
        }
    }
}

impl DeepSettings {
    /// The usual values of categorical agents on Atari games (Bellemare et al., 2017).
    pub fn paper() -> Self {
        Self {
            learning_starts: 50_000,
            capacity: 1_000_000,
            epsilon: Schedule::linear(1.0, 0.01, 250_000),
            target_every: 8_000,
            learning_rate: 2.5e-4,
            gradient_clip: 0.0,
            hidden: 512,
            encoder: EncoderConfig::Nature,
            ..Self::default()
        }
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    pub fn validate(&self) -> Result<(), String> {
        let at_least_one = [
            ("train_every", self.train_every),
            ("batch", self.batch as u64),
            ("target_every", self.target_every),
            ("hidden", self.hidden as u64),
        ];
        for (name, value) in at_least_one {
            if value == 0 {
                return Err(format!("`deep.{name}` is 0: it must be at least 1"));
            }
        }
        if self.capacity < 2 {
            return Err(format!("`deep.capacity` is {}: it must be at least 2", self.capacity));
        }
        if !(0.0..=1.0).contains(&self.gamma) {
            return Err(format!("`deep.gamma` is {}: it must be between 0 and 1", self.gamma));
        }
        if !(self.gradient_clip.is_finite() && self.gradient_clip >= 0.0) {
            return Err(format!(
                "`deep.gradient_clip` is {}: it must be above 0, or 0 for no limit",
                self.gradient_clip
            ));
        }
        if self.learning_rate.is_nan() || self.learning_rate <= 0.0 {
            return Err(format!("`deep.learning_rate` is {}: it must be above 0", self.learning_rate));
        }
        let epsilon = self.epsilon.validate("deep.epsilon", 0.0, 1.0, "between 0 and 1");
        epsilon.and_then(|()| self.adam().validate()).map_err(|error| error.to_string())
    }

    /// The optimiser.
    pub(super) fn adam(&self) -> AdamSettings {
        AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon)
    }

    /// The encoder for observations that are images or not.
    pub(super) fn encoder(&self, images: bool) -> EncoderConfig {
        match &self.encoder {
            EncoderConfig::Identity if !images => EncoderConfig::Mlp {
                hidden: Vec::new(),
                output: self.hidden,
                activation: Default::default(),
                norm: Default::default(),
                init: nets::init::Init::FanIn,
                flatten: false,
            },
            encoder => encoder.clone(),
        }
    }
}
