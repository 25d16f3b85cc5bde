//! Hyper-parameters of the deep form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How transitions are collected once the first random ones are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Collect {
    /// Independent uniform actions.
    Random,
    /// Actions that change slowly: normal with deviation 0.6 and correlation 0.9, clipped.
    #[default]
    Smooth,
    /// The policy with the goals of the world.
    Policy,
}

/// Hyper-parameters of the deep form.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeepConfig {
    /// Discount of the future.
    pub gamma: f64,
    /// World that transitions are collected in, with the observations, goals and actions of the
    /// run's; empty for the run's own.
    pub data_world: String,
    /// How transitions are collected: `random`, `smooth` or `policy`.
    pub collect: Collect,
    /// Copies of the world that act at once.
    pub worlds: usize,
    /// Transitions before learning begins; until then a collecting policy acts smoothly.
    pub start_steps: u64,
    /// Gradient updates per transition.
    pub updates: usize,
    /// Transitions of an update, and candidates of its contrasts.
    pub batch: usize,
    /// Transitions that the replay memory holds.
    pub capacity: usize,
    /// Adam's step size of the critic.
    pub learning_rate: f64,
    /// Adam's step size of the actor.
    pub actor_learning_rate: f64,
    /// Share of the critic that flows into its target copy per update.
    pub tau: f64,
    /// Widths of the hidden layers of actor and critic.
    pub hidden: Vec<usize>,
    /// Width of the embeddings whose inner product is the critic.
    pub embedding: usize,
    /// Whether embeddings are divided by their norms.
    pub normalise: bool,
    /// Divides the logits of normalised embeddings.
    pub temperature: f64,
    /// Share of imitating the data's actions in the actor's loss, 0 to 1; above 0 for data of
    /// actions that are worth it.
    pub imitation: f64,
    /// Which elements of an observation a goal speaks of; empty for what the world says.
    pub goal_map: Vec<usize>,
}

impl Default for DeepConfig {
    fn default() -> Self {
        Self {
            gamma: 0.99,
            data_world: String::new(),
            collect: Collect::Smooth,
            worlds: 1,
            start_steps: 1_000,
            updates: 1,
            batch: 128,
            capacity: 100_000,
            learning_rate: 1e-3,
            actor_learning_rate: 3e-4,
            tau: 0.01,
            hidden: vec![128, 128],
            embedding: 16,
            normalise: true,
            temperature: 0.1,
            imitation: 0.0,
            goal_map: Vec::new(),
        }
    }
}

impl DeepConfig {
    /// The values of the authors' program for its online experiments.
    pub(in super::super) fn paper() -> Self {
        Self {
            collect: Collect::Policy,
            start_steps: 10_000,
            batch: 256,
            capacity: 1_000_000,
            learning_rate: 3e-4,
            actor_learning_rate: 5e-5,
            tau: 0.005,
            hidden: vec![512; 4],
            temperature: 1.0,
            ..Self::default()
        }
    }

    pub(in super::super) fn validate(&self) -> std::result::Result<(), String> {
        if self.worlds == 0 || self.updates == 0 || self.embedding == 0 {
            return Err("`deep.worlds`, `deep.updates` and `deep.embedding` must be at least 1".to_owned());
        }
        if [self.learning_rate, self.actor_learning_rate, self.temperature].iter().any(|rate| *rate <= 0.0) {
            return Err(
                "`deep.learning_rate`, `deep.actor_learning_rate` and `deep.temperature` must be above 0"
                    .to_owned(),
            );
        }
        if !(self.tau > 0.0 && self.tau <= 1.0 && (0.0..=1.0).contains(&self.imitation)) {
            return Err(
                "`deep.tau` must be above 0 and at most 1, and `deep.imitation` between 0 and 1".to_owned()
            );
        }
        Ok(())
    }
}
