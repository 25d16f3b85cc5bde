//! Percentile bootstrap.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::report::Estimate;

/// Resamples of a bootstrap.
pub const RESAMPLES: usize = 10_000;

/// Coverage of the intervals of scores and curves.
pub const LEVEL: f64 = 0.95;

/// The generator of everything that is resampled under a name, such as the id of a claim.
pub fn generator(name: &str) -> ChaCha8Rng {
    worlds::seed::stream(0, name, 0)
}

/// The value below which a share of the sorted values lies, linear between two of them; not a
/// number for none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = share * last as f64;
    let below = (position.floor() as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    // Without this an infinite end would give infinity minus infinity.
    if low == high { low } else { low + (position - below as f64) * (high - low) }
}

/// Both ends of a percentile interval; the values are sorted on the way.
pub(super) fn ends(values: &mut [f64], level: f64) -> (f64, f64) {
    values.sort_unstable_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    (percentile(values, tail), percentile(values, 1.0 - tail))
}

/// As many runs of every world as there are, drawn with replacement within the world.
fn resample<T: Clone>(scores: &[Vec<T>], random: &mut ChaCha8Rng) -> Vec<Vec<T>> {
    let draw =
        |runs: &Vec<T>| (0..runs.len()).map(|_| runs[random.random_range(0..runs.len())].clone()).collect();
    scores.iter().map(draw).collect()
}

/// A statistic of the scores with its 95 % interval: runs are resampled within each world.
pub fn stratified(
    scores: &[Vec<f64>],
    statistic: impl Fn(&[Vec<f64>]) -> f64,
    random: &mut ChaCha8Rng,
) -> Estimate {
    let mut values: Vec<f64> = (0..RESAMPLES).map(|_| statistic(&resample(scores, random))).collect();
    estimate(statistic(scores), &mut values)
}

/// Several statistics of the same resamples.
pub(super) fn stratified_many<T: Clone>(
    scores: &[Vec<T>],
    statistics: impl Fn(&[Vec<T>]) -> Vec<f64>,
    random: &mut ChaCha8Rng,
) -> Vec<Estimate> {
    let value = statistics(scores);
    let mut columns = vec![Vec::with_capacity(RESAMPLES); value.len()];
    for _ in 0..RESAMPLES {
        for (column, value) in columns.iter_mut().zip(statistics(&resample(scores, random))) {
            column.push(value);
        }
    }
    value.into_iter().zip(&mut columns).map(|(value, column)| estimate(value, column)).collect()
}

/// A statistic of two methods' scores in the same worlds, each resampled on its own.
pub fn stratified_pair(
    first: &[Vec<f64>],
    second: &[Vec<f64>],
    statistic: impl Fn(&[Vec<f64>], &[Vec<f64>]) -> f64,
    random: &mut ChaCha8Rng,
) -> Estimate {
    let mut draw = || statistic(&resample(first, random), &resample(second, random));
    let mut values: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
    estimate(statistic(first, second), &mut values)
}

fn estimate(value: f64, values: &mut [f64]) -> Estimate {
    let (low, high) = ends(values, LEVEL);
    Estimate { value, low: Some(low), high: Some(high) }
}
