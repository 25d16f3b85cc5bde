//! Deep Q-network (Mnih et al., 2015, "Human-level control through deep reinforcement learning").
//!
//! A network learns the value of every discrete action from replayed transitions, by one-step
//! targets from a copy of itself that is renewed now and then; it acts greedily but for a share of
//! random actions. Double Q-learning (van Hasselt et al., 2016), dueling streams (Wang et al.,
//! 2016), several-step returns and prioritised replay (Schaul et al., 2016) are options. The
//! optimiser is Adam where the paper uses RMSProp.

use learn::{objective::Latent, optim::AdamSettings, schedule::Schedule};
use nets::{encoder::EncoderConfig, init::Init, mlp::Norm};
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, RunError,
    Snapshot, Task, task::World,
};
use settings::Config;

use crate::value_agent::{Priority, Settings, ValueAgent, checks, loss::Values};

/// Hyper-parameters of DQN.
///
/// The values of the paper's extended data table 1 (in frames of the agent, of four frames of
/// the emulator each), with Adam at RMSProp's step size.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DqnConfig {
    /// Copies of the world that act at once.
    #[setting(8, paper = 1)]
    pub worlds: usize,
    /// Environment steps before the first update.
    #[setting(1_000, paper = 50_000)]
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
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Probability of a random action: a number, or a line `from` `to` over `steps` environment
    /// steps.
    #[setting(Schedule::linear(1.0, 0.05, 10_000), paper = Schedule::linear(1.0, 0.1, 1_000_000), min = 0.0, max = 1.0)]
    pub epsilon: Schedule,
    /// Whether the online network chooses the next action and the target network only values it.
    #[setting(true, paper = false)]
    pub double: bool,
    /// Whether value and advantage have streams of their own.
    #[setting(false)]
    pub dueling: bool,
    /// Whether transitions are replayed by the size of their error.
    #[setting(false)]
    pub prioritised: bool,
    /// Exponent of the priorities, alpha; 0 is uniform.
    #[setting(0.6)]
    pub priority_exponent: f64,
    /// Exponent of the importance weights at the start, beta; it rises to 1 over the run.
    #[setting(0.4)]
    pub importance_exponent: f64,
    /// Whether rewards are cut to [-1, 1].
    #[setting(false, paper = true)]
    pub clip_rewards: bool,
    /// Error at which the loss turns from square to linear; 0 for the squared error.
    #[setting(1.0)]
    pub huber: f32,
    /// Updates between steps of the target network; with `latent`, one.
    #[setting(250, paper = 10_000)]
    pub target_every: u64,
    /// Share of the online network in such a step: 1 copies it, less is Polyak averaging; with
    /// `latent`, the objective's.
    #[setting(1.0)]
    pub target_rate: f64,
    /// Adam's step size, at the start.
    #[setting(5e-4, paper = 2.5e-4)]
    pub learning_rate: f64,
    /// Whether that step size falls linearly to 0 over the run, which keeps the policy of the end
    /// steady; not the objective's of `latent`.
    #[setting(true, paper = false)]
    pub anneal: bool,
    /// Adam's epsilon.
    #[setting(1e-8)]
    pub adam_epsilon: f64,
    /// Limit of the global gradient norm; 0 for none.
    #[setting(10.0, paper = 0.0)]
    pub gradient_clip: f32,
    /// Width of the hidden layer between latent and values, and of the two layers before it where
    /// the world gives vectors and `encoder` is `identity`.
    #[setting(128, paper = 512)]
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images, and for a layer-normalised perceptron where it gives vectors.
    #[setting(EncoderConfig::Identity, paper = EncoderConfig::Nature)]
    pub encoder: EncoderConfig,
    /// Representation objective that trains the encoder too.
    #[setting(group)]
    pub latent: Latent,
}

impl DqnConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if !(self.huber.is_finite() && self.huber >= 0.0) {
            return Err(format!("`huber` is {}: it must be at least 0", self.huber));
        }
        checks::validate(&self.settings())
    }
}

impl DqnConfig {
    /// An agent of these hyper-parameters, for DQN and for methods that build on it.
    ///
    /// # Errors
    /// The objective, the encoder or the replay does not fit the world.
    pub fn agent(&self, world: &World, run: &mut Run) -> Result<ValueAgent> {
        let mut settings = self.settings();
        if settings.encoder == EncoderConfig::Identity && !world.images() {
            settings.encoder = layers(self.hidden);
        }
        let objective = self.latent.build(&settings.adam).map_err(RunError::part)?;
        ValueAgent::new(settings, objective, world, run)
    }

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
            values: Values::Scalar { delta: self.huber },
            dueling: self.dueling,
            noisy: None,
            hidden: self.hidden,
            encoder: self.encoder.clone(),
            target_every: self.target_every,
            target_rate: self.target_rate,
            gradient_clip: checks::limit(self.gradient_clip),
            adam: AdamSettings::new(self.learning_rate).with_epsilon(self.adam_epsilon),
            anneal: self.anneal,
            priority: self.prioritised.then_some(Priority {
                exponent: self.priority_exponent,
                importance: self.importance_exponent,
            }),
        }
    }
}

/// A normalised, rectified layer of this width and a linear one; the head adds its own. Without the
/// layer normalisation, values of long episodes grow past what any policy can earn in some seeds
/// (Gallici et al., 2024, prove why it steadies temporal-difference learning).
pub fn layers(width: usize) -> EncoderConfig {
    EncoderConfig::Mlp {
        hidden: vec![width],
        output: width,
        activation: Default::default(),
        norm: Norm::Layer,
        init: Init::FanIn,
        flatten: false,
    }
}

/// Deep Q-network.
pub struct Dqn {
    agent: ValueAgent,
}

run::register!(Dqn);

impl Method for Dqn {
    const CARD: Card = Card {
        id: "dqn",
        title: "Human-level control through deep reinforcement learning",
        paper: "Mnih et al., 2015, Nature 518",
        family: "baseline",
        summary: "values of discrete actions from replay, with a target network and epsilon-greedy acting",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &["loss/td", "diag/value", "diag/epsilon", "diag/gradient_norm"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 100_000,
        instead: "`sac` or `td3`",
    };
    type Config = DqnConfig;

    fn build(config: DqnConfig, task: &Task, run: &mut Run) -> Result<Self> {
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
