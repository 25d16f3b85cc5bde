//! What rewards without labels are watched by: whether they prefer right answers, how varied answers
//! are, how far the model has gone. Labels enter nothing else.

use std::collections::BTreeSet;

use learn::language::advantage::within_group_rank_correlation;
use nets::noise::normal_values;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run};

use super::{
    evaluation::result,
    group::reference_log_probs,
    learner::Language,
    rollout::{Answer, RolloutConfig, Rollouts, training},
};

/// Independent draws from N(0, 1): the reward that says nothing.
pub fn noise(count: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    normal_values(count, random).into_iter().map(|value| value as f32).collect()
}

/// Rank correlation of rewards with correctness inside groups; nothing if no group varies in both.
pub fn correlation(rollouts: &Rollouts, rewards: &[f32]) -> Option<f64> {
    within_group_rank_correlation(rewards, &rollouts.correct(), rollouts.group)
}

/// Different readable answers of a group, the mean over groups.
pub fn unique_answers(rollouts: &Rollouts, marker: &str) -> f64 {
    let different = |answers: &[Answer]| {
        answers.iter().filter_map(|answer| result(answer, marker)).collect::<BTreeSet<String>>().len()
    };
    let groups = rollouts.answers.chunks(rollouts.group.max(1));
    let total: usize = groups.map(different).sum();
    total as f64 / rollouts.problems.len().max(1) as f64
}

impl Language {
    /// Reports how well rewards agree with correctness, how varied answers are, and, where no
    /// divergence is part of the loss, how far the policy is from its start all the same.
    ///
    /// # Errors
    /// As [`reference_log_probs`].
    pub fn watch(
        &self,
        rollouts: &Rollouts,
        rewards: &[f32],
        temperature: f64,
        beta: f64,
        run: &mut Run,
    ) -> Result<()> {
        if let Some(value) = correlation(rollouts, rewards) {
            run.log("diag/correlation", value)?;
        }
        run.log("diag/unique_answers", unique_answers(rollouts, self.problems.world.marker()))?;
        if beta > 0.0 {
            return Ok(());
        }
        let reference = reference_log_probs(&self.reference, rollouts, temperature)?;
        run.log("diag/kl", divergence(rollouts, &reference))
    }

    /// Answers of the model at the start to training problems, from a generator of their own, so that
    /// looking at them changes nothing.
    ///
    /// # Errors
    /// As [`Language::rollouts`].
    pub fn probe(&self, prompts: usize, config: &RolloutConfig, run: &Run) -> Result<Rollouts> {
        let random = &mut run.derived("probe", 0);
        let given = training(&self.problems, prompts, random);
        self.answers(given, config, None, random)
    }
}

/// The estimate `exp(-d) - 1 + d` of KL(policy || reference), the mean over tokens.
fn divergence(rollouts: &Rollouts, reference: &[Vec<f32>]) -> f64 {
    let (mut sum, mut tokens) = (0.0, 0_usize);
    for (answer, reference) in rollouts.answers.iter().zip(reference) {
        for (own, other) in answer.log_probs.iter().zip(reference) {
            let difference = f64::from(own - other);
            sum += (-difference).exp() - 1.0 + difference;
            tokens += 1;
        }
    }
    sum / tokens.max(1) as f64
}
