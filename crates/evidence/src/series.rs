//! One metric along one run.

use crate::claim::{At, Direction};

/// One metric along one run; steps ascend, and there is at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Steps of the records, in the method's unit.
    pub steps: Vec<u64>,
    /// Values there.
    pub values: Vec<f64>,
    /// Steps that the run was given: what a level counts that is never reached.
    pub budget: u64,
}

impl Series {
    /// One number for the run; nothing for a series without records.
    pub fn at(&self, at: At, direction: Direction) -> Option<f64> {
        match at {
            At::End => self.end(),
            At::Best => self.best(direction),
            At::Auc => self.auc(),
        }
    }

    /// The last value.
    pub fn end(&self) -> Option<f64> {
        self.values.last().copied()
    }

    /// The largest value, or the smallest where below is better.
    pub fn best(&self, direction: Direction) -> Option<f64> {
        let values = self.values.iter().copied();
        match direction {
            Direction::Above => values.max_by(f64::total_cmp),
            Direction::Below => values.min_by(f64::total_cmp),
        }
    }

    /// The area under the line through the records (trapezoids) over the range of their steps; the
    /// value itself where there is one record.
    pub fn auc(&self) -> Option<f64> {
        let (first, last) = (*self.steps.first()?, *self.steps.last()?);
        if first == last {
            return self.end();
        }
        let pairs = self.steps.windows(2).zip(self.values.windows(2));
        let area: f64 =
            pairs.map(|(step, value)| (step[1] - step[0]) as f64 * 0.5 * (value[0] + value[1])).sum();
        Some(area / (last - first) as f64)
    }

    /// Steps until the level is first met or crossed in this direction, interpolated along the
    /// logarithm of the step between two records and at least 1; the budget where it never is.
    pub fn reach(&self, level: f64, direction: Direction) -> f64 {
        let there = |value: f64| match direction {
            Direction::Above => value >= level,
            Direction::Below => value <= level,
        };
        let log = |step: u64| (step.max(1) as f64).ln();
        match self.values.iter().position(|&value| there(value)) {
            None => self.budget.max(1) as f64,
            Some(0) => self.steps[0].max(1) as f64,
            Some(index) => {
                let (before, after) = (self.values[index - 1], self.values[index]);
                let share = (level - before) / (after - before);
                let (start, end) = (log(self.steps[index - 1]), log(self.steps[index]));
                (start + share * (end - start)).exp()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        Series { steps: vec![0, 10, 100, 200], values: vec![0.0, 4.0, 2.0, 8.0], budget: 250 }
    }

    #[test]
    fn one_number_of_a_run() {
        assert_eq!(series().at(At::End, Direction::Above), Some(8.0));
        assert_eq!(series().at(At::Best, Direction::Above), Some(8.0));
        assert_eq!(series().at(At::Best, Direction::Below), Some(0.0));
        assert_eq!(series().at(At::Auc, Direction::Above), Some((20.0 + 270.0 + 500.0) / 200.0));
        let one = Series { steps: vec![5], values: vec![3.0], budget: 5 };
        assert_eq!(one.auc(), Some(3.0));
        let none = Series { steps: vec![], values: vec![], budget: 5 };
        assert_eq!((none.end(), none.best(Direction::Above), none.auc()), (None, None, None));
    }

    #[test]
    fn steps_to_a_level() {
        let close =
            |steps: f64, expected: f64| assert!((steps - expected).abs() < 1e-9, "{steps}, not {expected}");
        close(series().reach(4.0, Direction::Above), 10.0);
        // Half way from 1 (step 0 counts as 1) to 10, in logarithms.
        close(series().reach(2.0, Direction::Above), 10.0_f64.sqrt());
        close(series().reach(5.0, Direction::Above), 100.0 * 2.0_f64.sqrt());
        close(series().reach(9.0, Direction::Above), 250.0);
        close(series().reach(0.0, Direction::Below), 1.0);
        close(series().reach(-1.0, Direction::Below), 250.0);
    }
}
