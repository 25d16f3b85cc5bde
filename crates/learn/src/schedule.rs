//! Quantities that change over training: learning rates, epsilons, noise scales, clip ranges.

use serde::{Deserialize, Serialize};
use settings::Value;

use crate::error::{LearnError, expect_setting};

/// A number, or `{ from, to, steps }` for a straight line that then stays at `to`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Schedule {
    /// The same value at every step.
    Constant(f64),
    /// A straight line.
    Linear(Linear),
}

/// A straight line from one value to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// Value at step 0.
    pub from: f64,
    /// Value from step `steps` on.
    pub to: f64,
    /// Length of the line in steps, at least 1.
    pub steps: u64,
}

impl Schedule {
    /// A straight line `from` one value `to` another over `steps`.
    pub const fn linear(from: f64, to: f64, steps: u64) -> Self {
        Self::Linear(Linear { from, to, steps })
    }

    /// The value at `step`, counted from 0.
    pub fn value(&self, step: u64) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Linear(Linear { to, steps, .. }) if step >= steps => to,
            Self::Linear(Linear { from, to, steps }) => from + (to - from) * (step as f64 / steps as f64),
        }
    }
}

impl Value for Schedule {
    fn expected() -> String {
        "a number, or a line { from = 1.0, to = 0.1, steps = 1000 }".to_owned()
    }

    fn numbers(&self, visit: &mut dyn FnMut(f64)) {
        match *self {
            Self::Constant(value) => visit(value),
            Self::Linear(Linear { from, to, .. }) => [from, to].into_iter().for_each(visit),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Linear(Linear { steps: 0, .. }) => Err("its line must have at least 1 step".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Straight lines from knot to knot, constant before the first and after the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Piecewise {
    knots: Vec<(u64, f64)>,
}

impl Piecewise {
    /// A curve through `knots`, pairs of step and value; of two at the same step the later one
    /// holds from there on. Steps must not fall.
    ///
    /// # Errors
    /// [`LearnError::Setting`] with `name` if there is no knot, or a step falls.
    pub fn new(name: &'static str, knots: &[(u64, f64)]) -> Result<Self, LearnError> {
        expect_setting(name, knots.len() as f64, !knots.is_empty(), "a curve of at least one knot")?;
        for pair in knots.windows(2) {
            let (before, after) = (pair[0].0, pair[1].0);
            expect_setting(name, after as f64, before <= after, "knots at steps that do not fall")?;
        }
        Ok(Self { knots: knots.to_vec() })
    }

    /// The value at `step`, counted from 0.
    pub fn value(&self, step: u64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 <= step);
        let (Some(&(start, from)), Some(&(end, to))) = (self.knots[..after].last(), self.knots.get(after))
        else {
            return self.knots[after.saturating_sub(1)].1;
        };
        from + (to - from) * ((step - start) as f64 / (end - start) as f64)
    }
}

impl From<f64> for Schedule {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

#[cfg(test)]
mod tests {
    use settings::Range;

    use super::*;

    #[test]
    fn a_line_starts_ends_and_stays() {
        let schedule = Schedule::linear(1.0, 0.1, 10);
        assert_eq!(schedule.value(0), 1.0);
        assert!((schedule.value(5) - 0.55).abs() < 1e-12);
        assert_eq!([schedule.value(10), schedule.value(1000)], [0.1, 0.1]);
        assert_eq!(Schedule::from(3.0).value(7), 3.0);
    }

    #[test]
    fn a_curve_passes_through_its_knots() {
        let curve = Piecewise::new("rate", &[(0, 0.0), (10, 0.0), (20, 1.0), (20, 2.0), (40, 0.0)]).unwrap();
        let values = [0, 5, 10, 15, 20, 30, 40, 99].map(|step| curve.value(step));
        assert_eq!(values, [0.0, 0.0, 0.0, 0.5, 2.0, 1.0, 0.0, 0.0]);
        assert_eq!(Piecewise::new("rate", &[(7, 3.0)]).unwrap().value(0), 3.0);
        assert!(Piecewise::new("rate", &[]).is_err());
        let error = Piecewise::new("rate", &[(5, 0.0), (2, 1.0)]).unwrap_err();
        assert_eq!(error.to_string(), "`rate` is 2, but must be knots at steps that do not fall");
    }

    #[test]
    fn values_outside_the_range_are_refused() {
        let range = Range { min: Some(0.0), max: Some(1.0), ..Range::ANY };
        let check = |schedule: Schedule| settings::check("epsilon", &schedule, &range);
        assert!(check(Schedule::linear(1.0, 0.0, 5)).is_ok());
        let error = check(Schedule::linear(1.0, -0.5, 5)).unwrap_err().to_string();
        assert!(error.starts_with("`epsilon` is "), "{error}");
        assert!(error.ends_with("it holds -0.5, which must be between 0 and 1"), "{error}");
        assert!(check(Schedule::linear(1.0, 0.0, 0)).is_err());
        assert!(check(f64::NAN.into()).is_err());
    }
}
