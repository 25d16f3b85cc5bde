//! The update of group-relative policy optimisation (Shao et al., 2024), with the corrections known as
//! DAPO's and Dr. GRPO's as options: clipped ratios of tokens, the divergence from the reference, and
//! one advantage for all tokens of an answer, wherever it comes from.

use burn::tensor::Tensor;
use learn::{
    language::{
        Advantages, Centre, Deviation, Divergence, Reduction,
        advantage::group_advantage,
        surrogate::{clipped, kl},
        tokens::token_log_probs,
    },
    optim::AdamSettings,
    reduce,
};
use nets::lm::Decoder;
use rand::seq::SliceRandom;
use run::{Result, Run, RunError};
use settings::Config;

use super::{batch::Batch, evaluation::entropy, learner::Language, rollout::Rollouts, supervised::adamw};
use crate::update::update;

/// How rewards become advantages.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct AdvantageConfig {
    /// What is subtracted from a reward: the mean of its `group`, of its other answers
    /// (`leave-one-out`) or of the `batch`.
    #[setting(Centre::Group)]
    pub centre: Centre,
    /// What it is divided by: the deviation in its `group` or in the `batch`, or nothing (`none`, as in
    /// Dr. GRPO).
    #[setting(Deviation::Group)]
    pub deviation: Deviation,
    /// Added to that deviation.
    #[setting(1e-6)]
    pub offset: f64,
}

impl AdvantageConfig {
    /// The advantages of rewards, a group after the other, with what they say about the batch logged.
    ///
    /// # Errors
    /// A reward is not finite.
    pub fn advantages(&self, rewards: &[f32], group: usize, run: &mut Run) -> Result<Advantages> {
        let found = group_advantage(rewards, group, self.centre, self.deviation, self.offset);
        let found = found.map_err(RunError::part)?;
        run.log("diag/flat_groups", found.flat as f64 / found.groups.max(1) as f64)?;
        Ok(found)
    }
}

/// How an update is made from answers and their advantages.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct UpdateConfig {
    /// AdamW's step size.
    #[setting(1e-4, above = 0)]
    pub learning_rate: f64,
    /// AdamW's weight decay.
    #[setting(0.0, min = 0)]
    pub weight_decay: f64,
    /// Limit of the global gradient norm.
    #[setting(1.0, above = 0)]
    pub gradient_clip: f32,
    /// How far a token's probability ratio may fall below 1 before its gradient is cut.
    #[setting(0.2, above = 0)]
    pub clip_low: f32,
    /// How far it may rise above 1; more than `clip_low` is DAPO's clip-higher.
    #[setting(0.2, above = 0)]
    pub clip_high: f32,
    /// Weight of the divergence from the model at the start; below 0 the model would be driven away from it.
    #[setting(0.0, min = 0)]
    pub beta: f64,
    /// How the divergence is estimated: `k1`, `k2` or `k3`.
    #[setting(Divergence::K3)]
    pub divergence: Divergence,
    /// How losses of tokens become one: the mean per `sequence` first (GRPO), over all of them at once
    /// (`token`, DAPO), or their sum over a `constant` length (Dr. GRPO), which is the limit of tokens.
    #[setting(Reduction::Sequence)]
    pub reduction: Reduction,
    /// Passes over the answers.
    #[setting(1, min = 1)]
    pub epochs: usize,
    /// Steps that a pass is cut into.
    #[setting(1, min = 1)]
    pub minibatches: usize,
}

impl UpdateConfig {
    /// The optimiser's settings.
    pub fn adam(&self) -> AdamSettings {
        adamw(self.learning_rate, self.weight_decay)
    }
}

/// The log-probabilities of a batch's responses at a temperature, `[B, R]`.
///
/// # Errors
/// A sequence is longer than the model's context.
pub fn log_probs(decoder: &Decoder, batch: &Batch, temperature: f64) -> Result<Tensor<2>> {
    Ok(log_probs_from(decoder, batch, batch.states(decoder)?, temperature))
}

/// The same from the states `[B, R, d]` that the responses' tokens are predicted from.
pub fn log_probs_from(decoder: &Decoder, batch: &Batch, states: Tensor<3>, temperature: f64) -> Tensor<2> {
    let logits = decoder.head(states).div_scalar(temperature as f32);
    let targets = batch.targets(&logits.device());
    token_log_probs(logits, targets)
}

