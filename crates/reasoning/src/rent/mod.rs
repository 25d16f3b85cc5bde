//! RENT, reinforcement learning via entropy minimisation (Prabhudesai et al., 2025, arXiv 2505.22660).
//!
//! No labels and no verifier: an answer is rewarded for the model's own confidence in it, minus the
//! mean entropy of the distributions from which its last tokens were drawn. Reinforced against the other
//! answers to the same prompt, reasoning that ends in a confident answer becomes likelier, which helps
//! as far as confidence and correctness agree inside a group. The entropies are those of the policy that
//! drew the answer, observed while it did, at temperature 1 over the whole vocabulary.

mod config;
mod method;
mod subset;

use std::ops::Range;

use agents::{
    language::{
        confidence::{correlation, noise},
        group::{reference_log_probs, report, scalar},
        learner::Language,
        rollout::{Answer, Rollouts, training},
    },
    update::update,
};
use learn::{
    language::{
        surrogate::kl,
        tokens::{entropies, token_log_probs},
    },
    reduce,
};
use rand::seq::index::sample;
use run::{Progress, Result, Run, RunError};
use worlds::text::Problem;

pub use self::{
    config::{Objective, RentConfig, Reward, Setting},
    subset::Subset,
};

/// Where the subset of tokens begins and ends in each answer that has one.
type Spans = Vec<Option<Range<usize>>>;

/// Reinforcement learning via entropy minimisation.
pub struct Rent {
    config: RentConfig,
    language: Language,
    /// What a transductive run adapts to; empty otherwise.
    pool: Vec<Problem>,
}

impl Rent {
    /// One update: answers are drawn, rewarded by the policy's own entropies, compared, and learnt from.
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        if run.steps() == 0 && self.config.probe > 0 {
            self.look_ahead(run)?;
        }
        let config = &self.config;
        let temperature = config.tuning.rollout.temperature;
        let given = self.prompts(run);
        let rollouts = self.language.answers(given, &config.tuning.rollout, None, run.random("policy"))?;
        let (rewards, spans) = self.rewards(&rollouts, run)?;
        report(&rollouts, &rewards, run)?;
        self.language.watch(&rollouts, &rewards, temperature, config.update.beta, run)?;
        match config.objective {
            Objective::Reinforce => {
                let advantages = config.advantage.advantages(&rewards, rollouts.group, run)?;
                self.language.improve(&rollouts, &advantages.values, temperature, &config.update, run)?;
            }
            Objective::Direct => self.minimise(&rollouts, &spans, run)?,
        }
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    /// Problems of an update; from the pool each at most once.
    fn prompts(&self, run: &mut Run) -> Vec<Problem> {
        let (count, random) = (self.config.tuning.rollout.prompts, run.random("problems"));
        match self.config.setting {
            Setting::Inductive => training(&self.language.problems, count, random),
            Setting::Transductive => {
                sample(random, self.pool.len(), count).iter().map(|index| self.pool[index].clone()).collect()
            }
        }
    }

    /// The reward of each answer, a constant of the update, and the tokens that it looks at.
    fn rewards(&self, rollouts: &Rollouts, run: &mut Run) -> Result<(Vec<f32>, Spans)> {
        let config = &self.config;
        let spans = self.spans(config.subset, rollouts)?;
        let rewards = match config.reward {
            Reward::Random => noise(rollouts.answers.len(), run.random("rewards")),
            Reward::Format => rollouts.of(|answer| f32::from(u8::from(answer.verdict.format))),
            Reward::Confidence => confidences(rollouts, &spans, [config.confidence, config.format])?,
        };
        Ok((rewards, spans))
    }

    /// The tokens of each answer that a subset chooses.
    fn spans(&self, subset: Subset, rollouts: &Rollouts) -> Result<Spans> {
        let (codec, marker) = (&self.language.codec, self.language.problems.world.marker());
        let span = |answer: &Answer| subset.of(answer, self.config.chunk, codec, marker);
        rollouts.answers.iter().map(span).collect()
    }

    /// The other way to minimise entropy: one step down the mean entropy of the tokens in `spans` itself,
    /// plus `β KL(π, π_ref)`. It makes all tokens of answers more certain, where the reward only makes
    /// certain answers likelier.
    ///
    /// # Errors
    /// The loss is not finite; nothing has changed then.
    fn minimise(&mut self, rollouts: &Rollouts, spans: &[Option<Range<usize>>], run: &mut Run) -> Result<()> {
        let Self { config, language, .. } = self;
        let temperature = config.tuning.rollout.temperature;
        let config = &config.update;
        let all: Vec<usize> = (0..rollouts.answers.len()).collect();
        let batch = rollouts.batch(&all);
        let reference = match config.beta > 0.0 {
            true => Some(reference_log_probs(&language.reference, rollouts, temperature)?),
            false => None,
        };
        let logits = batch.logits(language.policy.module())?;
        let device = logits.device();
        let chosen: Vec<Vec<f32>> = spans
            .iter()
            .zip(&rollouts.answers)
            .map(|(span, answer)| {
                let kept = |token| span.as_ref().is_some_and(|span| span.contains(&token));
                (0..answer.ids.len()).map(|token| f32::from(u8::from(kept(token)))).collect()
            })
            .collect();
        let mask = batch.spread(&batch.padded(chosen.iter().map(Vec::as_slice)), &device);
        let mut loss = reduce::per_sequence_mean(entropies(logits.clone()), mask);
        run.log("loss/entropy", scalar(loss.clone()))?;
        if let Some(reference) = reference {
            let reference = batch.spread(&batch.padded(reference.iter().map(Vec::as_slice)), &device);
            let log_prob = token_log_probs(logits.div_scalar(temperature as f32), batch.targets(&device));
            let divergence =
                reduce::masked_mean(kl(log_prob, reference, config.divergence), batch.mask(&device));
            run.log("diag/kl", scalar(divergence.clone()))?;
            loss = loss + divergence.mul_scalar(config.beta as f32);
        }
        let clip = Some(config.gradient_clip);
        let done = update(run, "policy", loss, &mut [&mut language.policy], clip)?;
        run.log("loss/policy", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))?;
        run.count_updates("policy", 1);
        Ok(())
    }

    /// Reports how well confidence in each subset agrees with correctness before anything is learnt.
    fn look_ahead(&self, run: &mut Run) -> Result<()> {
        let rollouts = self.language.probe(self.config.probe, &self.config.tuning.rollout, run)?;
        for (subset, name) in Subset::EVERY {
            let spans = self.spans(subset, &rollouts)?;
            // Where a subset is mostly undefined, there is nothing to compare.
            let Ok(rewards) = confidences(&rollouts, &spans, [1.0, 0.0]) else { continue };
            let Some(value) = correlation(&rollouts, &rewards) else { continue };
            run.log(&format!("diag/start_correlation_{name}"), value)?;
            if subset == self.config.subset {
                run.log("diag/start_correlation", value)?;
            }
        }
        Ok(())
    }
}

