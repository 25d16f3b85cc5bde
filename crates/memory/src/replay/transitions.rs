//! Transitions over one or several steps.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::{Array, Role};

use super::batch::TransitionBatch;
use super::nstep::End;
use super::record::Record;
use super::ring::Replay;
use super::span::{Position, Span};
use crate::MemoryError;
use crate::recall::{Recall, transitions};

impl Replay {
    /// Fills a batch with the transitions over up to `n` steps that begin at the positions.
    ///
    /// The reward is `sum_{j<m} gamma^j r_j`, the discount `gamma^m (1 - terminated)` and the next
    /// observation the one after `m` steps, where `m` is `n` or the number of steps to the
    /// episode's end; see [`super::nstep`]. Draw the positions with [`Span::transition`]`(n)`.
    /// Weights are set to 1.
    ///
    /// # Errors
    /// `n` is 0, or a position was overwritten or lacks successors.
    pub fn transitions(
        &self,
        positions: &[Position],
        n: usize,
        gamma: f32,
        out: &mut TransitionBatch,
    ) -> Result<(), MemoryError> {
        transitions(self, positions, n, gamma, out)
    }

    /// Refuses positions that are not valid for the span.
    pub(crate) fn require_valid(&self, positions: &[Position], span: Span) -> Result<(), MemoryError> {
        match positions.iter().find(|&&position| !self.is_valid(position, span)) {
            None => Ok(()),
            Some(position) => Err(self.unavailable(*position, span.before, span.after)),
        }
    }

    pub(crate) fn unavailable(&self, position: Position, before: usize, after: usize) -> MemoryError {
        MemoryError::Unavailable {
            row: position.row(),
            step: position.step,
            before,
            after,
            oldest: self.oldest(),
            pushed: self.pushed,
        }
    }
}

impl Recall for Replay {
    fn require(&self, positions: &[Position], n: usize) -> Result<(), MemoryError> {
        self.require_valid(positions, Span::transition(n))
    }

    fn channels(&self) -> usize {
        self.record.reward.1
    }

    fn add_reward(&self, position: Position, offset: usize, factor: f32, sum: &mut [f32]) -> End {
        let (row, step) = (position.row(), position.step + offset as u64);
        let words = self.words_of(self.entry(row, step));
        for (sum, word) in sum.iter_mut().zip(self.record.reward_words(words)) {
            *sum += factor * f32::from_bits(*word);
        }
        if Record::meta(words).terminated() {
            End::Terminated
        } else if self.meta(row, step + 1).boundary() {
            End::Truncated
        } else {
            End::Open
        }
    }

    fn seen(&self, position: Position, offset: usize) -> u32 {
        self.entry(position.row(), position.step + offset as u64) as u32
    }

    fn taken(&self, position: Position, offset: usize) -> Option<u32> {
        Some(self.seen(position, offset))
    }

    fn gather(&self, out: &mut TransitionBatch) {
        let input = &self.record.fields[0].1;
        self.gather_place(input, &out.from, &mut out.observations);
        self.gather_place(input, &out.to, &mut out.next);
        self.gather_rest(&out.from, &mut out.fields);
        self.gather_rest(&out.to, &mut out.next_fields);
        self.gather_actions(&out.taken, &mut out.actions);
        self.gather_extra(&out.taken, &mut out.extra);
        self.gather_extra(&out.then, &mut out.next_extra);
    }

    fn gather_field(&self, field: usize, sources: &[Option<u32>], out: &mut Array) {
        self.gather_place(&self.record.fields[field].1, sources, out);
    }

    fn goal_field(&self) -> Option<usize> {
        let fields = &self.config.spec.fields;
        self.config.fields.iter().position(|&index| fields[index].role == Role::Goal)
    }

    fn steps_left(&self, position: Position) -> Result<usize, MemoryError> {
        let Position { step, .. } = position;
        let row = position.row();
        let stored = row < self.config.rows && step >= self.oldest() && step + 1 < self.pushed;
        if !stored || self.meta(row, step).boundary() {
            return Err(self.unavailable(position, 0, 1));
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

    fn anywhere(&self, random: &mut ChaCha8Rng) -> Position {
        let stored = self.stored() as u32;
        // The newest entries are visible: a ring holds more entries than any field stacks frames.
        loop {
            let draw = random.random_range(0..stored * self.config.rows as u32);
            let position = Position { row: draw / stored, step: self.oldest() + u64::from(draw % stored) };
            if self.is_visible(position) {
                return position;
            }
        }
    }
}
