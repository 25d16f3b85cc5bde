//! Hyper-parameters of hybrid reasoning.

use learn::optim::AdamSettings;
use run::{Config, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Hrpo, gate::GateConfig};
use crate::reasoning::{
    base::BaseConfig, evaluation::EvaluationConfig, model::ModelConfig, rollout::RolloutConfig,
    supervised::adamw,
};

/// What the model reads in place of a token that it drew while thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// The token's embedding and the thinking state, mixed by the gate: the method.
    #[default]
    Gated,
    /// The token's embedding alone, without a gate: the same reinforcement of plain text.
    Tokens,
    /// The thinking state alone.
    Latent,
}

/// How the policy and its gate are improved: one step per batch of answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HybridUpdateConfig {
    /// AdamW's step size of the model.
    pub learning_rate: f64,
    /// That of the gate's two linear maps, some 10 to 20 times as large.
    pub maps_rate: f64,
    /// That of the gate's openness, some 100 to 200 times as large: with the model's it stays shut.
    pub openness_rate: f64,
    /// AdamW's weight decay, of all but biases and scales of normalisations.
    pub weight_decay: f64,
    /// Limit of the global gradient norm.
    pub gradient_clip: f32,
    /// Weight of the divergence from the model at the start, which reads plain tokens.
    pub beta: f64,
}

impl Default for HybridUpdateConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-4,
            maps_rate: 1e-3,
            openness_rate: 1e-2,
            weight_decay: 0.0,
            gradient_clip: 1.0,
            beta: 0.005,
        }
    }
}

impl HybridUpdateConfig {
    fn validate(&self) -> std::result::Result<(), String> {
        let positive = [
            ("learning_rate", self.learning_rate),
            ("maps_rate", self.maps_rate),
            ("openness_rate", self.openness_rate),
            ("gradient_clip", f64::from(self.gradient_clip)),
        ];
        if let Some((name, value)) = positive.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            return Err(format!("`update.{name}` is {value}: it must be above 0"));
        }
        let at_least_0 = [("weight_decay", self.weight_decay), ("beta", self.beta)];
        match at_least_0.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            Some((name, value)) => Err(format!("`update.{name}` is {value}: it must be at least 0")),
            None => Ok(()),
        }
    }

    /// The optimiser's settings at one of the step sizes.
    pub fn adam(&self, rate: f64) -> AdamSettings {
        adamw(rate, self.weight_decay)
    }
}

/// Hyper-parameters of HRPO.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HrpoConfig {
    /// Shape of the embedded model.
    pub model: ModelConfig,
    /// How the embedded model is trained beforehand.
    pub base: BaseConfig,
    /// What is read while thinking: `gated`, `tokens` or `latent`.
    pub reading: Reading,
    /// How far the gate is open at the start.
    pub gate: GateConfig,
    /// How training problems are answered; the thinking state is made at this temperature everywhere.
    pub rollout: RolloutConfig,
    /// How policy and gate are improved.
    pub update: HybridUpdateConfig,
    /// How the model is scored.
    pub evaluation: EvaluationConfig,
}

impl Config for HrpoConfig {
    /// The values for models of 1.5 and 3 billion parameters; 8 prompts an update are ours.
    fn paper() -> Self {
        Self {
            rollout: RolloutConfig { prompts: 8, group: 4, temperature: 0.5, max_new: 1_024 },
            update: HybridUpdateConfig {
                learning_rate: 5e-6,
                maps_rate: 1e-4,
                openness_rate: 1e-3,
                weight_decay: 0.1,
                ..HybridUpdateConfig::default()
            },
            model: ModelConfig { context: 2_048, lora_rank: 32, lora_alpha: 64.0, ..ModelConfig::default() },
            ..Self::default()
        }
    }

    fn validate(&self) -> std::result::Result<(), String> {
        self.model.validate()?;
        self.base.validate()?;
        self.gate.validate()?;
        self.rollout.validate_group(Hrpo::CARD.id)?;
        self.update.validate()?;
        self.evaluation.validate()
    }
}
