//! Group relative policy optimisation (Shao et al., 2024, arXiv 2402.03300).
//!
//! The model answers every prompt several times; answers that the verifier prefers to the others of
//! their group become likelier, and no value function is needed. The corrections of DAPO (Yu et al.,
//! 2025: clip-higher, mean over tokens) and of Dr. GRPO (Liu et al., 2025: no division by the deviation,
//! constant length) are options.

#[cfg(test)]
mod tests;

use run::{Card, Need, Primary, Progress, Result, Run, Task};
use settings::{Config, Refusal};

use super::{
    group::{AdvantageConfig, UpdateConfig, report},
    learner::Language,
    model::ModelConfig,
    rollout::RolloutConfig,
    tuner::Tuner,
    tuning::Tuning,
};

/// Hyper-parameters of GRPO.
///
/// The paper's values for 7 billion parameters: 16 prompts of 64 answers, one step on all of them.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct GrpoConfig {
    /// The model, its answers and its scores.
    #[setting(
        flatten,
        paper = Tuning {
            model: ModelConfig { context: 2_048, ..ModelConfig::default() },
            rollout: RolloutConfig { prompts: 16, group: 64, max_new: 1_024, ..RolloutConfig::default() },
            ..Tuning::default()
        },
    )]
    pub tuning: Tuning,
    /// Reward of a readable answer, right or not; a right one earns 1 besides.
    #[setting(0.0)]
    pub format_reward: f64,
    /// How rewards become advantages.
    #[setting(group)]
    pub advantage: AdvantageConfig,
    /// How the policy is improved.
    #[setting(group, paper = UpdateConfig { learning_rate: 1e-6, beta: 0.04, ..UpdateConfig::default() })]
    pub update: UpdateConfig,
}

impl GrpoConfig {
    fn combinations(&self) -> std::result::Result<(), Refusal> {
        self.tuning.compared_by(Grpo::CARD.id)
    }
}

/// Group relative policy optimisation.
pub struct Grpo {
    config: GrpoConfig,
    language: Language,
}

run::register!(crate::language::tuner::Tuned<Grpo>);

impl Tuner for Grpo {
    const CARD: Card = Card {
        id: "grpo",
        title: "DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models",
        paper: "Shao et al., 2024, arXiv 2402.03300",
        family: "reasoning",
        summary: "reinforces the answers of a language model that are better than others to the same prompt",
        needs: &[Need::Problems],
        metrics: &[
            "loss/policy",
            "train/accuracy",
            "diag/kl",
            "diag/entropy",
            "diag/clip_fraction",
            "diag/flat_groups",
            "diag/truncated",
            "diag/gradient_norm",
            "eval/*",
        ],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 600,
        instead: "`ppo`",
    };
    type Config = GrpoConfig;

    fn build(config: GrpoConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let language = config.tuning.language(&Self::CARD, config.update.adam(), task, run)?;
        Ok(Self { config, language })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let Self { config, language } = self;
        let rollouts = language.rollouts(&config.tuning.rollout, None, run)?;
        let format_reward = config.format_reward as f32;
        let rewards = rollouts.of(|answer| {
            let verdict = &answer.verdict;
            f32::from(u8::from(verdict.correct)) + format_reward * f32::from(u8::from(verdict.format))
        });
        report(&rollouts, &rewards, run)?;
        let advantages = config.advantage.advantages(&rewards, rollouts.group, run)?;
        let temperature = config.tuning.rollout.temperature;
        language.improve(&rollouts, &advantages.values, temperature, &config.update, run)?;
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    fn language(&self) -> &Language {
        &self.language
    }

    fn language_mut(&mut self) -> &mut Language {
        &mut self.language
    }
}
