//! Rainbow (Hessel et al., 2018, arXiv 1710.02298): the deep Q-network with six extensions.
//!
//! The network gives a distribution of returns on a fixed grid (C51; Bellemare et al., 2017) from
//! dueling streams of noisy layers, which explore in place of random actions; it is trained on
//! several-step returns from prioritised replay, with the online network choosing the next action
//! and the target network valuing it.

use learn::{optim::AdamSettings, schedule::Schedule, td::Support};
use nets::encoder::EncoderConfig;
use run::{
    ActionNeed, Card, Config, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run,
    Snapshot, Task, task::World,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    baseline::value_agent::{Priority, Settings, ValueAgent, checks, loss::Values},
    representation::{self, Plugged, self_predictive::PredictionSettings, spr::SprSettings},
};

/// Hyper-parameters of Rainbow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RainbowConfig {
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
    /// Discount per step.
    pub gamma: f64,
    /// Grid of returns: `low` and `high` must enclose the discounted returns, `atoms` lie between.
    pub support: Support,
    /// Probability of a random action besides the noisy layers' exploration: a number, or a line
    /// `from` `to` over `steps` environment steps.
    pub epsilon: Schedule,
    /// Whether the online network chooses the next action and the target network only values it.
    pub double: bool,
    /// Whether value and advantage have streams of their own.
    pub dueling: bool,
    /// Whether the head's layers have learned noise.
    pub noisy: bool,
    /// Initial scale of that noise.
    pub noise_scale: f64,
    /// Whether transitions are replayed by the divergence of their distribution from its target.
    pub prioritised: bool,
    /// Exponent of the priorities, alpha (omega in the paper); 0 is uniform.
    pub priority_exponent: f64,
    /// Exponent of the importance weights at the start, beta; it rises to 1 over the run.
    pub importance_exponent: f64,
    /// Whether rewards are cut to [-1, 1].
    pub clip_rewards: bool,
    /// Updates between steps of the target network; with `latent`, one.
    pub target_every: u64,
    /// Share of the online network in such a step: 1 copies it, less is Polyak averaging; with
    /// `latent`, the objective's.
    pub target_rate: f64,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Adam's epsilon.
    pub adam_epsilon: f64,
    /// Limit of the global gradient norm; 0 for none.
    pub gradient_clip: f32,
    /// Width of the hidden layer of each stream.
    pub hidden: usize,
    /// From observations to latents; `identity` stands for the usual convolutions where the world
    /// gives images.
    pub encoder: EncoderConfig,
    /// Representation objective that trains the encoder too: `none`, `spr` or `self-predictive`.
    pub latent: String,
    /// Settings of `spr`.
    pub spr: SprSettings,
    /// Settings of `self-predictive`.
    pub self_predictive: PredictionSettings,
}

impl Default for RainbowConfig {
    fn default() -> Self {
        Self {
            worlds: 8,
            learning_starts: 1_600,
            train_every: 8,
            updates: 2,
            batch: 32,
            capacity: 100_000,
            n_step: 3,
            gamma: 0.99,
            support: Support { low: -10.0, high: 10.0, atoms: 51 },
            epsilon: Schedule::Constant(0.0),
            double: true,
            dueling: true,
            noisy: true,
            noise_scale: 0.5,
            prioritised: true,
            priority_exponent: 0.5,
            importance_exponent: 0.4,
            clip_rewards: false,
            target_every: 500,
            target_rate: 1.0,
            learning_rate: 2.5e-4,
            adam_epsilon: 1.5e-4,
            gradient_clip: 10.0,
            hidden: 128,
            encoder: EncoderConfig::Identity,
            latent: representation::NONE.to_owned(),
            spr: SprSettings::default(),
            self_predictive: PredictionSettings::default(),
        }
    }
}

impl Config for RainbowConfig {
    /// The values of the paper's table 1 (in frames of the agent, of four frames of the emulator
    /// each); the gradient's limit is that of the dueling network it builds on.
    fn paper() -> Self {
        Self {
            worlds: 1,
            learning_starts: 20_000,
            train_every: 4,
            updates: 1,
            batch: 32,
            capacity: 1_000_000,
            clip_rewards: true,
            target_every: 2_000,
            learning_rate: 6.25e-5,
            hidden: 512,
            encoder: EncoderConfig::Nature,
            spr: SprSettings::paper(),
            self_predictive: PredictionSettings::paper(),
            ..Self::default()
        }
    }

    fn validate(&self) -> std::result::Result<(), String> {
        self.support.validate().map_err(|error| error.to_string())?;
        self.plugged().validate()?;
        checks::validate(&self.settings())
    }
}

impl RainbowConfig {
    fn plugged(&self) -> Plugged<'_> {
        Plugged { latent: &self.latent, spr: &self.spr, self_predictive: &self.self_predictive }
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
        let objective = self.plugged().build(&settings.adam, world, run)?;
        ValueAgent::new(settings, objective, world, run)
    }
}

/// Rainbow.
pub struct Rainbow {
    agent: ValueAgent,
}

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
