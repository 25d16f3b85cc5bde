//! What the runs of a plan gave, as the numbers that conditions are about.

use std::collections::BTreeMap;

use crate::{
    EvidenceError, Result, Series,
    claim::{At, Direction, Subject, stands_for},
    report::Verdict,
};

/// What one run gave.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutcome {
    /// Its seed.
    pub seed: u64,
    /// Every metric that was recorded, by name.
    pub series: BTreeMap<String, Series>,
}

/// What all runs of a plan gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    /// The runs of every arm by its name; all arms have the same seeds in the same order.
    pub arms: BTreeMap<String, Vec<RunOutcome>>,
    /// Verdicts of other claims by id, for a study.
    pub claims: BTreeMap<String, Verdict>,
}

impl Outcomes {
    /// Seeds of an arm.
    fn seeds(&self, arm: &str) -> Result<Vec<u64>> {
        Ok(self.runs(arm)?.iter().map(|run| run.seed).collect())
    }

    fn runs(&self, arm: &str) -> Result<&[RunOutcome]> {
        match self.arms.get(arm) {
            Some(runs) if !runs.is_empty() => Ok(runs),
            _ => Err(EvidenceError::Outcome(format!("arm `{arm}` has no runs: run it under every seed"))),
        }
    }

    /// Checks that these arms ran under the same seeds, and counts them.
    pub(super) fn shared_seeds(&self, arms: &[&str]) -> Result<usize> {
        let arms: Vec<&str> = arms.iter().flat_map(|arm| self.members(arm)).collect();
        let Some((first, others)) = arms.split_first() else { return Ok(0) };
        let seeds = self.seeds(first)?;
        for other in others {
            if self.seeds(other)? != seeds {
                return Err(EvidenceError::Outcome(format!(
                    "arms `{first}` and `{other}` ran under different seeds: they can be compared only under the same"
                )));
            }
        }
        Ok(seeds.len())
    }

    /// A number of every run of an arm, in the order of the seeds.
    fn each(&self, arm: &str, metric: &str, number: impl Fn(&Series) -> Result<f64>) -> Result<Vec<f64>> {
        let of_run = |run: &RunOutcome| {
            let series = run.series.get(metric).filter(|series| !series.values.is_empty()).ok_or_else(|| {
                EvidenceError::Outcome(format!(
                    "the run of arm `{arm}` with seed {} recorded no `{metric}`: give it more steps, or ask for a metric that it records",
                    run.seed
                ))
            })?;
            let value = number(series)?;
            if value.is_finite() {
                return Ok(value);
            }
            Err(EvidenceError::Outcome(format!(
                "`{metric}` of arm `{arm}` with seed {} is {value}, which cannot be compared",
                run.seed
            )))
        };
        self.runs(arm)?.iter().map(of_run).collect()
    }

    /// The arms that a name in a condition stands for.
    fn members<'n>(&'n self, name: &'n str) -> Vec<&'n str> {
        let points: Vec<&str> =
            self.arms.keys().map(String::as_str).filter(|arm| stands_for(name, arm)).collect();
        if points.is_empty() { vec![name] } else { points }
    }

    /// The value of an arm under every seed, or the mean of its sweep's points.
    pub(super) fn values(&self, arm: &str, metric: &str, at: At, direction: Direction) -> Result<Vec<f64>> {
        let members = self.members(arm);
        let mut sum = vec![0.0; self.shared_seeds(&members)?];
        for member in &members {
            let values =
                self.each(member, metric, |series| Ok(series.at(at, direction).unwrap_or(f64::NAN)))?;
            sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value / members.len() as f64);
        }
        Ok(sum)
    }

    /// Logarithms of the steps that an arm needed to a level under every seed.
    pub(super) fn log_reach(&self, arm: &str, subject: &Subject, level: f64) -> Result<Vec<f64>> {
        self.each(arm, &subject.metric, |series| Ok(series.reach(level, subject.direction).ln()))
    }

    /// The slope of an arm's metric along the steps of every run, both in logarithms.
    pub(super) fn step_slopes(
        &self,
        arm: &str,
        metric: &str,
        from: Option<f64>,
        to: Option<f64>,
    ) -> Result<Vec<f64>> {
        self.each(arm, metric, |series| {
            let inside = |step: f64| {
                step > 0.0 && from.is_none_or(|from| step >= from) && to.is_none_or(|to| step <= to)
            };
            let points: Vec<(f64, f64)> = series
                .steps
                .iter()
                .zip(&series.values)
                .map(|(&step, &value)| (step as f64, value))
                .filter(|(step, _)| inside(*step))
                .collect();
            if points.len() < 2 {
                return Err(EvidenceError::Outcome(format!(
                    "`{metric}` of arm `{arm}` has {} records between the steps of the slope: it needs two",
                    points.len()
                )));
            }
            let logarithms = points
                .iter()
                .map(|&(step, value)| Ok((step.ln(), positive(value, arm, metric)?.ln())))
                .collect::<Result<Vec<_>>>()?;
            Ok(least_squares(&logarithms))
        })
    }
}

/// The value, if it has a logarithm.
pub(super) fn positive(value: f64, arm: &str, metric: &str) -> Result<f64> {
    if value > 0.0 {
        return Ok(value);
    }
    Err(EvidenceError::Outcome(format!(
        "`{metric}` of arm `{arm}` is {value}: a slope is taken of logarithms and needs values above 0"
    )))
}

/// Slope of the line through the points with the least squared error.
pub(super) fn least_squares(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (cross, square) = points.iter().fold((0.0, 0.0), |(cross, square), point| {
        (cross + (point.0 - x) * (point.1 - y), square + (point.0 - x).powi(2))
    });
    cross / square
}
