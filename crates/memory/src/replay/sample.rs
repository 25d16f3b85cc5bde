//! Uniform draws over the valid positions.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::prefetch::prefetch;
use super::ring::Replay;
use super::span::{Position, Span};
use crate::MemoryError;

impl Replay {
    /// Replaces `out` by `count` positions drawn uniformly, with replacement, from those that are
    /// valid for the span.
    ///
    /// Entries are drawn and refused until enough are valid; where almost none is, the valid ones
    /// are listed and drawn from, so that the cost is bounded and the law the same.
    ///
    /// # Errors
    /// No position is valid; `out` is empty then.
    pub fn sample_uniform(
        &self,
        count: usize,
        span: Span,
        random: &mut ChaCha8Rng,
        out: &mut Vec<Position>,
    ) -> Result<(), MemoryError> {
        out.clear();
        if count == 0 {
            return Ok(());
        }
        if self.is_empty() {
            return Err(self.nothing_valid(span));
        }
        let mut draws = 16 * count + self.len() / 8;
        while out.len() < count {
            let kept = out.len();
            let candidates = (count - kept).min(draws);
            if candidates == 0 {
                return self.sample_listed(count, span, random, out);
            }
            draws -= candidates;
            self.draw_candidates(candidates, random, out);
            out[kept..].iter().for_each(|&position| self.prefetch(position));
            let mut next = kept;
            for index in kept..out.len() {
                let position = out[index];
                if self.suits(position, span) {
                    out[next] = position;
                    next += 1;
                }
            }
            out.truncate(next);
        }
        Ok(())
    }

    /// Every valid position in order of row and step.
    pub fn valid_positions(&self, span: Span) -> impl Iterator<Item = Position> {
        let rows = 0..self.config.rows as u32;
        let all = rows.flat_map(|row| (self.oldest()..self.pushed).map(move |step| Position { row, step }));
        all.filter(move |&position| self.suits(position, span))
    }

    pub(crate) fn nothing_valid(&self, span: Span) -> MemoryError {
        MemoryError::NothingValid {
            before: span.before,
            after: span.after,
            entries: self.len(),
            longest: self.longest_episode(),
        }
    }

    fn draw_candidates(&self, count: usize, random: &mut ChaCha8Rng, out: &mut Vec<Position>) {
        let (stored, oldest) = (self.stored() as u32, self.oldest());
        let entries = self.len() as u32;
        out.extend((0..count).map(|_| {
            let draw = random.random_range(0..entries);
            Position { row: draw / stored, step: oldest + u64::from(draw % stored) }
        }));
    }

    /// Asks for the entry at a position and its successor, up to a kibibyte.
    pub(crate) fn prefetch(&self, position: Position) {
        let words = self.record.words;
        let at = self.entry(position.row(), position.step) * words;
        prefetch(&self.words, at, (2 * words).min(256));
    }

    fn sample_listed(
        &self,
        count: usize,
        span: Span,
        random: &mut ChaCha8Rng,
        out: &mut Vec<Position>,
    ) -> Result<(), MemoryError> {
        let valid: Vec<Position> = self.valid_positions(span).collect();
        if valid.is_empty() {
            out.clear();
            return Err(self.nothing_valid(span));
        }
        while out.len() < count {
            out.push(valid[random.random_range(0..valid.len())]);
        }
        Ok(())
    }
}
