//! Settings of the form with networks.

use learn::{optim::AdamSettings, schedule::Schedule};
use nets::encoder::EncoderConfig;
use settings::Config;

/// Settings of the form with networks.
///
/// The usual values of categorical agents on Atari games (Bellemare et al., 2017).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DeepSettings {
    /// Steps per agent before the first update.
    #[setting(500, paper = 50_000)]
    pub learning_starts: u64,
    /// Steps per agent between its updates.
    #[setting(4)]
    pub train_every: u64,
    /// Transitions per update of an agent.
    #[setting(32)]
    pub batch: usize,
    /// Transitions that the replay keeps per agent.
    #[setting(50_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Probability of a random action: a number, or a line `from` `to` over `steps` steps per agent.
    #[setting(Schedule::linear(1.0, 0.01, 5_000), paper = Schedule::linear(1.0, 0.01, 250_000), min = 0.0, max = 1.0)]
    pub epsilon: Schedule,
    /// Steps per agent between copies of the target networks.
    #[setting(500, paper = 8_000)]
    pub target_every: u64,
    /// Adam's step size.
    #[setting(5e-4, paper = 2.5e-4)]
    pub learning_rate: f64,
    /// Adam's epsilon.
    #[setting(3.1e-4)]
    pub adam_epsilon: f64,
    /// Limit of the global gradient norm of an agent; 0 for none.
    #[setting(10.0, paper = 0.0)]
    pub gradient_clip: f32,
    /// Width of the hidden layer between latent and distributions, and of the layer before it where
    /// the world gives vectors and `encoder` is `identity`.
    #[setting(64, paper = 512)]
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for one rectified layer where it gives vectors.
    #[setting(EncoderConfig::Identity, paper = EncoderConfig::Nature)]
    pub encoder: EncoderConfig,
}

impl DeepSettings {
    /// Checks ranges.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    fn combinations(&self) -> Result<(), String> {
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
        self.adam().validate()
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
