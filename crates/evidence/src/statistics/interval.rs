//! The interval of one number that several seeds give together.

use rand::RngExt;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::bootstrap::{RESAMPLES, ends, generator};

/// With at least this many seeds the interval is a bootstrap, below it is Student's t.
const BOOTSTRAP_FROM: usize = 5;

/// More seeds than this are no advice.
const MOST_SEEDS: f64 = 1e6;

/// A value and the ends of its interval, which may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The value over all seeds.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The interval of `statistic`, a function of the chosen seeds' positions, at this coverage.
///
/// From five seeds up it is the percentile bootstrap over seeds: all arms are resampled together,
/// so what a seed has in common for them stays in common; the draws depend on `name` and the number
/// of seeds only. Below it is Student's t over Tukey's jackknife pseudo-values (1958), which for a
/// mean are the values themselves. One seed gives no interval.
pub fn interval(
    seeds: usize,
    statistic: impl Fn(&[usize]) -> f64,
    level: f64,
    name: &str,
) -> Option<Interval> {
    let all: Vec<usize> = (0..seeds).collect();
    let value = statistic(&all);
    if seeds < 2 {
        return None;
    }
    if seeds < BOOTSTRAP_FROM {
        let (low, high) = student(&all, value, &statistic, level);
        return Some(Interval { value, low, high });
    }
    let mut random = generator(name);
    let mut chosen = all;
    let mut draw = || {
        chosen.iter_mut().for_each(|seed| *seed = random.random_range(0..seeds));
        statistic(&chosen)
    };
    let mut values: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
    let (low, high) = ends(&mut values, level);
    Some(Interval { value, low, high })
}

fn student(all: &[usize], value: f64, statistic: impl Fn(&[usize]) -> f64, level: f64) -> (f64, f64) {
    let count = all.len() as f64;
    let without = |left_out: &usize| {
        let rest: Vec<usize> = all.iter().copied().filter(|seed| seed != left_out).collect();
        count * value - (count - 1.0) * statistic(&rest)
    };
    let pseudo: Vec<f64> = all.iter().map(without).collect();
    let mean = pseudo.iter().sum::<f64>() / count;
    let variance = pseudo.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let quantile = StudentsT::new(0.0, 1.0, count - 1.0)
        .map_or(f64::INFINITY, |student| student.inverse_cdf(0.5 + 0.5 * level));
    let half = quantile * (variance / count).sqrt();
    if half.is_finite() { (value - half, value + half) } else { (f64::NEG_INFINITY, f64::INFINITY) }
}

/// The number of seeds at which an interval around the same value, its width shrinking with the
/// root of their number, would lie on one side of every one of `margins`; nothing where the value
/// is a margin, or where more than a million would be needed.
pub fn seeds_needed(seeds: usize, interval: &Interval, margins: &[f64]) -> Option<usize> {
    let factor = |&margin: &f64| {
        let reach = if interval.value > margin {
            interval.value - interval.low
        } else {
            interval.high - interval.value
        };
        (reach / (interval.value - margin)).powi(2)
    };
    let needed = margins
        .iter()
        .map(factor)
        .fold(0.0, |most: f64, factor| if factor.is_nan() { f64::INFINITY } else { most.max(factor) });
    let needed = (needed * seeds as f64).ceil().max(seeds as f64 + 1.0);
    (needed <= MOST_SEEDS).then_some(needed as usize)
}
