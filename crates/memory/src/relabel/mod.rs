//! Goals taken from what was experienced (hindsight; Andrychowicz et al., 2017, "Hindsight Experience
//! Replay").
//!
//! A [`Relabel`] says where the goal of a stored position comes from, [`Shares`] how often each of
//! several sources is used, a [`GoalRule`] what a goal is and when it is reached, and a [`Hindsight`]
//! makes of all three transitions whose rewards and ends are those of their new goals.

mod config;
mod draw;
mod hindsight;
mod rule;
mod shares;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::Array;

pub use config::{RelabelConfig, Scheme};
pub use draw::{GoalDraw, Origin};
pub use hindsight::Hindsight;
pub use rule::{Arrived, GoalReward, GoalRule, Pairs, Reached, Verdict};
pub use shares::Shares;

use crate::recall::Recall;
use crate::{Dataset, MemoryError, Position, Replay};

/// Where the goal of a position comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relabel {
    /// A later observation of the same episode, uniformly.
    Future,
    /// A later observation of the same episode, at most this many steps on, uniformly.
    Within {
        /// The most steps, at least 1.
        steps: usize,
    },
    /// A later observation of the same episode, the one t steps on with a probability proportional
    /// to gamma^t; gamma = 1 - p lies in (0, 1).
    Geometric {
        /// Probability that the offset goes on by another step.
        gamma: f64,
    },
    /// The last stored observation of the same episode.
    Final,
    /// The observation at the position itself.
    Current,
    /// Any stored observation, uniformly.
    Random,
    /// The end of the k-th of the windows that follow each other from the position to the end of its
    /// episode, with a probability proportional to gamma^k; the last window may be shorter.
    WindowEnd {
        /// Steps of a window, at least 1.
        length: usize,
        /// Probability that the goal lies another window on, in (0, 1).
        gamma: f64,
    },
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
    fn ahead(self, left: usize, random: &mut ChaCha8Rng) -> Option<usize> {
        match self {
            Self::Future => Some(random.random_range(1..=left)),
            Self::Within { steps } => Some(random.random_range(1..=left.min(steps))),
            Self::Geometric { gamma } => Some(geometric_offset(left, gamma, random)),
            Self::Final => Some(left),
            Self::Current => Some(0),
            Self::Random => None,
            Self::WindowEnd { length, gamma } => {
                let windows = geometric_offset(left.div_ceil(length), gamma, random);
                Some(windows.saturating_mul(length).min(left))
            }
        }
    }

    /// Refuses numbers that no goal can be drawn with.
    fn check(self) -> Result<(), MemoryError> {
        let refuse = |setting, found: String| Err(MemoryError::setting(setting, found));
        match self {
            Self::Within { steps: 0 } => refuse("steps", "a goal lies at least 1 step on".to_owned()),
            Self::WindowEnd { length: 0, .. } => refuse("length", "a window has at least 1 step".to_owned()),
            Self::Geometric { gamma } | Self::WindowEnd { gamma, .. } if !(gamma > 0.0 && gamma < 1.0) => {
                refuse("gamma", format!("{gamma} is not above 0 and below 1"))
            }
            _ => Ok(()),
        }
    }
}

/// One goal position for each of `positions`.
fn goals(
    source: &impl Recall,
    positions: &[Position],
    relabel: Relabel,
    random: &mut ChaCha8Rng,
    out: &mut Vec<Position>,
) -> Result<(), MemoryError> {
    relabel.check()?;
    out.clear();
    for &position in positions {
        let left = source.steps_left(position)?;
        out.push(match relabel.ahead(left, random) {
            Some(steps) => Position { step: position.step + steps as u64, ..position },
            None => source.anywhere(random),
        });
    }
    Ok(())
}

impl Replay {
    /// Replaces `out` by one goal position for each of `positions`, whose successors are stored.
    ///
    /// # Errors
    /// A position was overwritten or has no successor, or a number of the scheme is out of range.
    pub fn goals(
        &self,
        positions: &[Position],
        relabel: Relabel,
        random: &mut ChaCha8Rng,
        out: &mut Vec<Position>,
    ) -> Result<(), MemoryError> {
        goals(self, positions, relabel, random, out)
    }

    /// The policy's input at positions, final observations included, `[positions, ...]`.
    ///
    /// # Errors
    /// A position was overwritten, or a frame of its stack was.
    pub fn observations(&self, positions: &[Position], out: &mut Array) -> Result<(), MemoryError> {
        for &position in positions {
            self.require_seen(position)?;
        }
        let sources: Vec<Option<u32>> =
            positions.iter().map(|&position| Some(self.seen(position, 0))).collect();
        self.gather_field(0, &sources, out);
        Ok(())
    }

    /// Replaces `out` by the positions of an episode's observations from its first one to the one at
    /// `position`: the way there.
    ///
    /// # Errors
    /// The position, or the beginning of its episode, was overwritten.
    pub fn prefix(&self, position: Position, out: &mut Vec<Position>) -> Result<(), MemoryError> {
        self.require_seen(position)?;
        let age = u64::from(self.meta(position.row(), position.step).age);
        let first = position.step - age;
        if first < self.oldest() {
            return Err(self.unavailable(position, age as usize, 0));
        }
        out.clear();
        out.extend((first..=position.step).map(|step| Position { step, ..position }));
        Ok(())
    }

    /// Refuses positions whose observation is not stored as it was seen.
    fn require_seen(&self, position: Position) -> Result<(), MemoryError> {
        let Position { step, .. } = position;
        let stored = position.row() < self.config.rows && step >= self.oldest() && step < self.pushed;
        match stored && self.is_visible(position) {
            true => Ok(()),
            false => Err(self.unavailable(position, 0, 0)),
        }
    }
}

impl Dataset {
    /// Replaces `out` by one goal position for each of `positions`; the final observation of an
    /// episode, at step `length`, can be one.
    ///
    /// # Errors
    /// A position is not one of this data set's steps, or a number of the scheme is out of range.
    pub fn goals(
        &self,
        positions: &[Position],
        relabel: Relabel,
        random: &mut ChaCha8Rng,
        out: &mut Vec<Position>,
    ) -> Result<(), MemoryError> {
        goals(self, positions, relabel, random, out)
    }
}
