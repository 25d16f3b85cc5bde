//! Bringing advantages to a common scale.

use crate::error::{LearnError, expect_length};

/// Divisor of a variance over n numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divisor {
    /// n.
    Population,
    /// n - 1.
    Sample,
}

impl Divisor {
    /// The divisor for `count` numbers, at least 1.
    pub(crate) fn of(self, count: usize) -> f64 {
        let divisor = match self {
            Divisor::Population => count,
            Divisor::Sample => count.saturating_sub(1),
        };
        divisor.max(1) as f64
    }
}

/// Shifts and scales the entries of `advantage` whose `valid` is not 0 to mean 0 and standard
/// deviation 1, `(a - mean) / (std + epsilon)`, and sets the others to 0. Statistics are in f64
/// over the valid entries only. Fewer than two valid entries, which have no spread, become 0.
///
/// # Errors
/// [`LearnError::Length`] if the two lengths differ.
pub fn advantages(
    advantage: &mut [f32],
    valid: &[f32],
    epsilon: f64,
    divisor: Divisor,
) -> Result<(), LearnError> {
    expect_length("valid", valid, advantage.len())?;
    let kept = || advantage.iter().zip(valid).filter(|(_, valid)| **valid != 0.0);
    let count = kept().count();
    if count < 2 {
        advantage.fill(0.0);
        return Ok(());
    }
    let mean = kept().map(|(&value, _)| f64::from(value)).sum::<f64>() / count as f64;
    let squares: f64 = kept().map(|(&value, _)| (f64::from(value) - mean).powi(2)).sum();
    let scale = 1.0 / ((squares / divisor.of(count)).sqrt() + epsilon);
    for (value, &valid) in advantage.iter_mut().zip(valid) {
        *value = if valid == 0.0 { 0.0 } else { ((f64::from(*value) - mean) * scale) as f32 };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_entries_count() {
        let mut advantage = [1.0, 1e9, 3.0, 5.0];
        advantages(&mut advantage, &[1.0, 0.0, 1.0, 1.0], 0.0, Divisor::Sample).unwrap();
        assert_eq!(advantage, [-1.0, 0.0, 0.0, 1.0]);
        let mut advantage = [1.0, 3.0];
        advantages(&mut advantage, &[1.0; 2], 1.0, Divisor::Population).unwrap();
        assert_eq!(advantage, [-0.5, 0.5]);
    }

    #[test]
    fn without_spread_everything_is_zero() {
        let mut advantage = [4.0, 4.0];
        advantages(&mut advantage, &[1.0; 2], 1e-8, Divisor::Sample).unwrap();
        assert_eq!(advantage, [0.0; 2]);
        let mut advantage = [4.0, 7.0];
        advantages(&mut advantage, &[1.0, 0.0], 1e-8, Divisor::Sample).unwrap();
        assert_eq!(advantage, [0.0; 2]);
        assert!(advantages(&mut advantage, &[1.0], 1e-8, Divisor::Sample).is_err());
    }
}
