//! What a goal is, and when it is reached.

use settings::Choice;
use worlds::{Array, GoalSpace};

use super::Origin;
use crate::{MemoryError, rows};

/// What is said of an observation and a goal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Reward of the step that led to the observation.
    pub reward: f32,
    /// Whether the goal is reached there.
    pub reached: bool,
}

/// Observations to be judged by the goals that they were headed for, P of them.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    /// What the observations have achieved, `[P, ...]`: see [`GoalRule::achieved`].
    pub achieved: &'a Array,
    /// The goals, `[P, ...]`.
    pub goals: &'a Array,
    /// Where the goals lie, seen from the observations, `[P]`.
    pub origins: &'a [Origin],
}

/// A goal map and what follows from it, asked anew for every batch: rewards are never stored, so a rule
/// may change between draws, as the embeddings of a network do.
pub trait GoalRule {
    /// Replaces `out` by the goals that `rows` policy inputs, `[rows, ...]`, have achieved, `[rows, ...]`.
    ///
    /// # Errors
    /// The inputs are not of the kind or size that the rule speaks of.
    fn achieved(&mut self, inputs: &Array, rows: usize, out: &mut Array) -> Result<(), MemoryError>;

    /// Judges every pair; `out` has one verdict for each, to be overwritten.
    fn judge(&mut self, pairs: &Pairs<'_>, out: &mut [Verdict]);
}

/// How reaching a goal is rewarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum GoalReward {
    /// 1 where the goal is reached, 0 elsewhere.
    #[default]
    Success,
    /// 0 where the goal is reached, -1 elsewhere (Andrychowicz et al., 2017, section 4.1).
    Cost,
    /// Minus the distance to the goal.
    Distance,
}

impl GoalReward {
    fn of(self, distance: f64, reached: bool) -> f32 {
        match (self, reached) {
            (Self::Success, true) => 1.0,
            (Self::Cost, false) => -1.0,
            (Self::Success, false) | (Self::Cost, true) => 0.0,
            (Self::Distance, _) => -distance as f32,
        }
    }
}

/// The rule of a world with goals: some elements of the input, within a radius.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Which elements, and how near.
    pub space: GoalSpace,
    /// What it earns.
    pub reward: GoalReward,
}

impl GoalRule for Reached {
    fn achieved(&mut self, inputs: &Array, rows: usize, out: &mut Array) -> Result<(), MemoryError> {
        let width = rows::width(inputs, rows);
        let known = self.space.achieved.iter().all(|&element| element < width);
        let Array::Float(values) = inputs else {
            return Err(MemoryError::Shape {
                what: "the policy's input, of which goals name elements,".to_owned(),
                expected: "numbers".to_owned(),
                found: "bytes".to_owned(),
            });
        };
        if !known && rows > 0 {
            let most = self.space.achieved.iter().max().map_or(0, |element| element + 1);
            return Err(MemoryError::length(
                "the policy's input, of which goals name elements,",
                most,
                width,
            ));
        }
        rows::empty_like(out, inputs);
        if let Array::Float(out) = out {
            for row in values.chunks_exact(width.max(1)) {
                out.extend(self.space.achieved.iter().map(|&element| row[element]));
            }
        }
        Ok(())
    }

    fn judge(&mut self, pairs: &Pairs<'_>, out: &mut [Verdict]) {
        let size = self.space.size().max(1);
        let rows = rows::floats(pairs.achieved).chunks_exact(size);
        for ((achieved, goal), verdict) in rows.zip(rows::floats(pairs.goals).chunks_exact(size)).zip(out) {
            let squares =
                achieved.iter().zip(goal).map(|(achieved, goal)| f64::from(achieved - goal).powi(2));
            let distance = squares.sum::<f64>().sqrt();
            let reached = distance <= self.space.radius;
            *verdict = Verdict { reward: self.reward.of(distance, reached), reached };
        }
    }
}

/// The rule where no distance is known: a goal is an observation, and only that very observation has
/// reached it. Goals that were kept are never seen to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrived {
    /// Reward of the step that leads to the goal.
    pub reached: f32,
    /// Reward of any other step.
    pub otherwise: f32,
}

impl GoalRule for Arrived {
    fn achieved(&mut self, inputs: &Array, _rows: usize, out: &mut Array) -> Result<(), MemoryError> {
        rows::empty_like(out, inputs);
        rows::append(out, inputs);
        Ok(())
    }

    fn judge(&mut self, pairs: &Pairs<'_>, out: &mut [Verdict]) {
        for (origin, verdict) in pairs.origins.iter().zip(out) {
            let reached = *origin == Origin::Ahead(0);
            *verdict = Verdict { reward: if reached { self.reached } else { self.otherwise }, reached };
        }
    }
}
