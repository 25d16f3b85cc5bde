//! Several sources of goals, each with its probability.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Relabel;
use crate::MemoryError;

/// How far a sum of shares may be from 1 and count as 1: what rounding does to a few of them.
const ROUNDING: f64 = 1e-9;

/// Where goals come from, and how often; what is left keeps its own goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// Each source, with the sum of its share and those before it.
    parts: Vec<(Relabel, f64)>,
    /// Whether a goal from anywhere is never the observation at the position itself.
    distinct: bool,
}

impl Shares {
    /// Sources with their shares, which are at least 0 and together at most 1.
    ///
    /// # Errors
    /// A share or a number of a source is out of range.
    pub fn new(parts: &[(Relabel, f64)]) -> Result<Self, MemoryError> {
        let mut sum = 0.0;
        let mut summed = Vec::with_capacity(parts.len());
        for &(relabel, share) in parts {
            relabel.check()?;
            if !(0.0..=1.0).contains(&share) {
                let reason = format!("{share} is not between 0 and 1");
                return Err(MemoryError::setting("share", reason));
            }
            sum += share;
            if share > 0.0 {
                summed.push((relabel, sum));
            }
        }
        if sum > 1.0 + ROUNDING {
            let reason = format!("the shares of all goals are together {sum}, which is more than 1");
            return Err(MemoryError::setting("share", reason));
        }
        if let Some((_, last)) = summed.last_mut().filter(|(_, sum)| *sum > 1.0 - ROUNDING) {
            *last = 1.0;
        }
        Ok(Self { parts: summed, distinct: false })
    }

    /// The same, where goals from anywhere are never the observation at the position itself: it is no
    /// example where the distance to the goal is what is learned.
    ///
    /// # Errors
    /// A share of goals is to be just that observation.
    pub fn distinct(self) -> Result<Self, MemoryError> {
        if self.parts.iter().any(|(relabel, _)| *relabel == Relabel::Current) {
            let reason = "goals that are never what is seen already leave no share for `current` ones";
            return Err(MemoryError::setting("distinct", reason));
        }
        Ok(Self { distinct: true, ..self })
    }

    /// Probability that a position gets a new goal.
    pub fn total(&self) -> f64 {
        self.parts.last().map_or(0.0, |(_, sum)| *sum)
    }

    pub(super) fn is_distinct(&self) -> bool {
        self.distinct
    }

    /// A source, or nothing where the goal is kept.
    pub(super) fn pick(&self, random: &mut ChaCha8Rng) -> Option<Relabel> {
        let draw: f64 = random.random();
        self.parts.iter().find(|(_, sum)| draw < *sum).map(|(relabel, _)| *relabel)
    }
}
