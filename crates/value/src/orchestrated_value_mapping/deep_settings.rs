//! Settings of the form with a network.

use learn::{optim::AdamSettings, schedule::Schedule};
use nets::encoder::EncoderConfig;
use settings::Config;

use super::checks::{positive, unit};

/// Settings of the form with a network.
///
/// The paper's values, in the agent's frames, with Adam where it has centred RMSProp of the same
/// step size; Adam's epsilon is the root of RMSProp's, which stands under the root.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DeepSettings {
    /// Values enter logarithms from gamma^floor_steps on.
    #[setting(100.0)]
    pub floor_steps: f64,
    /// Share of the error that targets take over in ordinary space, in (0, 1]; 1 with
    /// `rates = "single"`.
    #[setting(0.1)]
    pub beta_reg: f64,
    /// Adam's step size at the start, which stands for beta_f; above 0 and at most 1.
    #[setting(5e-4, paper = 2.5e-3)]
    pub learning_rate: f64,
    /// Whether that step size falls linearly to 0 over the run.
    #[setting(true, paper = false)]
    pub anneal: bool,
    /// Adam's epsilon.
    #[setting(1e-8, paper = 1e-5_f64.sqrt())]
    pub adam_epsilon: f64,
    /// Limit of the global gradient norm; 0 for none.
    #[setting(10.0, paper = 0.0)]
    pub gradient_clip: f32,
    /// Whether gradients that enter the encoder are divided by the root of the number of channels.
    #[setting(false)]
    pub scale_gradient: bool,
    /// Copies of the world that act at once.
    #[setting(8, paper = 1)]
    pub worlds: usize,
    /// Environment steps before the first update.
    #[setting(1_000, paper = 20_000)]
    pub learning_starts: u64,
    /// Environment steps, all copies together, per round of updates.
    #[setting(8, paper = 4)]
    pub train_every: u64,
    /// Updates per round.
    #[setting(4, paper = 1)]
    pub updates: usize,
    /// Transitions per update.
    #[setting(128, paper = 32)]
    pub batch: usize,
    /// Transitions that the replay keeps.
    #[setting(100_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Steps of the return before it is bootstrapped, n.
    #[setting(1)]
    pub n_step: usize,
    /// Discount per step, in (0, 1).
    #[setting(0.96)]
    pub gamma: f64,
    /// Probability of a random action: a number, or a line `from` `to` over `steps` environment steps.
    #[setting(Schedule::linear(1.0, 0.05, 10_000), paper = Schedule::linear(1.0, 0.01, 250_000), min = 0.0, max = 1.0)]
    pub epsilon: Schedule,
    /// Whether the reward of every channel is cut at 1.
    #[setting(true)]
    pub clip_rewards: bool,
    /// Updates between copies to the target network.
    #[setting(250, paper = 2_000)]
    pub target_every: u64,
    /// Width of the hidden layer below the channels' heads.
    #[setting(128, paper = 512)]
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for a layer-normalised perceptron where it gives vectors.
    #[setting(EncoderConfig::Identity, paper = EncoderConfig::Nature)]
    pub encoder: EncoderConfig,
}

impl DeepSettings {
    /// Checks ranges and combinations.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    fn combinations(&self) -> std::result::Result<(), String> {
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
        self.adam().validate()
    }

    /// The optimiser.
    pub(super) fn adam(&self) -> AdamSettings {
        AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon)
    }
}
