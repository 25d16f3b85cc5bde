//! REINFORCE with a leave-one-out baseline (Ahmadian et al., 2024, arXiv 2402.14740).
//!
//! The baseline of an answer is the mean reward of the other answers to its prompt, and the gradient is
//! that of the whole answer's log-probability: no ratios, no clipping, one step per batch. The divergence
//! from the model at the start is part of the reward.

#[cfg(test)]
mod tests;

use burn::tensor::Tensor;
use learn::{
    language::{advantage, tokens::sequence_sum},
    policy_gradient,
};
use run::{Card, Need, Primary, Progress, Result, Run, RunError, Task};
use settings::{Config, Refusal};

use super::{
    group::{log_probs, reference_log_probs, report},
    learner::Language,
    rollout::{RolloutConfig, Rollouts},
    supervised::adamw,
    tuner::Tuner,
    tuning::Tuning,
};
use crate::update::update;

/// Hyper-parameters of RLOO.
///
/// The paper's values for summaries, of 128 prompts with 4 answers each.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct RlooConfig {
    /// The model, its answers and its scores.
    #[setting(
        flatten,
        paper = Tuning {
            rollout: RolloutConfig { prompts: 128, group: 4, ..RolloutConfig::default() },
            ..Tuning::default()
        },
    )]
    pub tuning: Tuning,
    /// Weight of the divergence from the model at the start, in the reward; below 0 the model would be
    /// driven away from it.
    #[setting(0.0, paper = 0.03, min = 0)]
    pub beta: f64,
    /// AdamW's step size.
    #[setting(3e-4, paper = 1e-6, above = 0)]
    pub learning_rate: f64,
    /// Limit of the global gradient norm.
    #[setting(1.0, above = 0)]
    pub gradient_clip: f32,
}

impl RlooConfig {
    fn combinations(&self) -> std::result::Result<(), Refusal> {
        self.tuning.compared_by(Rloo::CARD.id)
    }
}

/// REINFORCE with a leave-one-out baseline.
pub struct Rloo {
    config: RlooConfig,
    language: Language,
}

run::register!(crate::language::tuner::Tuned<Rloo>);

impl Tuner for Rloo {
    const CARD: Card = Card {
        id: "rloo",
        title: "Back to Basics: Revisiting REINFORCE Style Optimization for Learning from Human Feedback in LLMs",
        paper: "Ahmadian et al., 2024, arXiv 2402.14740",
        family: "reasoning",
        summary: "reinforces whole answers of a language model against the mean of the others to the same prompt",
        needs: &[Need::Problems],
        metrics: &[
            "loss/policy",
            "train/accuracy",
            "diag/kl",
            "diag/entropy",
            "diag/flat_groups",
            "diag/truncated",
            "diag/gradient_norm",
            "eval/*",
        ],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 200,
        instead: "`ppo`",
    };
    type Config = RlooConfig;

    fn build(config: RlooConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let adam = adamw(config.learning_rate, 0.0);
        let language = config.tuning.language(&Self::CARD, adam, task, run)?;
        Ok(Self { config, language })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let rollouts = self.language.rollouts(&self.config.tuning.rollout, None, run)?;
        let mut rewards = rollouts.correct();
        report(&rollouts, &rewards, run)?;
        if self.config.beta > 0.0 {
            self.charge(&rollouts, &mut rewards, run)?;
        }
        let found = advantage::rloo(&rewards, rollouts.group).map_err(RunError::part)?;
        run.log("diag/flat_groups", found.flat as f64 / found.groups.max(1) as f64)?;
        self.improve(&rollouts, &found.values, run)?;
        run.count_updates("policy", 1);
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

impl Rloo {
    /// Subtracts the divergence of every answer from its reward (equation 2).
    fn charge(&self, rollouts: &Rollouts, rewards: &mut [f32], run: &mut Run) -> Result<()> {
        let temperature = self.config.tuning.rollout.temperature;
        let reference = reference_log_probs(&self.language.reference, rollouts, temperature)?;
        let (mut sum, mut tokens) = (0.0, 0);
        for ((answer, reference), reward) in rollouts.answers.iter().zip(&reference).zip(rewards) {
            let divergence: f32 =
                answer.log_probs.iter().zip(reference).map(|(own, other)| own - other).sum();
            *reward -= self.config.beta as f32 * divergence;
            sum += f64::from(divergence);
            tokens += reference.len();
        }
        run.log("diag/kl", sum / tokens.max(1) as f64)
    }

    /// One step along the score of the whole answers.
    fn improve(&mut self, rollouts: &Rollouts, advantages: &[f32], run: &mut Run) -> Result<()> {
        let all: Vec<usize> = (0..rollouts.answers.len()).collect();
        let batch = rollouts.batch(&all);
        let policy = &mut self.language.policy;
        let log_prob = log_probs(policy.module(), &batch, self.config.tuning.rollout.temperature)?;
        let device = log_prob.device();
        let advantage = Tensor::<1>::from_data(advantages, &device);
        let loss = policy_gradient::score(sequence_sum(log_prob, batch.mask(&device)), advantage).mean();
        let clip = Some(self.config.gradient_clip);
        let done = update(run, "policy", loss, &mut [policy], clip)?;
        run.log("loss/policy", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }
}