/// What the reference says of every token of the answers, at the temperature they were drawn at.
///
/// # Errors
/// As [`log_probs`].
pub fn reference_log_probs(
    reference: &Decoder,
    rollouts: &Rollouts,
    temperature: f64,
) -> Result<Vec<Vec<f32>>> {
    let mut rows = Vec::with_capacity(rollouts.answers.len());
    for piece in rollouts.pieces() {
        let batch = rollouts.batch(&piece);
        rows.extend(batch.rows(log_probs(reference, &batch, temperature)?));
    }
    Ok(rows)
}

impl Language {
    /// Improves the policy on `rollouts` with one advantage per answer.
    ///
    /// # Errors
    /// A loss is not finite; nothing has changed then.
    pub fn improve(
        &mut self,
        rollouts: &Rollouts,
        advantages: &[f32],
        temperature: f64,
        config: &UpdateConfig,
        run: &mut Run,
    ) -> Result<()> {
        let reference = match config.beta > 0.0 {
            true => Some(reference_log_probs(&self.reference, rollouts, temperature)?),
            false => None,
        };
        let mut order: Vec<usize> = (0..rollouts.answers.len()).collect();
        let size = order.len().div_ceil(config.minibatches);
        for _ in 0..config.epochs {
            if config.minibatches > 1 {
                order.shuffle(run.random("minibatches"));
            }
            for indices in order.chunks(size) {
                let batch = rollouts.batch(indices);
                let known =
                    Known { indices, rollouts, advantages, reference: reference.as_deref(), temperature };
                self.step(&batch, &known, config, run)?;
            }
        }
        run.count_updates("policy", (config.epochs * config.minibatches) as u64);
        Ok(())
    }

    /// One step on some of the answers.
    fn step(&mut self, batch: &Batch, known: &Known<'_>, config: &UpdateConfig, run: &mut Run) -> Result<()> {
        let log_prob = log_probs(self.policy.module(), batch, known.temperature)?;
        let device = log_prob.device();
        let mask = batch.mask(&device);
        let [rows, _] = batch.dims();
        let old = known.indices.iter().map(|index| known.rollouts.answers[*index].log_probs.as_slice());
        let old = batch.spread(&batch.padded(old), &device);
        let advantages: Vec<f32> = known.indices.iter().map(|index| known.advantages[*index]).collect();
        let advantage = Tensor::<1>::from_data(advantages.as_slice(), &device).reshape([rows, 1]);
        let surrogate = clipped(log_prob.clone(), old, advantage, config.clip_low, config.clip_high);
        let mut losses = surrogate.loss;
        if let Some(reference) = known.reference {
            let reference = known.indices.iter().map(|index| reference[*index].as_slice());
            let reference = batch.spread(&batch.padded(reference), &device);
            let divergence = kl(log_prob, reference, config.divergence);
            run.log("diag/kl", scalar(reduce::masked_mean(divergence.clone(), mask.clone())))?;
            losses = losses + divergence.mul_scalar(config.beta as f32);
        }
        run.log("diag/clip_fraction", scalar(reduce::masked_mean(surrogate.clipped, mask.clone())))?;
        let loss = config.reduction.apply(losses, mask, self.max_new);
        let clip = Some(config.gradient_clip);
        let done = update(run, "policy", loss, &mut [&mut self.policy], clip)?;
        run.log("loss/policy", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))
    }
}

/// What a step knows of its answers.
struct Known<'a> {
    indices: &'a [usize],
    rollouts: &'a Rollouts,
    advantages: &'a [f32],
    reference: Option<&'a [Vec<f32>]>,
    temperature: f64,
}

/// A tensor's one number, without gradient.
pub fn scalar(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.without_autodiff().into_scalar::<f32>())
}

/// Reports what a batch of answers was like.
///
/// # Errors
/// A reward is not finite.
pub fn report(rollouts: &Rollouts, rewards: &[f32], run: &mut Run) -> Result<()> {
    for (answer, reward) in rollouts.answers.iter().zip(rewards) {
        run.episode(f64::from(*reward), answer.ids.len() as u64);
    }
    run.log("diag/entropy", entropy(&rollouts.answers))?;
    let mean = |holds: fn(&super::rollout::Answer) -> bool| {
        let count = rollouts.answers.iter().filter(|answer| holds(answer)).count();
        count as f64 / rollouts.answers.len().max(1) as f64
    };
    run.log("train/accuracy", mean(|answer| answer.verdict.correct))?;
    run.log("diag/truncated", mean(|answer| !answer.ended))
}
