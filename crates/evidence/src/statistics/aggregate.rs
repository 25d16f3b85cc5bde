//! Aggregate scores over worlds and runs.

use rand_chacha::ChaCha8Rng;

use super::bootstrap::stratified_many;
use crate::report::{Curve, Estimate};

/// Arithmetic mean; not a number for no values.
fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean over worlds of the mean over runs.
pub fn mean(scores: &[Vec<f64>]) -> f64 {
    average(&scores.iter().map(|runs| average(runs)).collect::<Vec<_>>())
}

/// Median over worlds of the mean over runs.
pub fn median(scores: &[Vec<f64>]) -> f64 {
    let mut means: Vec<f64> = scores.iter().map(|runs| average(runs)).collect();
    means.sort_unstable_by(f64::total_cmp);
    let middle = means.len() / 2;
    match means.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => means[middle],
        _ => 0.5 * (means[middle - 1] + means[middle]),
    }
}

/// Mean of what is left of all scores without the lowest and the highest quarter, each rounded down
/// to whole scores.
pub fn interquartile_mean(scores: &[Vec<f64>]) -> f64 {
    let mut all: Vec<f64> = scores.iter().flatten().copied().collect();
    let cut = all.len() / 4;
    all.sort_unstable_by(f64::total_cmp);
    average(&all[cut..all.len() - cut])
}

/// Mean amount by which scores fall short of 1; those above count as 1.
pub fn optimality_gap(scores: &[Vec<f64>]) -> f64 {
    let all: Vec<f64> = scores.iter().flatten().map(|score| score.min(1.0)).collect();
    1.0 - average(&all)
}

/// Performance profile: at each threshold the share of all runs that score above it, with its
/// stratified 95 % interval.
pub fn profile(scores: &[Vec<f64>], thresholds: &[f64], random: &mut ChaCha8Rng) -> Vec<Estimate> {
    let shares = |scores: &[Vec<f64>]| {
        let mut all: Vec<f64> = scores.iter().flatten().copied().collect();
        all.sort_unstable_by(f64::total_cmp);
        let above = |&threshold: &f64| all.len() - all.partition_point(|&score| score <= threshold);
        thresholds.iter().map(|threshold| above(threshold) as f64 / all.len() as f64).collect()
    };
    stratified_many(scores, shares, random)
}

/// Sample efficiency: at every step the interquartile mean over worlds and runs with its stratified
/// 95 % interval, from `curves[world][run][step]`, of which all have the steps' length. Runs are
/// resampled whole.
pub fn efficiency(steps: &[u64], curves: &[Vec<Vec<f64>>], random: &mut ChaCha8Rng) -> Curve {
    let along = |curves: &[Vec<&Vec<f64>>]| -> Vec<f64> {
        let at = |step| {
            let now: Vec<Vec<f64>> =
                curves.iter().map(|runs| runs.iter().map(|curve| curve[step]).collect()).collect();
            interquartile_mean(&now)
        };
        (0..steps.len()).map(at).collect()
    };
    let borrowed: Vec<Vec<&Vec<f64>>> = curves.iter().map(|runs| runs.iter().collect()).collect();
    let estimates = stratified_many(&borrowed, along, random);
    Curve {
        steps: steps.to_vec(),
        mean: estimates.iter().map(|estimate| estimate.value).collect(),
        low: estimates.iter().map(|estimate| estimate.low.unwrap_or(estimate.value)).collect(),
        high: estimates.iter().map(|estimate| estimate.high.unwrap_or(estimate.value)).collect(),
    }
}
