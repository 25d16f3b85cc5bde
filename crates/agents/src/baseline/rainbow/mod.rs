//! Rainbow (Hessel et al., 2018, arXiv 1710.02298): the deep Q-network with six extensions.
//!
//! The network gives a distribution of returns on a fixed grid (C51; Bellemare et al., 2017) from
//! dueling streams of noisy layers, which explore in place of random actions; it is trained on
//! several-step returns from prioritised replay, with the online network choosing the next action
//! and the target network valuing it.

use learn::{objective::Latent, optim::AdamSettings, schedule::Schedule, td::Support};
use nets::encoder::EncoderConfig;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, RunError,
    Snapshot, Task, task::World,
};
use settings::Config;

use crate::value_agent::{Priority, Settings, ValueAgent, checks, loss::Values};

/// Hyper-parameters of Rainbow.
///
/// The values of the paper's table 1 (in frames of the agent, of four frames of the emulator
/// each); the gradient's limit is that of the dueling network it builds on.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct RainbowConfig {
    /// Copies of the world that act at once.
    #[setting(8, paper = 1)]
    pub worlds: usize,
    /// Environment steps before the first update.
    #[setting(1_600, paper = 20_000)]
    pub learning_starts: u64,
    /// Environment steps, all copies together, per round of updates.
    #[setting(8, paper = 4)]
    pub train_every: u64,
    /// Updates per round.
    #[setting(2, paper = 1)]
    pub updates: usize,
    /// Transitions per update.
    #[setting(32)]
    pub batch: usize,
    /// Transitions that the replay keeps.
    #[setting(100_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Steps of the return before it is bootstrapped, n.
    #[setting(3)]
    pub n_step: usize,
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Grid of returns: `low` and `high` must enclose the discounted returns, `atoms` lie between.
    #[setting(group, laptop = Support { low: -10.0, high: 10.0, atoms: 51 }, paper = Support { low: -10.0, high: 10.0, atoms: 51 })]
    pub support: Support,
    /// Probability of a random action besides the noisy layers' exploration: a number, or a line
    /// `from` `to` over `steps` environment steps.
    #[setting(Schedule::Constant(0.0), min = 0.0, max = 1.0)]
    pub epsilon: Schedule,
    /// Whether the online network chooses the next action and the target network only values it.
    #[setting(true)]
    pub double: bool,
    /// Whether value and advantage have streams of their own.
    #[setting(true)]
    pub dueling: bool,
    /// Whether the head's layers have learned noise.
    #[setting(true)]
    pub noisy: bool,
    /// Initial scale of that noise.
    #[setting(0.5)]
    pub noise_scale: f64,
    /// Whether transitions are replayed by the divergence of their distribution from its target.
    #[setting(true)]
    pub prioritised: bool,
    /// Exponent of the priorities, alpha (omega in the paper); 0 is uniform.
    #[setting(0.5)]
    pub priority_exponent: f64,
    /// Exponent of the importance weights at the start, beta; it rises to 1 over the run.
    #[setting(0.4)]
    pub importance_exponent: f64,
    /// Whether rewards are cut to [-1, 1].
    #[setting(false, paper = true)]
    pub clip_rewards: bool,
    /// Updates between steps of the target network; with `latent`, one.
    #[setting(500, paper = 2_000)]
    pub target_every: u64,
    /// Share of the online network in such a step: 1 copies it, less is Polyak averaging; with
    /// `latent`, the objective's.
    #[setting(1.0)]
    pub target_rate: f64,
    /// Adam's step size.
    #[setting(2.5e-4, paper = 6.25e-5)]
    pub learning_rate: f64,
    /// Adam's epsilon.
    #[setting(1.5e-4)]
    pub adam_epsilon: f64,
    /// Limit of the global gradient norm; 0 for none.
    #[setting(10.0)]
    pub gradient_clip: f32,
    /// Width of the hidden layer of each stream.
    #[setting(128, paper = 512)]
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images.
    #[setting(EncoderConfig::Identity, paper = EncoderConfig::Nature)]
    pub encoder: EncoderConfig,
    /// Representation objective that trains the encoder too.
    #[setting(group)]
    pub latent: Latent,
}

impl RainbowConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        self.support.validate().map_err(|error| error.to_string())?;
        checks::validate(&self.settings())
    }
}

impl RainbowConfig {
    fn settings(&self) -> Settings {
        Settings {
            worlds: self.worlds,
            learning_starts: self.learning_starts,
            train_every: self.train_every,
            updates: self.updates,
            batch: self.batch,
            capacity: self.capacity,
            n_step: self.n_step,
            gamma: self.gamma,
            epsilon: self.epsilon,
            double: self.double,
            clip_rewards: self.clip_rewards,
            values: Values::Categorical(self.support),
            dueling: self.dueling,
            noisy: self.noisy.then_some(self.noise_scale),
            hidden: self.hidden,
            encoder: self.encoder.clone(),
            target_every: self.target_every,
            target_rate: self.target_rate,
            gradient_clip: checks::limit(self.gradient_clip),
            adam: AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon),
            anneal: false,
            priority: self.prioritised.then_some(Priority {
                exponent: self.priority_exponent,
                importance: self.importance_exponent,
            }),
        }
    }

    /// The agent these hyper-parameters describe.
    ///
    /// # Errors
    /// The objective, the encoder or the replay does not fit the world.
    pub fn agent(&self, world: &World, run: &mut Run) -> Result<ValueAgent> {
        let settings = self.settings();
        let objective = self.latent.build(&settings.adam).map_err(RunError::part)?;
        ValueAgent::new(settings, objective, world, run)
    }
}

/// Rainbow.
pub struct Rainbow {
    agent: ValueAgent,
}

run::register!(Rainbow);

impl Method for Rainbow {
    const CARD: Card = Card {
        id: "rainbow",
        title: "Rainbow: Combining Improvements in Deep Reinforcement Learning",
        paper: "Hessel et al., 2018, arXiv 1710.02298",
        family: "baseline",
        summary: "DQN with return distributions, noisy dueling streams, n-step returns and priorities",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &["loss/td", "diag/value", "diag/clipped", "diag/epsilon", "diag/gradient_norm"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 200_000,
        instead: "`sac` or `td3`",
    };
    type Config = RainbowConfig;

    fn build(config: RainbowConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        Ok(Self { agent: config.agent(world, run)? })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.agent.advance(run)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(self.agent.policy())
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.agent.load(snapshot)
    }
}

#[cfg(test)]
mod tests;
