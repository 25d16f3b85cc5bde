//! What runs measured, as their folders hold it.

use std::collections::BTreeMap;

use run::{
    RunError,
    folder::Folder,
    metrics::{self, Kind, Record},
    summary::Summary,
};

use crate::{Result, Series};

/// What a metric that depends on time or machine begins with.
const CLOCK: &str = "clock/";

/// A finished run's records.
pub struct Measured {
    records: Vec<Record>,
    summary: Summary,
}

impl Measured {
    /// Reads a run's records and summary.
    ///
    /// # Errors
    /// The run has not ended, or a file cannot be read.
    pub fn read(folder: &Folder) -> Result<Self> {
        let summary = Summary::read(folder)?.filter(|summary| summary.finished).ok_or_else(|| {
            RunError::Config(format!(
                "the run in `{}` has not ended: resume it first",
                folder.path().display()
            ))
        })?;
        Ok(Self { records: metrics::read(folder)?, summary })
    }

    /// How the run ended.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// A metric along the run: as evaluated where it was evaluated, as trained otherwise. Metrics
    /// under `clock/` are one number, that of the run's end. Nothing where the run has none.
    pub fn series(&self, metric: &str) -> Option<Series> {
        let budget = self.summary.steps;
        if let Some(name) = metric.strip_prefix(CLOCK) {
            let clock = &self.summary.clock;
            let value = match name {
                "seconds" => Some(clock.seconds),
                phase => clock.phases.get(phase).copied(),
            };
            return value.map(|value| Series { steps: vec![budget], values: vec![value], budget });
        }
        [Kind::Eval, Kind::Train].into_iter().find_map(|kind| {
            // An evaluation on the way may fall on the last step, where the final one follows.
            let points: BTreeMap<u64, f64> = self
                .records
                .iter()
                .filter(|record| record.kind == kind)
                .filter_map(|record| Some((record.step, *record.values.get(metric)?)))
                .collect();
            (!points.is_empty()).then(|| {
                let (steps, values) = points.into_iter().unzip();
                Series { steps, values, budget }
            })
        })
    }
}
