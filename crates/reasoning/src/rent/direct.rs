//! The other way to minimise entropy: by its own gradient. It makes all tokens of answers more certain,
//! where the reward only makes certain answers likelier.

use std::ops::Range;

use agents::{
    failure::failure,
    language::{
        group::{UpdateConfig, reference_log_probs, scalar},
        language::Language,
        rollout::Rollouts,
    },
};
use learn::{
    language::{
        surrogate::kl,
        tokens::{entropies, token_log_probs},
    },
    optim::update,
    reduce,
};
use run::{Result, Run};

/// One step down the mean entropy of the tokens in `spans`, one span for each answer that has one.
///
/// # Errors
/// The loss is not finite; nothing has changed then.
pub fn minimise(
    language: &mut Language,
    rollouts: &Rollouts,
    spans: &[Option<Range<usize>>],
    temperature: f64,
    config: &UpdateConfig,
    run: &mut Run,
) -> Result<()> {
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
        let divergence = reduce::masked_mean(kl(log_prob, reference, config.divergence), batch.mask(&device));
        run.log("diag/kl", scalar(divergence.clone()))?;
        loss = loss + divergence.mul_scalar(config.beta as f32);
    }
    let clip = Some(config.gradient_clip);
    let done =
        update("policy", loss, &mut [&mut language.policy], clip).map_err(|error| failure(run, error))?;
    run.log("loss/policy", f64::from(done.loss))?;
    run.log("diag/gradient_norm", f64::from(done.gradient_norm))?;
    run.count_updates("policy", 1);
    Ok(())
}
