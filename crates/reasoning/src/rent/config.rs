//! Hyper-parameters of RENT.

use agents::language::{
    base::BaseConfig,
    evaluation::EvaluationConfig,
    group::{AdvantageConfig, UpdateConfig},
    model::ModelConfig,
    rollout::RolloutConfig,
    tuner::Tuner,
    tuning::Tuning,
};
use learn::language::Reduction;
use settings::{Choice, Config, Refusal};

use super::{Rent, Subset};

/// What an answer is rewarded for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Objective {
    /// Confident answers become likelier than others to the same prompt.
    #[default]
    Reinforce,
    /// All answers become more certain: the gradient of entropy itself, another method.
    Direct,
}

/// Which prompts are answered in training. None of them brings a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Setting {
    /// New ones every time, and the model is scored on others.
    #[default]
    Inductive,
    /// A fixed pool, on which the model is scored besides (`eval/pool_*`): it adapts to what it is to
    /// answer, as the paper's models do on all sets but GSM8K.
    Transductive,
}

/// Hyper-parameters of RENT.
///
/// The paper's values for models of 1.5 to 7 billion parameters, those of its trainer where the
/// paper is silent.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct RentConfig {
    /// The model, its answers and its scores.
    #[setting(
        flatten,
        laptop = Tuning {
            base: BaseConfig { temperature: 0.8, ..BaseConfig::default() },
            evaluation: EvaluationConfig { samples: 8, temperature: 0.8, ..EvaluationConfig::default() },
            ..Tuning::default()
        },
        paper = Tuning {
            model: ModelConfig { context: 4_096, ..ModelConfig::default() },
            rollout: RolloutConfig { prompts: 64, group: 5, max_new: 3_072, ..RolloutConfig::default() },
            ..Self::default().tuning
        },
    )]
    pub tuning: Tuning,
    /// What an answer is rewarded for: `confidence`, `format` or `random`.
    #[setting(Reward::Confidence)]
    pub reward: Reward,
    /// `reinforce`, or `direct` for the gradient of entropy itself.
    #[setting(Objective::Reinforce)]
    pub objective: Objective,
    /// Tokens whose entropy counts: `last-chunk`, `first-chunk`, `answer` or `all`.
    #[setting(Subset::LastChunk)]
    pub subset: Subset,
    /// Share of an answer's tokens that is a chunk.
    #[setting(1.0 / 3.0, above = 0, max = 1)]
    pub chunk: f64,
    /// Weight of confidence in the reward; a negative one would maximise entropy.
    #[setting(1.0, min = 0)]
    pub confidence: f64,
    /// Weight of the form: one marker, a readable answer behind it, and an end.
    #[setting(0.1, min = 0)]
    pub format: f64,
    /// Prompts of training: `inductive` or `transductive`.
    #[setting(Setting::Inductive, paper = Setting::Transductive)]
    pub setting: Setting,
    /// Number of prompts that a transductive run adapts to.
    #[setting(512)]
    pub pool: usize,
    /// Training prompts on which the reward's agreement with correctness is measured before the first
    /// update; 0 for none.
    #[setting(64)]
    pub probe: usize,
    /// How rewards become advantages.
    #[setting(group)]
    pub advantage: AdvantageConfig,
    /// How the policy is improved.
    #[setting(
        group,
        laptop = UpdateConfig { beta: 0.001, reduction: Reduction::Token, ..UpdateConfig::default() },
        paper = UpdateConfig { learning_rate: 1e-6, weight_decay: 0.01, ..Self::default().update },
    )]
    pub update: UpdateConfig,
}

impl RentConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        self.tuning.compared_by(Rent::CARD.id)?;
        if self.objective == Objective::Direct && self.reward != Reward::Confidence {
            let why = "it has no reward but confidence, so leave `.reward` as it is";
            return Err(Refusal::saying("objective", self.objective.name(), why));
        }
        let prompts = self.tuning.rollout.prompts;
        if self.setting == Setting::Transductive && self.pool < prompts {
            return Err(Refusal::new("pool", self.pool, format!("at least `.rollout.prompts`, {prompts}")));
        }
        Ok(())
    }
}
