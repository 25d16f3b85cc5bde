//! The update: group-relative, strictly on-policy, one step per batch of answers (section 3.3).

use agents::{
    failure::failure,
    language::{
        batch::Batch,
        group::{log_probs, log_probs_from, reference_log_probs, scalar},
        language::Language,
        rollout::Rollouts,
    },
};
use burn::tensor::Tensor;
use learn::{
    language::{Divergence, Reduction, surrogate::kl},
    optim::{Trainable, update},
    reduce,
};
use nets::lm::Decoder;
use run::{Result, Run};

use super::{Inputs, config::HybridUpdateConfig, gate::Mixing, thinking::replayed};

/// Log-probabilities of a batch's answers at a temperature, `[B, R]`, with the states kept of them, one
/// slice per answer, mixed in by the present gate; those of plain tokens without a mixing.
///
/// # Errors
/// A sequence is longer than the model's context.
pub fn hybrid_log_probs(
    decoder: &Decoder,
    batch: &Batch,
    mixing: Option<Mixing<'_>>,
    states: &[&[f32]],
    temperature: f64,
) -> Result<Tensor<2>> {
    let Some(mixing) = mixing else { return log_probs(decoder, batch, temperature) };
    let input = replayed(batch, decoder, mixing, states);
    Ok(log_probs_from(decoder, batch, batch.states_of(decoder, input)?, temperature))
}

/// What an update is made from.
pub struct Answered<'a> {
    /// The answers.
    pub rollouts: &'a Rollouts,
    /// Their thinking states, `[thoughts, d]` each.
    pub states: &'a [Vec<f32>],
    /// Their advantages.
    pub advantages: &'a [f32],
    /// The temperature they were drawn at.
    pub temperature: f64,
}

/// One step of the policy and of what mixes its inputs.
///
/// # Errors
/// A loss is not finite; nothing has changed then.
pub fn improve(
    language: &mut Language,
    inputs: &mut Inputs,
    answered: &Answered<'_>,
    config: &HybridUpdateConfig,
    run: &mut Run,
) -> Result<()> {
    let &Answered { rollouts, states, advantages, temperature } = answered;
    let all: Vec<usize> = (0..rollouts.answers.len()).collect();
    let batch = rollouts.batch(&all);
    let states: Vec<&[f32]> = states.iter().map(Vec::as_slice).collect();
    let decoder = language.policy.module();
    let log_prob = hybrid_log_probs(decoder, &batch, inputs.trained(), &states, temperature)?;
    let device = log_prob.device();
    let mask = batch.mask(&device);
    let advantage = Tensor::<1>::from_data(advantages, &device).reshape([advantages.len(), 1]);
    // 1 in value: the answers are the present policy's.
    let ratio = (log_prob.clone() - log_prob.clone().detach()).exp();
    let mut losses = (ratio * advantage).neg();
    if config.beta > 0.0 {
        let reference = reference_log_probs(&language.reference, rollouts, temperature)?;
        let reference = batch.padded(reference.iter().map(Vec::as_slice));
        let divergence = kl(log_prob, batch.spread(&reference, &device), Divergence::K3);
        run.log("diag/kl", scalar(reduce::masked_mean(divergence.clone(), mask.clone())))?;
        losses = losses + divergence.mul_scalar(config.beta as f32);
    }
    let loss = Reduction::Sequence.apply(losses, mask, language.max_new);
    let mut parts: Vec<&mut dyn Trainable> = vec![&mut language.policy];
    if let Inputs::Gated(gate) = inputs {
        parts.extend([&mut gate.maps as &mut dyn Trainable, &mut gate.openness]);
    }
    let done = update("policy", loss, &mut parts, Some(config.gradient_clip))
        .map_err(|error| failure(run, error))?;
    run.count_updates("policy", 1);
    run.log("loss/policy", f64::from(done.loss))?;
    run.log("diag/gradient_norm", f64::from(done.gradient_norm))
}
