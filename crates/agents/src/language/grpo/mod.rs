//! Group relative policy optimisation (Shao et al., 2024, arXiv 2402.03300).
//!
//! The model answers every prompt several times; answers that the verifier prefers to the others of
//! their group become likelier, and no value function is needed. The corrections of DAPO (Yu et al.,
//! 2025: clip-higher, mean over tokens) and of Dr. GRPO (Liu et al., 2025: no division by the deviation,
//! constant length) are options.

use run::{Card, Need, Primary, Progress, Result, Run, Task};
use settings::Config;

use super::{
    base::BaseConfig,
    evaluation::EvaluationConfig,
    group::{AdvantageConfig, UpdateConfig, report},
    language::{Language, Plan},
    model::ModelConfig,
    rollout::RolloutConfig,
    tuner::Tuner,
};

/// Hyper-parameters of GRPO.
///
/// The paper's values for 7 billion parameters: 16 prompts of 64 answers, one step on all of them.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct GrpoConfig {
    /// Shape of the embedded model.
    #[setting(group, paper = ModelConfig { context: 2_048, ..ModelConfig::default() })]
    pub model: ModelConfig,
    /// How the embedded model is trained beforehand.
    #[setting(group, paper = BaseConfig::default())]
    pub base: BaseConfig,
    /// How training problems are answered.
    #[setting(group, paper = RolloutConfig { prompts: 16, group: 64, temperature: 1.0, max_new: 1_024 })]
    pub rollout: RolloutConfig,
    /// Reward of a readable answer, right or not; a right one earns 1 besides.
    #[setting(0.0)]
    pub format_reward: f64,
    /// How rewards become advantages.
    #[setting(group, paper = AdvantageConfig::default())]
    pub advantage: AdvantageConfig,
    /// How the policy is improved.
    #[setting(group, paper = UpdateConfig { learning_rate: 1e-6, beta: 0.04, ..UpdateConfig::default() })]
    pub update: UpdateConfig,
    /// How the model is scored.
    #[setting(group, paper = EvaluationConfig::default())]
    pub evaluation: EvaluationConfig,
}

impl GrpoConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        self.model.validate()?;
        self.base.validate()?;
        self.rollout.validate_group(Grpo::CARD.id)?;
        if !self.format_reward.is_finite() {
            return Err(format!("`format_reward` is {}: it must be a number", self.format_reward));
        }
        self.update.validate()?;
        self.evaluation.validate()
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
        let plan = Plan {
            model: &config.model,
            base: Some(&config.base),
            adam: config.update.adam(),
            max_new: config.rollout.max_new,
            evaluation: &config.evaluation,
        };
        let language = Language::new(&Self::CARD, &plan, task, run)?;
        Ok(Self { config, language })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let Self { config, language } = self;
        let rollouts = language.rollouts(&config.rollout, None, run)?;
        let format_reward = config.format_reward as f32;
        let rewards = rollouts.of(|answer| {
            let verdict = &answer.verdict;
            f32::from(u8::from(verdict.correct)) + format_reward * f32::from(u8::from(verdict.format))
        });
        report(&rollouts, &rewards, run)?;
        let advantages = config.advantage.advantages(&rewards, config.rollout.group, run)?;
        language.improve(&rollouts, &advantages.values, config.rollout.temperature, &config.update, run)?;
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
