//! Hyper-parameters of hybrid reasoning.

use agents::language::{model::ModelConfig, rollout::RolloutConfig, supervised::adamw, tuning::Tuning};
use learn::optim::AdamSettings;
use run::Method;
use settings::{Choice, Config, Refusal};

use super::Hrpo;

/// What the model reads in place of a token that it drew while thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Reading {
    /// The token's embedding and the thinking state, mixed by the gate: the method.
    #[default]
    Gated,
    /// The token's embedding alone, without a gate: the same reinforcement of plain text.
    Tokens,
    /// The thinking state alone.
    Latent,
}

/// How far the gate is open at the start. Every dimension of an embedding keeps a share of it that is
/// drawn between these ends, to the power of a number between 0 and 1 that depends on the token.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::order)]
pub struct GateConfig {
    /// Least share, above 0.
    #[setting(0.99, above = 0, below = 1)]
    pub r_min: f64,
    /// Largest share, below 1.
    #[setting(0.999, above = 0, below = 1)]
    pub r_max: f64,
}

impl GateConfig {
    fn order(&self) -> Result<(), Refusal> {
        match self.r_min <= self.r_max {
            true => Ok(()),
            false => {
                Err(Refusal::new("r_min", self.r_min, format!("at most `.r_max`, which is {}", self.r_max)))
            }
        }
    }
}

/// How the policy and its gate are improved: one step per batch of answers.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct HybridUpdateConfig {
    /// AdamW's step size of the model.
    #[setting(1e-4, above = 0)]
    pub learning_rate: f64,
    /// That of the gate's two linear maps, some 10 to 20 times as large.
    #[setting(1e-3, above = 0)]
    pub maps_rate: f64,
    /// That of the gate's openness, some 100 to 200 times as large: with the model's it stays shut.
    #[setting(1e-2, above = 0)]
    pub openness_rate: f64,
    /// AdamW's weight decay, of all but biases and scales of normalisations.
    #[setting(0.0, min = 0)]
    pub weight_decay: f64,
    /// Limit of the global gradient norm.
    #[setting(1.0, above = 0)]
    pub gradient_clip: f32,
    /// Weight of the divergence from the model at the start, which reads plain tokens.
    #[setting(0.005, min = 0)]
    pub beta: f64,
}

impl HybridUpdateConfig {
    /// The optimiser's settings at one of the step sizes.
    pub fn adam(&self, rate: f64) -> AdamSettings {
        adamw(rate, self.weight_decay)
    }
}

/// Hyper-parameters of HRPO.
///
/// The values for models of 1.5 and 3 billion parameters; 8 prompts an update are ours.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct HrpoConfig {
    /// The model, its answers and its scores; the thinking state is made at the temperature of the answers
    /// everywhere.
    #[setting(
        flatten,
        paper = Tuning {
            model: ModelConfig { context: 2_048, lora_rank: 32, lora_alpha: 64.0, ..ModelConfig::default() },
            rollout: RolloutConfig { prompts: 8, group: 4, temperature: 0.5, max_new: 1_024 },
            ..Tuning::default()
        },
    )]
    pub tuning: Tuning,
    /// What is read while thinking: `gated`, `tokens` or `latent`.
    #[setting(Reading::default())]
    pub reading: Reading,
    /// How far the gate is open at the start.
    #[setting(group)]
    pub gate: GateConfig,
    /// How policy and gate are improved.
    #[setting(
        group,
        paper = HybridUpdateConfig {
            learning_rate: 5e-6,
            maps_rate: 1e-4,
            openness_rate: 1e-3,
            weight_decay: 0.1,
            ..HybridUpdateConfig::default()
        },
    )]
    pub update: HybridUpdateConfig,
}

impl HrpoConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        self.tuning.compared_by(Hrpo::CARD.id)
    }
}
