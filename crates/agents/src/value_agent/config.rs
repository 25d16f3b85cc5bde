//! Hyper-parameters that agents with values of discrete actions share.

use learn::{intrinsic::Bonus, objective::Latent, optim::AdamSettings, schedule::Schedule};
use nets::encoder::EncoderConfig;
use settings::{Config, Refusal};

use crate::exploration;

/// How any of them acts, remembers and learns. The values are DQN's.
#[derive(Clone, Debug, Config)]
pub struct ValueSettings {
    /// Steps before the first update, in the method's unit.
    #[setting(1_000, paper = 50_000)]
    pub learning_starts: u64,
    /// Steps per round of updates, in the method's unit: all copies together, or each agent's own.
    #[setting(8, paper = 4, min = 1)]
    pub train_every: u64,
    /// Transitions per update.
    #[setting(128, paper = 32, min = 1)]
    pub batch: usize,
    /// Transitions that the replay keeps, of several agents for each.
    #[setting(100_000, paper = 1_000_000, min = 2)]
    pub capacity: usize,
    /// Discount per step.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Probability of a random action, besides whatever else explores: a number, or a line `from`
    /// `to` over `steps` steps in the method's unit.
    #[setting(
        Schedule::linear(1.0, 0.05, 10_000),
        paper = Schedule::linear(1.0, 0.1, 1_000_000),
        min = 0.0,
        max = 1.0
    )]
    pub epsilon: Schedule,
    /// Updates between steps of the target network, or steps of each of several agents; with an
    /// objective in `latent`, one.
    #[setting(250, paper = 10_000, min = 1)]
    pub target_every: u64,
    /// Adam's step size, at the start.
    #[setting(5e-4, paper = 2.5e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Adam's epsilon.
    #[setting(1e-8, above = 0.0)]
    pub adam_epsilon: f64,
    /// Limit of the gradient norm of each network; 0 for none.
    #[setting(10.0, paper = 0.0, min = 0.0)]
    pub gradient_clip: f32,
    /// Width of the hidden layer between latent and values, and of the layers before it where the
    /// world gives vectors and `encoder` is `identity`.
    #[setting(128, paper = 512, min = 1)]
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for the method's own layers where it gives vectors.
    #[setting(EncoderConfig::Identity, paper = EncoderConfig::Nature)]
    pub encoder: EncoderConfig,
}

impl ValueSettings {
    /// The optimiser.
    pub fn adam(&self) -> AdamSettings {
        AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon)
    }

    /// Limit of the gradient norm, if there is one.
    pub fn clip(&self) -> Option<f32> {
        (self.gradient_clip != 0.0).then_some(self.gradient_clip)
    }
}

/// How many worlds a single learner acts in, and how often it learns from them.
#[derive(Clone, Debug, Config)]
pub struct Copies {
    /// Copies of the world that act at once.
    #[setting(8, paper = 1, min = 1)]
    pub worlds: usize,
    /// Updates per round.
    #[setting(4, paper = 1, min = 1)]
    pub updates: usize,
}

/// What DQN and Rainbow are told: the parts of Rainbow that are options of both. The values are DQN's.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct ValueAgentConfig {
    /// Where it acts.
    #[setting(flatten)]
    pub copies: Copies,
    /// How it acts, remembers and learns.
    #[setting(flatten)]
    pub values: ValueSettings,
    /// Steps of the return before it is bootstrapped, n.
    #[setting(1, min = 1)]
    pub n_step: usize,
    /// Whether the online network chooses the next action and the target network only values it.
    #[setting(true, paper = false)]
    pub double: bool,
    /// Whether value and advantage have streams of their own.
    #[setting(false)]
    pub dueling: bool,
    /// Whether transitions are replayed by the size of their error.
    #[setting(false)]
    pub prioritised: bool,
    /// Exponent of the priorities, alpha (omega in Rainbow's paper); 0 is uniform.
    #[setting(0.6, min = 0.0, max = 1.0)]
    pub priority_exponent: f64,
    /// Exponent of the importance weights at the start, beta; it rises to 1 over the run.
    #[setting(0.4, min = 0.0, max = 1.0)]
    pub importance_exponent: f64,
    /// Whether rewards are cut to [-1, 1].
    #[setting(false, paper = true)]
    pub clip_rewards: bool,
    /// Share of the online network in a step of the target network: 1 copies it, less is Polyak
    /// averaging; with `latent`, the objective's.
    #[setting(1.0, above = 0.0, max = 1.0)]
    pub target_rate: f64,
    /// Representation objective that trains the encoder too.
    #[setting(group)]
    pub latent: Latent,
    /// Intrinsic reward.
    #[setting(group)]
    pub bonus: Bonus,
}

impl ValueAgentConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        exploration::fits(&self.bonus, self.n_step)?;
        enough_room(self.values.capacity, self.copies.worlds, self.n_step, 0)
    }
}

/// Refuses a replay in which no copy's share holds returns of `steps` and windows of `window` steps.
///
/// # Errors
/// One sentence about `capacity`.
pub fn enough_room(capacity: usize, worlds: usize, steps: usize, window: usize) -> Result<(), Refusal> {
    let (length, needed) = (capacity / worlds.max(1), steps + window + 1);
    match length >= needed {
        true => Ok(()),
        false => Err(Refusal::saying(
            "capacity",
            capacity,
            format!(
                "it leaves each of {worlds} worlds {length} of the {needed} entries that windows of K = {window} \
                 steps with n = {steps} step returns need: raise it"
            ),
        )),
    }
}
