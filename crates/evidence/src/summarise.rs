//! From the runs of an arm to what the report says of it.

use crate::{
    Series,
    claim::{At, Direction},
    measure::Measured,
    report::{Curve, Estimate, Metric},
    statistics::{interquartile_mean, interval},
};

/// Level of the intervals around an arm's numbers.
const LEVEL: f64 = 0.95;

/// What is measured of an arm.
#[derive(Clone, Copy, Debug)]
pub struct Measure<'a> {
    /// Name of the metric.
    pub metric: &'a str,
    /// How a series becomes a number.
    pub at: At,
    /// Whether a larger value is better, where somebody says so.
    pub higher_is_better: Option<bool>,
}

/// One metric over all seeds of an arm; nothing where a run does not have it. `name` seeds the
/// intervals' resamples.
pub fn metric(runs: &[Measured], measure: Measure<'_>, name: &str) -> Option<Metric> {
    let series: Vec<Series> = runs.iter().map(|run| run.series(measure.metric)).collect::<Option<_>>()?;
    let direction = if measure.higher_is_better == Some(false) { Direction::Below } else { Direction::Above };
    let per_seed: Vec<f64> =
        series.iter().map(|series| series.at(measure.at, direction)).collect::<Option<_>>()?;
    let name = format!("{name}/{}", measure.metric);
    Some(Metric {
        name: measure.metric.to_owned(),
        at: measure.at.name().to_owned(),
        higher_is_better: measure.higher_is_better,
        mean: estimate(&per_seed, mean, &name),
        iqm: estimate(&per_seed, |values| interquartile_mean(&[values.to_vec()]), &name),
        per_seed,
        curve: curve(&series, &name),
    })
}

/// A statistic of one number per seed with its interval.
fn estimate(values: &[f64], statistic: impl Fn(&[f64]) -> f64, name: &str) -> Estimate {
    let of = |seeds: &[usize]| statistic(&seeds.iter().map(|&seed| values[seed]).collect::<Vec<_>>());
    let found = interval(values.len(), of, LEVEL, name);
    Estimate {
        value: statistic(values),
        low: found.as_ref().map(|interval| interval.low),
        high: found.map(|interval| interval.high),
    }
}

/// The mean over seeds at the steps that all of them have.
fn curve(series: &[Series], name: &str) -> Curve {
    let mut out = Curve::default();
    let Some((first, others)) = series.split_first() else { return out };
    for (&step, &value) in first.steps.iter().zip(&first.values) {
        let at = |series: &Series| Some(series.values[series.steps.binary_search(&step).ok()?]);
        let Some(rest) = others.iter().map(at).collect::<Option<Vec<f64>>>() else { continue };
        let values: Vec<f64> = std::iter::once(value).chain(rest).collect();
        let estimate = estimate(&values, mean, name);
        out.steps.push(step);
        out.mean.push(estimate.value);
        out.low.push(estimate.low.unwrap_or(estimate.value));
        out.high.push(estimate.high.unwrap_or(estimate.value));
    }
    out
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
