//! Goals taken from what was experienced (hindsight, Andrychowicz et al., 2017): for stored
//! positions, the positions whose observations serve as their goals.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::Array;

use super::ring::Replay;
use super::span::Position;
use crate::MemoryError;

/// Where the goals of positions come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relabel {
    /// A later observation of the same episode, uniformly.
    Future,
    /// A later observation of the same episode, the one t steps on with a probability proportional
    /// to gamma^t; gamma lies in (0, 1).
    Geometric {
        /// Discount per step.
        gamma: f64,
    },
    /// The last stored observation of the same episode.
    Final,
    /// Any stored observation, uniformly.
    Random,
}

/// A number of steps t from 1 to `left`, drawn with a probability proportional to gamma^t; `left`
/// is at least 1 and gamma lies in (0, 1).
pub fn geometric_offset(left: usize, gamma: f64, random: &mut ChaCha8Rng) -> usize {
    let reached = 1.0 - gamma.powf(left as f64);
    // P(t <= k) = (1 - gamma^k) / (1 - gamma^left), inverted.
    let steps = (-reached * random.random::<f64>()).ln_1p() / gamma.ln();
    (steps as usize + 1).min(left)
}

impl Relabel {
    /// How many steps on the goal lies, of `left` (at least 1); nothing where it may lie anywhere.
    pub(crate) fn later(self, left: usize, random: &mut ChaCha8Rng) -> Option<usize> {
        match self {
            Self::Future => Some(random.random_range(1..=left)),
            Self::Geometric { gamma } => Some(geometric_offset(left, gamma, random)),
            Self::Final => Some(left),
            Self::Random => None,
        }
    }
}

impl Replay {
    /// Replaces `out` by one goal position for each of `positions`, whose successors are stored.
    ///
    /// # Errors
    /// A position was overwritten or has no successor.
    pub fn goals(
        &self,
        positions: &[Position],
        relabel: Relabel,
        random: &mut ChaCha8Rng,
        out: &mut Vec<Position>,
    ) -> Result<(), MemoryError> {
        out.clear();
        for &position in positions {
            let left = self.steps_left(position)?;
            out.push(match relabel.later(left, random) {
                Some(steps) => Position { step: position.step + steps as u64, ..position },
                None => {
                    let stored = self.stored() as u32;
                    let draw = random.random_range(0..stored * self.config.rows as u32);
                    Position { row: draw / stored, step: self.oldest() + u64::from(draw % stored) }
                }
            });
        }
        Ok(())
    }

    /// The policy's input at positions, final observations included, `[positions, ...]`.
    ///
    /// # Errors
    /// A position was overwritten.
    pub fn observations(&self, positions: &[Position], out: &mut Array) -> Result<(), MemoryError> {
        for position in positions {
            if position.step < self.oldest() || position.step >= self.pushed {
                return Err(self.unavailable(*position, 0));
            }
        }
        let entry = |position: &Position| Some(self.entry(position.row(), position.step) as u32);
        let sources: Vec<Option<u32>> = positions.iter().map(entry).collect();
        self.gather_field(&self.record.fields[0].1, &sources, out);
        Ok(())
    }

    /// Steps that the episode of a position goes on for, as far as it is stored; at least 1.
    fn steps_left(&self, position: Position) -> Result<usize, MemoryError> {
        let Position { step, .. } = position;
        let row = position.row();
        if step < self.oldest() || step + 1 >= self.pushed || self.meta(row, step).boundary() {
            return Err(self.unavailable(position, 1));
        }
        let age = u64::from(self.meta(row, step).age);
        let same = |steps: u64| u64::from(self.meta(row, step + steps).age) == age + steps;
        // Ages grow by one within an episode and start again behind it, so the steps of the same
        // episode come first: halve the interval between one that is and one that is not.
        let (mut inside, mut outside) = (1, self.pushed - step);
        while outside - inside > 1 {
            let middle = inside + (outside - inside) / 2;
            if same(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Ok(inside as usize)
    }

    fn unavailable(&self, position: Position, after: usize) -> MemoryError {
        MemoryError::Unavailable {
            row: position.row(),
            step: position.step,
            before: 0,
            after,
            oldest: self.oldest(),
            pushed: self.pushed,
        }
    }
}
