//! Hyper-parameters of RENT.

use learn::language::Reduction;
use run::Config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        base::BaseConfig,
        evaluation::EvaluationConfig,
        group::{AdvantageConfig, UpdateConfig},
        model::ModelConfig,
        rollout::RolloutConfig,
        tuner::Tuner,
    },
    Rent,
    reward::Subset,
};

/// What an answer is rewarded for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reward {
    /// Confidence, and a little for the form.
    #[default]
    Confidence,
    /// The form alone, a control.
    Format,
    /// Nothing: N(0, 1), a control.
    Random,
}

/// How entropy is brought down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Confident answers become likelier than others to the same prompt.
    #[default]
    Reinforce,
    /// All answers become more certain: the gradient of entropy itself, another method.
    Direct,
}

/// Which prompts are answered in training. None of them brings a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// New ones every time, and the model is scored on others.
    #[default]
    Inductive,
    /// A fixed pool, on which the model is scored besides (`eval/pool_*`): it adapts to what it is to
    /// answer, as the paper's models do on all sets but GSM8K.
    Transductive,
}

/// Hyper-parameters of RENT.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RentConfig {
    /// Shape of the embedded model.
    pub model: ModelConfig,
    /// How the embedded model is trained beforehand.
    pub base: BaseConfig,
    /// How training problems are answered.
    pub rollout: RolloutConfig,
    /// What an answer is rewarded for: `confidence`, `format` or `random`.
    pub reward: Reward,
    /// `reinforce`, or `direct` for the gradient of entropy itself.
    pub objective: Objective,
    /// Tokens whose entropy counts: `last-chunk`, `first-chunk`, `answer` or `all`.
    pub subset: Subset,
    /// Share of an answer's tokens that is a chunk.
    pub chunk: f64,
    /// Weight of confidence in the reward.
    pub confidence: f64,
    /// Weight of the form: one marker, a readable answer behind it, and an end.
    pub format: f64,
    /// Prompts of training: `inductive` or `transductive`.
    pub setting: Setting,
    /// Number of prompts that a transductive run adapts to.
    pub pool: usize,
    /// Training prompts on which the reward's agreement with correctness is measured before the first
    /// update; 0 for none.
    pub probe: usize,
    /// How rewards become advantages.
    pub advantage: AdvantageConfig,
    /// How the policy is improved.
    pub update: UpdateConfig,
    /// How the model is scored.
    pub evaluation: EvaluationConfig,
}

impl Default for RentConfig {
    fn default() -> Self {
        Self {
            model: ModelConfig::default(),
            base: BaseConfig { temperature: 0.8, ..BaseConfig::default() },
            rollout: RolloutConfig::default(),
            reward: Reward::Confidence,
            objective: Objective::Reinforce,
            subset: Subset::LastChunk,
            chunk: 1.0 / 3.0,
            confidence: 1.0,
            format: 0.1,
            setting: Setting::Inductive,
            pool: 512,
            probe: 64,
            advantage: AdvantageConfig::default(),
            update: UpdateConfig {
                learning_rate: 1e-4,
                beta: 0.001,
                reduction: Reduction::Token,
                ..UpdateConfig::default()
            },
            evaluation: EvaluationConfig { samples: 8, temperature: 0.8, ..EvaluationConfig::default() },
        }
    }
}

impl Config for RentConfig {
    /// The paper's values for models of 1.5 to 7 billion parameters, those of its trainer where the
    /// paper is silent.
    fn paper() -> Self {
        let defaults = Self::default();
        Self {
            rollout: RolloutConfig { prompts: 64, group: 5, temperature: 1.0, max_new: 3_072 },
            setting: Setting::Transductive,
            model: ModelConfig { context: 4_096, ..ModelConfig::default() },
            update: UpdateConfig { learning_rate: 1e-6, weight_decay: 0.01, ..defaults.update },
            ..defaults
        }
    }

    fn validate(&self) -> std::result::Result<(), String> {
        self.model.validate()?;
        self.base.validate()?;
        self.rollout.validate_group(Rent::CARD.id)?;
        for (name, weight) in [("confidence", self.confidence), ("format", self.format)] {
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(format!(
                    "`{name}` is {weight}: it must be at least 0, or the opposite would be reinforced: \
                     a negative weight of confidence maximises entropy"
                ));
            }
        }
        if !(self.chunk > 0.0 && self.chunk <= 1.0) {
            return Err(format!("`chunk` is {}: it must be above 0 and at most 1", self.chunk));
        }
        if self.objective == Objective::Direct && self.reward != Reward::Confidence {
            return Err(
                "`objective` is direct: it has no reward but confidence, so leave `reward` as it is".into()
            );
        }
        if self.setting == Setting::Transductive && self.pool < self.rollout.prompts {
            return Err(format!(
                "`pool` is {}: it must be at least `rollout.prompts`, {}",
                self.pool, self.rollout.prompts
            ));
        }
        self.update.validate()?;
        self.evaluation.validate()
    }
}
