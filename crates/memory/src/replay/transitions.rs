//! Transitions over one or several steps.

use super::batch::TransitionBatch;
use super::nstep::{End, accumulate};
use super::record::Record;
use super::ring::Replay;
use super::span::{Position, Span};
use crate::MemoryError;

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
        if n == 0 {
            return Err(MemoryError::setting("n", "a transition covers at least one step"));
        }
        self.require(positions, Span::transition(n))?;
        let channels = self.record.reward.1;
        out.begin(positions, channels);
        for (index, &position) in positions.iter().enumerate() {
            let (row, step) = (position.row(), position.step);
            let sum = &mut out.reward[index * channels..][..channels];
            let bootstrap = accumulate(n, gamma, |offset, factor| {
                self.add_reward(row, step + offset as u64, factor, sum)
            });
            let entry = |step| Some(self.entry(row, step) as u32);
            out.discount.push(bootstrap.discount);
            out.steps.push(bootstrap.steps as u32);
            out.from.push(entry(step));
            out.to.push(entry(step + bootstrap.steps as u64));
        }
        let input = &self.record.fields[0].1;
        self.gather_field(input, &out.from, &mut out.observations);
        self.gather_field(input, &out.to, &mut out.next);
        self.gather_rest(&out.from, &mut out.fields);
        self.gather_rest(&out.to, &mut out.next_fields);
        self.gather_actions(&out.from, &mut out.actions);
        self.gather_extra(&out.from, &mut out.extra);
        Ok(())
    }

    /// Adds the discounted reward of a step whose successor is stored, and says how it ended.
    fn add_reward(&self, row: usize, step: u64, factor: f32, sum: &mut [f32]) -> End {
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

    /// Refuses positions that are not valid for the span.
    pub(crate) fn require(&self, positions: &[Position], span: Span) -> Result<(), MemoryError> {
        match positions.iter().find(|&&position| !self.is_valid(position, span)) {
            None => Ok(()),
            Some(position) => Err(MemoryError::Unavailable {
                row: position.row(),
                step: position.step,
                before: span.before,
                after: span.after,
                oldest: self.oldest(),
                pushed: self.pushed,
            }),
        }
    }
}