/// The confidence of some tokens S, `-(1 / |S|) sum of H(p_t)`. A sum would reward short answers.
fn confidence(entropies: &[f32], tokens: Range<usize>) -> f32 {
    let chosen = &entropies[tokens];
    let sum: f64 = chosen.iter().map(|entropy| f64::from(*entropy)).sum();
    -(sum / chosen.len().max(1) as f64) as f32
}

/// Confidence in the tokens of `spans` and the form of each answer, weighted.
fn confidences(
    rollouts: &Rollouts,
    spans: &[Option<Range<usize>>],
    [weight, format]: [f64; 2],
) -> Result<Vec<f32>> {
    let reward = |(answer, span): (&Answer, &Option<Range<usize>>)| {
        let form = format as f32 * f32::from(u8::from(answer.verdict.format));
        Some(weight as f32 * confidence(&answer.entropies, span.clone()?) + form)
    };
    let found: Vec<Option<f32>> = rollouts.answers.iter().zip(spans).map(reward).collect();
    let truncated: Vec<bool> = rollouts.answers.iter().map(|answer| !answer.ended).collect();
    settle(&found, &truncated, rollouts.group)
}

/// Rewards of a batch from those that are defined: where none is, the lowest of its group; and the
/// lowest of the batch for `truncated` answers, which have no end to be confident about.
///
/// # Errors
/// More than half are undefined.
fn settle(found: &[Option<f32>], truncated: &[bool], group: usize) -> Result<Vec<f32>> {
    let undefined = found.iter().filter(|reward| reward.is_none()).count();
    if 2 * undefined > found.len() {
        return Err(RunError::Part(format!(
            "{undefined} of {} answers have no marker, so that the confidence of the tokens behind it is undefined: \
             set subset=last-chunk, or start from a model that keeps the form",
            found.len()
        )));
    }
    let lowest = |rewards: &[Option<f32>]| rewards.iter().flatten().copied().reduce(f32::min);
    let of_batch = lowest(found).unwrap_or_default();
    let mut rewards = Vec::with_capacity(found.len());
    for (found, truncated) in found.chunks(group).zip(truncated.chunks(group)) {
        let of_group = lowest(found).unwrap_or(of_batch);
        rewards.extend(found.iter().zip(truncated).map(|(reward, truncated)| match truncated {
            true => of_batch,
            false => reward.unwrap_or(of_group),
        }));
    }
    Ok(rewards)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::small::{REINFORCED, SUMS, TINY};

    trials::small!("rent", SUMS, &[TINY, REINFORCED, &["probe=2"]]);
    trials::small!(
        "rent",
        SUMS,
        &[TINY, REINFORCED, &["probe=2", "objective=direct", "setting=transductive", "pool=9"]]
    );

    #[test]
    fn confidence_is_a_mean_and_no_sum() {
        let entropies = [1.0, 0.5, 0.25, 0.0, 0.5];
        assert_eq!(confidence(&entropies, 0..5), -0.45);
        assert_eq!(confidence(&entropies, 3..5), -0.25);
        assert_eq!(confidence(&entropies, 4..5), -0.5);
    }

    #[test]
    fn undefined_and_truncated_answers_get_the_lowest_reward() {
        let found = [Some(-0.1), None, Some(-0.3), Some(-0.2), Some(-0.9), Some(-0.4)];
        let whole = [false; 6];
        assert_eq!(settle(&found, &whole, 3).unwrap(), [-0.1, -0.3, -0.3, -0.2, -0.9, -0.4]);
        let mut cut = whole;
        cut[0] = true;
        cut[1] = true;
        assert_eq!(settle(&found, &cut, 3).unwrap(), [-0.9, -0.9, -0.3, -0.2, -0.9, -0.4]);
        // A whole group without a marker gets the lowest of the batch, so that it teaches nothing.
        let found = [None, None, Some(-0.3), Some(-0.2)];
        assert_eq!(settle(&found, &[false; 4], 2).unwrap(), [-0.3, -0.3, -0.3, -0.2]);
        let error = settle(&[None, None, Some(0.0)], &[false; 3], 3).unwrap_err().to_string();
        assert!(error.contains("2 of 3 answers have no marker"), "{error}");
    }
}
