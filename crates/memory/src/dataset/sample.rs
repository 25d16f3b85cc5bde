//! Drawing positions, and the batches that begin at them.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Dataset, Episode};
use crate::{
    Boundary, MemoryError, Position, Span, TransitionBatch, WindowBatch,
    recall::transitions,
    replay::windows::{WindowPlan, plan},
};

/// The positions of a data set that are valid for a span, as numbers from 0 to their count.
#[derive(Clone, Debug)]
pub struct Starts {
    /// For every episode, how many valid positions the episodes before it have; then their sum.
    before: Vec<usize>,
    /// The episode of every `stride`-th position.
    guide: Vec<u32>,
    stride: usize,
    /// First valid step of an episode.
    first: usize,
}

impl Starts {
    fn new(episodes: &[Episode], span: Span) -> Self {
        let exclude = span.boundary == Boundary::Exclude;
        let first = if exclude { span.before } else { 0 };
        let valid = |length: usize| match exclude {
            true => (length + 1).saturating_sub(span.before + span.after.max(1)),
            false => length,
        };
        let mut before = vec![0];
        let mut sum = 0;
        for episode in episodes {
            sum += valid(episode.length);
            before.push(sum);
        }
        let stride = (sum / episodes.len().max(1)).max(1);
        let mut guide = Vec::with_capacity(sum / stride + 1);
        let mut row = 0;
        for number in (0..sum).step_by(stride) {
            while before[row + 1] <= number {
                row += 1;
            }
            guide.push(row as u32);
        }
        Self { before, guide, stride, first }
    }

    /// Number of valid positions; at least 1.
    pub fn len(&self) -> usize {
        self.before[self.before.len() - 1]
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The position of this number, in order of episode and step.
    pub fn get(&self, number: usize) -> Position {
        let mut row = self.guide[number / self.stride] as usize;
        while self.before[row + 1] <= number {
            row += 1;
        }
        Position { row: row as u32, step: (self.first + number - self.before[row]) as u64 }
    }

    /// Replaces `out` by `count` positions drawn uniformly, with replacement.
    pub fn draw(&self, count: usize, random: &mut ChaCha8Rng, out: &mut Vec<Position>) {
        out.clear();
        out.extend((0..count).map(|_| self.get(random.random_range(0..self.len()))));
    }
}

impl Dataset {
    /// The positions that are valid for a span. Windows never leave their episode: with
    /// [`Boundary::Exclude`] only positions whose window lies inside are valid, with the others
    /// every step is.
    ///
    /// # Errors
    /// No episode is long enough (the sentence gives both numbers), or the boundary is
    /// [`Boundary::Cross`].
    pub fn starts(&self, span: Span) -> Result<Starts, MemoryError> {
        if span.boundary == Boundary::Cross {
            return Err(MemoryError::setting(
                "boundary",
                "the episodes of a data set do not follow each other",
            ));
        }
        let starts = Starts::new(&self.episodes, span);
        if starts.is_empty() {
            return Err(MemoryError::TooShort {
                needed: span.before + span.after.max(1),
                longest: self.longest(),
            });
        }
        Ok(starts)
    }

    /// Fills a batch with the transitions over up to `n` steps that begin at the positions, as
    /// [`crate::Replay::transitions`] does.
    ///
    /// # Errors
    /// `n` is 0 or a position is not one of this data set's steps.
    pub fn transitions(
        &self,
        positions: &[Position],
        n: usize,
        gamma: f32,
        out: &mut TransitionBatch,
    ) -> Result<(), MemoryError> {
        transitions(self, positions, n, gamma, out)
    }

    /// Fills a batch with the windows of `length` steps that begin `span.before` steps before the
    /// positions, as [`crate::Replay::windows`] does.
    ///
    /// # Errors
    /// The window is longer than the span, or a position is not valid for it.
    pub fn windows(
        &self,
        positions: &[Position],
        length: usize,
        span: Span,
        out: &mut WindowBatch,
    ) -> Result<(), MemoryError> {
        self.plan_windows(positions, length, span, out)?;
        self.gather_reward(&out.done, &mut out.reward);
        let channels = self.spec.rewards.len();
        out.discount.clear();
        for (index, &mask) in out.mask.iter().enumerate() {
            if mask == 0.0 {
                out.reward[index * channels..][..channels].fill(0.0);
            }
            let episode = &self.episodes[positions[index / length].row()];
            let last = (episode.step + episode.length - 1) as u32;
            let ended = episode.terminated && out.done[index] == Some(last);
            out.discount.push(if ended { 0.0 } else { mask });
        }
        self.gather_column(0, &out.seen, &mut out.observations);
        self.gather_rest(&out.seen, &mut out.fields);
        self.gather_actions(&out.done, &mut out.actions);
        self.gather_extra(&out.done, &mut out.extra);
        Ok(())
    }

    /// Sources and masks of the windows.
    pub(super) fn plan_windows(
        &self,
        positions: &[Position],
        length: usize,
        span: Span,
        out: &mut WindowBatch,
    ) -> Result<(), MemoryError> {
        if length == 0 || length > span.before.saturating_add(span.after) {
            let Span { before, after, .. } = span;
            return Err(MemoryError::Length { length, before, after });
        }
        self.require_steps(positions)?;
        out.begin(positions, length);
        for &position in positions {
            let (episode, step) = self.locate(position);
            let window = WindowPlan {
                missing: span.before.saturating_sub(step),
                first: step.saturating_sub(span.before) as u64,
                last: episode.length.min(step + span.after) as u64,
                length,
                boundary: span.boundary,
            };
            let seen = |step: u64| (episode.observation as u64 + step) as u32;
            let done = |step: u64| (episode.step as u64 + step) as u32;
            plan(&window, seen, done, out);
        }
        Ok(())
    }

    /// The episode and the step within it; the position has been checked.
    pub(super) fn locate(&self, position: Position) -> (&Episode, usize) {
        (&self.episodes[position.row()], position.step as usize)
    }

    pub(super) fn require_steps(&self, positions: &[Position]) -> Result<(), MemoryError> {
        let known = |position: &&Position| {
            let episode = self.episodes.get(position.row());
            episode.is_some_and(|episode| position.step < episode.length as u64)
        };
        match positions.iter().find(|position| !known(position)) {
            None => Ok(()),
            Some(&position) => Err(self.unknown(position)),
        }
    }

    pub(super) fn unknown(&self, position: Position) -> MemoryError {
        let reason = format!(
            "the data set has no step {} in an episode {}; draw positions from its own starts",
            position.step,
            position.row()
        );
        MemoryError::setting("position", reason)
    }
}
