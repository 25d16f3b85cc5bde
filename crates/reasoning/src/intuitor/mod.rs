//! Intuitor (Zhao et al., 2025, arXiv 2505.19590).
//!
//! Reinforcement learning from internal feedback: the reward of an answer is its self-certainty, the
//! mean over its tokens of KL(uniform || p), p being what the model says the next token is. The
//! divergence in this direction is mode-seeking; in the other it would be the entropy that `rent`
//! uses. The policy scores its own answers as it is when it draws them, without gradient; everything
//! else is GRPO.

mod config;
mod method;
#[cfg(test)]
mod tests;

use agents::language::{
    confidence::{correlation, noise},
    group::report,
    learner::Language,
    rollout::Rollouts,
};
use burn::tensor::Tensor;
use learn::language::tokens::{self_certainty, self_certainty_over, sequence_mean, top_probability};
use nets::{host, lm::Decoder};
use run::{Progress, Result, Run, RunError};

pub use self::config::{Annotator, IntuitorConfig, Over, Reward, Schedule};

/// Reinforcement learning from self-certainty.
pub struct Intuitor {
    config: IntuitorConfig,
    language: Language,
    /// 1 at the tokens that worked solutions are made of, `[V]`.
    support: Vec<f32>,
}

impl Intuitor {
    /// One update: answers are drawn, rewarded by self-certainty, compared, and learnt from.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        if run.steps() == 0 && self.config.probe > 0 {
            self.look_ahead(run)?;
        }
        let (config, temperature) = (&self.config, self.config.tuning.rollout.temperature);
        let rollouts = self.language.rollouts(&config.tuning.rollout, None, run)?;
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

    /// What the annotator says of answers.
    fn certainty(&self, rollouts: &Rollouts) -> Result<Certainty> {
        let annotator = match self.config.annotator {
            Annotator::Online => self.language.policy.inference(),
            Annotator::FrozenBase => &self.language.reference,
        };
        Certainty::of(annotator, rollouts, &self.support)
    }

    /// Reports how well certainty agrees with correctness before anything is learnt, over either set of
    /// tokens.
    fn look_ahead(&self, run: &mut Run) -> Result<()> {
        let rollouts = self.language.probe(self.config.probe, &self.config.tuning.rollout, run)?;
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

/// What a model's distributions say of each answer, means over its tokens.
#[derive(Clone, Debug, Default, PartialEq)]
struct Certainty {
    /// KL(uniform || p) = `-log V - (1 / V) sum of log p` over the whole vocabulary, in nats.
    vocabulary: Vec<f32>,
    /// The same over the tokens in use, of p restricted to them.
    support: Vec<f32>,
    /// Probability of the likeliest token.
    top: Vec<f32>,
}

impl Certainty {
    /// What `annotator` says of answers, from one pass with the answers given, at temperature 1.
    /// `support [V]` is 1 at the tokens in use.
    ///
    /// # Errors
    /// An answer is longer than the model's context.
    fn of(annotator: &Decoder, rollouts: &Rollouts, support: &[f32]) -> Result<Self> {
        let uniform = |tokens: f32| tokens.max(1.0).ln();
        let (all, used) = (uniform(support.len() as f32), uniform(support.iter().sum()));
        let mut found = Self::default();
        for piece in rollouts.pieces() {
            let batch = rollouts.batch(&piece);
            let logits = batch.logits(annotator)?;
            let device = logits.device();
            let mask = batch.mask(&device);
            let support = Tensor::<1>::from_data(support, &device);
            let mean = |values| host(sequence_mean(values, mask.clone()));
            found.vocabulary.extend(mean(self_certainty(logits.clone())).iter().map(|value| value - all));
            found
                .support
                .extend(mean(self_certainty_over(logits.clone(), support)).iter().map(|value| value - used));
            found.top.extend(mean(top_probability(logits)));
        }
        Ok(found)
    }

    /// The reward of each answer.
    ///
    /// # Errors
    /// One is not finite, as where logits were masked.
    fn rewards(&self, over: Over) -> Result<&[f32]> {
        let (rewards, cure) = match over {
            Over::Vocabulary => {
                (&self.vocabulary, "set over=support, which leaves out tokens that are never used")
            }
            Over::Support => (&self.support, "give logits of all tokens that solutions are made of"),
        };
        match rewards.iter().find(|reward| !reward.is_finite()) {
            None => Ok(rewards.as_slice()),
            Some(reward) => Err(RunError::Part(format!(
                "the self-certainty of an answer is {reward}, because some logits are not finite: it needs those of \
                 the whole vocabulary; {cure}"
            ))),
        }
    }
}

/// Refuses a batch in which more than the share `limit` of the answers are empty, which is where a score
/// of few tokens can end.
///
/// # Errors
/// There are more.
fn check_empty(rollouts: &Rollouts, limit: f64) -> Result<f64> {
    let empty = rollouts.answers.iter().filter(|answer| answer.ended && answer.ids.len() < 2).count();
    let share = empty as f64 / rollouts.answers.len().max(1) as f64;
    if share <= limit {
        return Ok(share);
    }
    Err(RunError::Part(format!(
        "{:.0} % of the answers are empty, which is the degenerate optimum of self-certainty: raise update.beta or \
         lower update.learning_rate; empty_limit says how many are allowed",
        100.0 * share
    )))
}
