//! What both forms report about an ensemble.

use run::Run;
use serde::{Deserialize, Serialize};

use super::grid::Grid;

/// Evaluations that count as early.
const EARLY: usize = 3;

/// Share of clipped mass above which the support is called too narrow.
const CLIPPED: f64 = 0.2;

/// Measurements that reach over more than one evaluation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The individual values of the first evaluations.
    early: Vec<f64>,
    /// Mass of the targets that was clipped since the last evaluation.
    clipped: f64,
    /// All mass of the targets since then.
    mass: f64,
}

impl Report {
    /// Counts the mass of targets, and how much of it was clipped.
    pub fn clip(&mut self, clipped: f64, mass: f64) {
        self.clipped += clipped;
        self.mass += mass;
    }

    /// The metrics of an evaluation, from the value of every agent's own greedy policy and that of
    /// the joint one; a note where the support is too narrow.
    pub fn evaluated(
        &mut self,
        individual: &[f64],
        joint: f64,
        grid: &Grid,
        run: &mut Run,
    ) -> [(&'static str, f64); 5] {
        let agents = individual.len().max(1) as f64;
        let mean = individual.iter().sum::<f64>() / agents;
        let variance = individual.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / agents;
        if self.early.len() < EARLY {
            self.early.push(mean);
        }
        let share = if self.mass > 0.0 { self.clipped / self.mass } else { 0.0 };
        (self.clipped, self.mass) = (0.0, 0.0);
        if share > CLIPPED {
            run.note(format!(
                "support [{}, {}] too narrow: {:.0} % of the targets' mass lay outside; lower `v_min` or raise \
                 `v_max`",
                grid.low,
                grid.high,
                100.0 * share
            ));
        }
        [
            ("diag/individual_value", mean),
            ("diag/joint_value", joint),
            ("diag/early_value", self.early.iter().sum::<f64>() / self.early.len() as f64),
            ("diag/spread", variance.sqrt()),
            ("diag/clipped", share),
        ]
    }
}
