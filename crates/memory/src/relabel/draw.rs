//! Goals for positions, from several sources.

use rand_chacha::ChaCha8Rng;

use super::{Relabel, Shares};
use crate::recall::Recall;
use crate::{Dataset, MemoryError, Position, Replay};

/// Where a goal lies, seen from its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The position keeps the goal that it had.
    Kept,
    /// So many steps later in the same episode; 0 is what is seen at the position.
    Ahead(u32),
    /// Earlier, or in another episode.
    Elsewhere,
}

/// Goals drawn for positions, in reused buffers, `[B]` each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GoalDraw {
    /// Where the observations are that serve as goals; the position itself where the goal is kept.
    pub positions: Vec<Position>,
    /// Where they lie, seen from there.
    pub origins: Vec<Origin>,
}

/// One goal for each of `positions`.
pub(super) fn draw(
    source: &impl Recall,
    positions: &[Position],
    shares: &Shares,
    random: &mut ChaCha8Rng,
    out: &mut GoalDraw,
) -> Result<(), MemoryError> {
    out.positions.clear();
    out.origins.clear();
    for &position in positions {
        let left = source.steps_left(position)?;
        let (goal, origin) = match shares.pick(random) {
            None => (position, Origin::Kept),
            Some(relabel) => one(source, position, left, relabel, shares.is_distinct(), random),
        };
        out.positions.push(goal);
        out.origins.push(origin);
    }
    Ok(())
}

fn one(
    source: &impl Recall,
    position: Position,
    left: usize,
    relabel: Relabel,
    distinct: bool,
    random: &mut ChaCha8Rng,
) -> (Position, Origin) {
    if let Some(steps) = relabel.ahead(left, random) {
        let goal = Position { step: position.step + steps as u64, ..position };
        return (goal, Origin::Ahead(steps as u32));
    }
    let mut goal = source.anywhere(random);
    // There is another observation: that after the position's step.
    while distinct && goal == position {
        goal = source.anywhere(random);
    }
    let steps = goal.step.checked_sub(position.step).filter(|_| goal.row == position.row);
    let inside = steps.filter(|&steps| steps <= left as u64);
    (goal, inside.map_or(Origin::Elsewhere, |steps| Origin::Ahead(steps as u32)))
}

impl Replay {
    /// Draws a goal for each of `positions`, whose successors are stored.
    ///
    /// # Errors
    /// A position was overwritten or has no successor.
    pub fn draw_goals(
        &self,
        positions: &[Position],
        shares: &Shares,
        random: &mut ChaCha8Rng,
        out: &mut GoalDraw,
    ) -> Result<(), MemoryError> {
        draw(self, positions, shares, random, out)
    }
}

impl Dataset {
    /// Draws a goal for each of `positions`.
    ///
    /// # Errors
    /// A position is not one of this data set's steps.
    pub fn draw_goals(
        &self,
        positions: &[Position],
        shares: &Shares,
        random: &mut ChaCha8Rng,
        out: &mut GoalDraw,
    ) -> Result<(), MemoryError> {
        draw(self, positions, shares, random, out)
    }
}
