//! Hyper-parameters of both forms.

use agents::{
    baseline::dqn::DqnConfig,
    table::Form,
    value_agent::config::{Copies, ValueAgentConfig, ValueSettings},
};
use learn::objective::Latent;
use settings::{Choice, Config};

use super::{SelfPrediction, tabular::TabularSettings};

/// What the latents of a window predict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Prediction {
    /// Nothing: the agent's networks are those of the others, its loss is its own alone.
    None,
    /// The latents of later steps.
    Forward,
    /// Those, and from the last latent the earlier ones.
    #[default]
    Bidirectional,
}

/// Hyper-parameters of the objective: of the size of the paper's networks on images.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct PredictionSettings {
    /// `bidirectional`, `forward`, or `none` to compare with the agent's own loss alone.
    #[setting(Prediction::Bidirectional)]
    pub direction: Prediction,
    /// Predicted steps, K; 1 is what the theory is about, and the cost grows with it.
    #[setting(1, paper = 5, min = 1)]
    pub steps: usize,
    /// Weight of each direction's loss beside the value loss.
    #[setting(1.0, min = 0.0)]
    pub weight: f64,
    /// Channels (or features) between a transition model's two layers.
    #[setting(16, paper = 64, min = 1)]
    pub hidden: usize,
    /// Width of the head's output in which latents are compared.
    #[setting(64, paper = 256, min = 1)]
    pub width: usize,
    /// Share of the online encoder that flows into the target encoder at every update.
    #[setting(0.01, above = 0.0, max = 1.0)]
    pub target_rate: f64,
    /// Step size of the predictors over that of the encoder: above 1 is the fast time scale that
    /// keeps the representation from collapse.
    #[setting(5.0, above = 0.0)]
    pub predictor_speed: f64,
}

/// Hyper-parameters of self-predictive learning.
///
/// The tabular settings are those of the paper's small experiments; the agent is DQN with its
/// paper's values in place of an agent for many worlds.
#[derive(Clone, Debug, Config)]
pub struct SelfPredictiveConfig {
    /// `tabular`: exact dynamics of a representation of a table's states, in iterations; `deep`: an
    /// agent with the objective, in environment steps; `auto`: the first where the world's table is
    /// known.
    #[setting(Form::Auto)]
    pub variant: Form,
    /// Settings of `tabular`.
    #[setting(group, paper = TabularSettings::default())]
    pub tabular: TabularSettings,
    /// Settings of `deep`: DQN's.
    #[setting(
        group,
        laptop = DqnConfig { agent: laptop(), ..DqnConfig::default() },
        paper = DqnConfig { agent: paper(), ..DqnConfig::paper() }
    )]
    pub deep: DqnConfig,
}

fn laptop() -> ValueAgentConfig {
    ValueAgentConfig {
        copies: Copies { updates: 2, ..Copies::default() },
        values: ValueSettings { batch: 32, ..ValueSettings::default() },
        latent: Latent::of::<SelfPrediction>(&PredictionSettings::default()),
        ..ValueAgentConfig::default()
    }
}

fn paper() -> ValueAgentConfig {
    let latent = Latent::of::<SelfPrediction>(&PredictionSettings::paper());
    ValueAgentConfig { latent, ..ValueAgentConfig::paper() }
}
