//! Intuitor (Zhao et al., 2025, arXiv 2505.19590).
//!
//! Reinforcement learning from internal feedback: the reward of an answer is its self-certainty, the
//! mean over its tokens of KL(uniform || p), p being what the model says the next token is. The
//! divergence in this direction is mode-seeking; in the other it would be the entropy that `rent`
//! uses. The policy scores its own answers as it is when it draws them, without gradient; everything
//! else is GRPO.

mod certainty;
mod config;

use agents::language::{
    confidence::{correlation, noise},
    group::report,
    language::{Language, Plan},
    rollout::Rollouts,
    supervised::Corpus,
    tuner::Tuner,
};
use run::{Card, Need, Primary, Progress, Result, Run, Task};

use self::certainty::{Certainty, check_empty, support};
pub use self::{
    certainty::Over,
    config::{Annotator, IntuitorConfig, Reward, Schedule},
};

/// Reinforcement learning from self-certainty.
pub struct Intuitor {
    config: IntuitorConfig,
    language: Language,
    /// 1 at the tokens that worked solutions are made of, `[V]`.
    support: Vec<f32>,
}

run::register!(agents::language::tuner::Tuned<Intuitor>);

impl Tuner for Intuitor {
    const CARD: Card = Card {
        id: "intuitor",
        title: "Learning to Reason without External Rewards",
        paper: "Zhao et al., 2025, arXiv 2505.19590",
        family: "reasoning",
        summary: "reinforces the answers of a language model by its own certainty, without labels",
        needs: &[Need::Problems],
        metrics: &[
            "loss/policy",
            "train/accuracy",
            "diag/self_certainty",
            "diag/self_certainty_support",
            "diag/top_probability",
            "diag/kl",
            "diag/entropy",
            "diag/correlation",
            "diag/start_correlation",
            "diag/start_correlation_*",
            "diag/unique_answers",
            "diag/empty",
            "diag/clip_fraction",
            "diag/flat_groups",
            "diag/truncated",
            "diag/gradient_norm",
            "eval/*",
        ],
        stages: &["main"],
        primary: Primary { metric: "eval/accuracy", higher_is_better: true },
        unit: "updates",
        steps: 100,
        instead: "`ppo`",
    };
    type Config = IntuitorConfig;

    fn build(config: IntuitorConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let plan = Plan {
            model: &config.model,
            base: Some(&config.base),
            adam: config.update.adam(),
            max_new: config.rollout.max_new,
            evaluation: &config.evaluation,
        };
        let language = Language::new(&Self::CARD, &plan, task, run)?;
        let (corpus, tokens) = (Corpus::of(&language.problems), language.reference.config().vocabulary);
        let support = support(&corpus, &language.codec, tokens, &mut run.derived("support", 0))?;
        Ok(Self { config, language, support })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        if run.steps() == 0 && self.config.probe > 0 {
            self.look_ahead(run)?;
        }
        let (config, temperature) = (&self.config, self.config.rollout.temperature);
        let rollouts = self.language.rollouts(&config.rollout, None, run)?;
        run.log("diag/empty", check_empty(&rollouts, config.empty_limit)?)?;
        let rewards = self.rewards(&rollouts, run)?;
        report(&rollouts, &rewards, run)?;
        self.language.watch(&rollouts, &rewards, temperature, config.update.beta, run)?;
        let advantages = config.advantage.advantages(&rewards, rollouts.group, run)?;
        self.language.policy.set_learning_rate(config.rate(run.steps(), run.total_steps()));
        self.language.improve(&rollouts, &advantages.values, temperature, &config.update, run)?;
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

impl Intuitor {
    /// What the annotator says of answers.
    fn certainty(&self, rollouts: &Rollouts) -> Result<Certainty> {
        let annotator = match self.config.annotator {
            Annotator::Online => self.language.policy.inference(),
            Annotator::FrozenBase => &self.language.reference,
        };
        Certainty::of(annotator, rollouts, &self.support)
    }

    /// The reward of each answer, with what the annotator says reported.
    fn rewards(&self, rollouts: &Rollouts, run: &mut Run) -> Result<Vec<f32>> {
        let found = self.certainty(rollouts)?;
        let rewards = match self.config.reward {
            Reward::Random => noise(rollouts.answers.len(), run.random("rewards")),
            Reward::SelfCertainty | Reward::Gold => found.rewards(self.config.over)?.to_vec(),
        };
        for (name, values) in [
            ("diag/self_certainty", &found.vocabulary),
            ("diag/self_certainty_support", &found.support),
            ("diag/top_probability", &found.top),
        ] {
            let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len().max(1) as f64;
            // Where logits were masked, the one over the vocabulary has no value.
            if mean.is_finite() {
                run.log(name, mean)?;
            }
        }
        Ok(rewards)
    }

    /// Reports how well certainty agrees with correctness before anything is learnt, over either set of
    /// tokens.
    fn look_ahead(&self, run: &mut Run) -> Result<()> {
        let rollouts = self.language.probe(self.config.probe, &self.config.rollout, run)?;
        let found = self.certainty(&rollouts)?;
        for (over, name) in [(Over::Vocabulary, "vocabulary"), (Over::Support, "support")] {
            let Some(value) = found.rewards(over).ok().and_then(|rewards| correlation(&rollouts, rewards))
            else {
                continue;
            };
            run.log(&format!("diag/start_correlation_{name}"), value)?;
            if over == self.config.over {
                run.log("diag/start_correlation", value)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
