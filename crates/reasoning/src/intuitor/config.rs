//! Hyper-parameters of Intuitor.

use agents::language::{
    base::BaseConfig,
    group::{AdvantageConfig, UpdateConfig},
    model::ModelConfig,
    rollout::RolloutConfig,
    tuner::Tuner,
    tuning::Tuning,
};
use settings::{Choice, Config, Refusal};

use super::Intuitor;

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

/// The tokens over which the uniform distribution lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Over {
    /// All: the paper's. In a small vocabulary the mean of log-probabilities is ruled by tokens that are
    /// never used, so that the score can rise without the answer becoming surer.
    #[default]
    Vocabulary,
    /// Those that occur in worked solutions.
    Support,
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
    /// The model, its answers and its scores.
    #[setting(
        flatten,
        laptop = Tuning {
            base: BaseConfig { accuracy: 0.4, ..BaseConfig::default() },
            ..Tuning::default()
        },
        paper = Tuning {
            model: ModelConfig { context: 4_096, ..ModelConfig::default() },
            rollout: RolloutConfig { prompts: 128, group: 7, temperature: 0.9, max_new: 3_072 },
            ..Self::default().tuning
        },
    )]
    pub tuning: Tuning,
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
    #[setting(0.2, min = 0, max = 1)]
    pub empty_limit: f64,
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
        laptop = UpdateConfig { beta: 0.005, ..UpdateConfig::default() },
        paper = UpdateConfig { learning_rate: 3e-6, ..Self::default().update },
    )]
    pub update: UpdateConfig,
    /// How the step size goes: `constant` or `cosine`.
    #[setting(Schedule::Constant, paper = Schedule::Cosine)]
    pub schedule: Schedule,
    /// Share of the run over which the step size rises from 0.
    #[setting(0.0, paper = 0.1, min = 0, max = 1)]
    pub warm_up: f64,
}

impl IntuitorConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        self.tuning.compared_by(Intuitor::CARD.id)?;
        if self.reward == Reward::Gold {
            let why = "`intuitor` learns without labels, which serve its evaluation only; to be rewarded for right \
                       answers use `grpo`";
            return Err(Refusal::saying("reward", self.reward.name(), why));
        }
        Ok(())
    }

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
