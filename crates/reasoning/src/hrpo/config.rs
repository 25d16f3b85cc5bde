//! Hyper-parameters of hybrid reasoning.

use agents::language::{
    base::BaseConfig, evaluation::EvaluationConfig, model::ModelConfig, rollout::RolloutConfig,
    supervised::adamw,
};
use learn::optim::AdamSettings;
use run::Method;
use settings::{Choice, Config};

use super::{Hrpo, gate::GateConfig};

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

/// How the policy and its gate are improved: one step per batch of answers.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct HybridUpdateConfig {
    /// AdamW's step size of the model.
    #[setting(1e-4)]
    pub learning_rate: f64,
    /// That of the gate's two linear maps, some 10 to 20 times as large.
    #[setting(1e-3)]
    pub maps_rate: f64,
    /// That of the gate's openness, some 100 to 200 times as large: with the model's it stays shut.
    #[setting(1e-2)]
    pub openness_rate: f64,
    /// AdamW's weight decay, of all but biases and scales of normalisations.
    #[setting(0.0)]
    pub weight_decay: f64,
    /// Limit of the global gradient norm.
    #[setting(1.0)]
    pub gradient_clip: f32,
    /// Weight of the divergence from the model at the start, which reads plain tokens.
    #[setting(0.005)]
    pub beta: f64,
}

impl HybridUpdateConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
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
///
/// The values for models of 1.5 and 3 billion parameters; 8 prompts an update are ours.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct HrpoConfig {
    /// Shape of the embedded model.
    #[setting(group, paper = ModelConfig { context: 2_048, lora_rank: 32, lora_alpha: 64.0, ..ModelConfig::default() })]
    pub model: ModelConfig,
    /// How the embedded model is trained beforehand.
    #[setting(group, paper = BaseConfig::default())]
    pub base: BaseConfig,
    /// What is read while thinking: `gated`, `tokens` or `latent`.
    #[setting(Reading::default())]
    pub reading: Reading,
    /// How far the gate is open at the start.
    #[setting(group, paper = GateConfig::default())]
    pub gate: GateConfig,
    /// How training problems are answered; the thinking state is made at this temperature everywhere.
    #[setting(group, paper = RolloutConfig { prompts: 8, group: 4, temperature: 0.5, max_new: 1_024 })]
    pub rollout: RolloutConfig,
    /// How policy and gate are improved.
    #[setting(group, paper = HybridUpdateConfig { learning_rate: 5e-6, maps_rate: 1e-4, openness_rate: 1e-3, weight_decay: 0.1, ..HybridUpdateConfig::default() })]
    pub update: HybridUpdateConfig,
    /// How the model is scored.
    #[setting(group, paper = EvaluationConfig::default())]
    pub evaluation: EvaluationConfig,
}

impl HrpoConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        self.model.validate()?;
        self.base.validate()?;
        self.gate.validate()?;
        self.rollout.validate_group(Hrpo::CARD.id)?;
        self.update.validate()?;
        self.evaluation.validate()
    }
}
