//! Hyper-parameters of Rainbow.

use learn::{schedule::Schedule, td::Support};
use settings::Config;

use crate::value_agent::config::{Copies, ValueAgentConfig, ValueSettings};

/// Hyper-parameters of Rainbow.
///
/// The values of the paper's table 1 (in frames of the agent, of four frames of the emulator
/// each); the gradient's limit is that of the dueling network it builds on.
#[derive(Clone, Debug, Config)]
pub struct RainbowConfig {
    /// The agent, with the extensions that it shares with DQN's options; it has no layers of its own
    /// before the head.
    #[setting(flatten, laptop = laptop(), paper = paper())]
    pub agent: ValueAgentConfig,
    /// Grid of returns: `low` and `high` must enclose the discounted returns, `atoms` lie between.
    #[setting(group)]
    pub support: Support,
    /// Whether the head's layers have learned noise, which explores in place of random actions.
    #[setting(true)]
    pub noisy: bool,
    /// Initial scale of that noise.
    #[setting(0.5, min = 0.0)]
    pub noise_scale: f64,
}

fn laptop() -> ValueAgentConfig {
    ValueAgentConfig {
        copies: Copies { updates: 2, ..Copies::default() },
        values: ValueSettings {
            learning_starts: 1_600,
            batch: 32,
            epsilon: Schedule::Constant(0.0),
            target_every: 500,
            learning_rate: 2.5e-4,
            adam_epsilon: 1.5e-4,
            ..ValueSettings::default()
        },
        n_step: 3,
        double: true,
        dueling: true,
        prioritised: true,
        priority_exponent: 0.5,
        ..ValueAgentConfig::default()
    }
}

fn paper() -> ValueAgentConfig {
    ValueAgentConfig {
        values: ValueSettings {
            learning_starts: 20_000,
            epsilon: Schedule::Constant(0.0),
            target_every: 2_000,
            learning_rate: 6.25e-5,
            adam_epsilon: 1.5e-4,
            gradient_clip: 10.0,
            ..ValueSettings::paper()
        },
        n_step: 3,
        double: true,
        dueling: true,
        prioritised: true,
        priority_exponent: 0.5,
        ..ValueAgentConfig::paper()
    }
}
