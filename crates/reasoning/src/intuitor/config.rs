//! Hyper-parameters of Intuitor.

use agents::language::{
    base::BaseConfig,
    evaluation::EvaluationConfig,
    group::{AdvantageConfig, UpdateConfig},
    model::ModelConfig,
    rollout::RolloutConfig,
    tuner::Tuner,
};
use settings::{Choice, Config};

use super::{Intuitor, certainty::Over};

/// What an answer is rewarded for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Reward {
    /// Self-certainty.
    #[default]
    SelfCertainty,
    /// Nothing: N(0, 1), a control.
    Random,
    /// Being right, which is another method: refused.
    Gold,
}

/// The model that scores answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Annotator {
    /// The policy that drew them.
    #[default]
    Online,
    /// The model at the start, the ablation: the policy learns to write what that one finds easy.
    FrozenBase,
}

/// How the step size goes over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// It falls to 0 along half a cosine.
    Cosine,
}

/// Hyper-parameters of Intuitor.
///
/// The paper's values for 1.5 and 3 billion parameters.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct IntuitorConfig {
    /// Shape of the embedded model.
    #[setting(group, paper = ModelConfig { context: 4_096, ..ModelConfig::default() })]
    pub model: ModelConfig,
    /// How the embedded model is trained beforehand.
    #[setting(group, laptop = BaseConfig { accuracy: 0.4, ..BaseConfig::default() }, paper = BaseConfig { accuracy: 0.4, ..BaseConfig::default() })]
    pub base: BaseConfig,
    /// How training problems are answered.
    #[setting(group, paper = RolloutConfig { prompts: 128, group: 7, temperature: 0.9, max_new: 3_072 })]
    pub rollout: RolloutConfig,
    /// What an answer is rewarded for: `self-certainty` or `random`.
    #[setting(Reward::SelfCertainty)]
    pub reward: Reward,
    /// Who scores: `online`, the policy itself, or `frozen-base`.
    #[setting(Annotator::Online)]
    pub annotator: Annotator,
    /// Tokens over which the uniform distribution lies: the `vocabulary`, or the `support` that worked
    /// solutions use.
    #[setting(Over::Vocabulary)]
    pub over: Over,
    /// Share of empty answers in a batch above which the run ends.
    #[setting(0.2)]
    pub empty_limit: f64,
    /// Training prompts on which the reward's agreement with correctness is measured before the first
    /// update; 0 for none.
    #[setting(64)]
    pub probe: usize,
    /// How rewards become advantages.
    #[setting(group, paper = AdvantageConfig::default())]
    pub advantage: AdvantageConfig,
    /// How the policy is improved.
    #[setting(group, laptop = UpdateConfig { learning_rate: 1e-4, beta: 0.005, ..UpdateConfig::default() }, paper = UpdateConfig { learning_rate: 3e-6, ..Self::default().update })]
    pub update: UpdateConfig,
    /// How the step size goes: `constant` or `cosine`.
    #[setting(Schedule::Constant, paper = Schedule::Cosine)]
    pub schedule: Schedule,
    /// Share of the run over which the step size rises from 0.
    #[setting(0.0, paper = 0.1)]
    pub warm_up: f64,
    /// How the model is scored.
    #[setting(group, paper = EvaluationConfig::default())]
    pub evaluation: EvaluationConfig,
}

impl IntuitorConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        self.model.validate()?;
        self.base.validate()?;
        self.rollout.validate_group(Intuitor::CARD.id)?;
        if self.reward == Reward::Gold {
            return Err(
                "`reward` is gold: `intuitor` learns without labels, which serve its evaluation only; \
                 to be rewarded for right answers use `grpo`"
                    .to_owned(),
            );
        }
        for (name, share) in [("empty_limit", self.empty_limit), ("warm_up", self.warm_up)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(format!("`{name}` is {share}: it must be between 0 and 1"));
            }
        }
        self.update.validate()?;
        self.evaluation.validate()
    }
}

impl IntuitorConfig {
    /// The step size of an update in a run of `total`.
    pub fn rate(&self, step: u64, total: u64) -> f64 {
        let total = total.max(1) as f64;
        let rise = self.warm_up * total;
        let done = step as f64;
        let factor = if done + 1.0 <= rise {
            (done + 1.0) / rise
        } else {
            match self.schedule {
                Schedule::Constant => 1.0,
                Schedule::Cosine => {
                    let share = ((done - rise) / (total - rise).max(1.0)).clamp(0.0, 1.0);
                    0.5 * (1.0 + (std::f64::consts::PI * share).cos())
                }
            }
        };
        factor * self.update.learning_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_size_rises_and_falls() {
        let mut config =
            IntuitorConfig { schedule: Schedule::Cosine, warm_up: 0.1, ..IntuitorConfig::default() };
        config.update.learning_rate = 2.0;
        // 10 updates up, 90 down; half way down it is half.
        let rate = |step| config.rate(step, 100);
        assert!((rate(0) - 0.2).abs() < 1e-12 && (rate(9) - 2.0).abs() < 1e-12);
        assert!((rate(10) - 2.0).abs() < 1e-12 && (rate(55) - 1.0).abs() < 1e-12);
        assert!(rate(99) < 0.01 && rate(1_000) == 0.0);
        config.schedule = Schedule::Constant;
        assert_eq!(config.rate(99, 100), 2.0);
    }
}
