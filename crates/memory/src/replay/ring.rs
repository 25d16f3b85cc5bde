//! The ring: one stream of entries per row.

use worlds::{Actions, Observations, Outcome};

use super::config::ReplayConfig;
use super::episodes::{Episode, Episodes};
use super::record::{Input, Meta, Record};
use super::span::{Boundary, Position, Span};
use crate::MemoryError;

/// A ring of the newest entries of every row of a vector world.
///
/// Every push appends one entry per row; the entry with step `t` is the one that `t` pushes came
/// before. The newest `capacity / rows` entries of each row are kept.
#[derive(Clone, Debug)]
pub struct Replay {
    pub(crate) config: ReplayConfig,
    pub(crate) record: Record,
    /// Entries per row.
    pub(crate) length: usize,
    /// `[rows, length, record.words]`.
    pub(crate) words: Vec<u32>,
    /// `[rows, length, record.bytes]`.
    pub(crate) bytes: Vec<u8>,
    pub(crate) pushed: u64,
    /// The step that the first slot was last reserved for: the largest multiple of `length` up to
    /// `pushed`. Kept because a division per lookup would cost more than the lookup.
    turn: u64,
    pub(crate) episodes: Episodes,
}

impl Replay {
    /// An empty ring with all of its memory reserved.
    ///
    /// # Errors
    /// A setting is out of range, or the memory cannot be had.
    pub fn new(config: ReplayConfig) -> Result<Self, MemoryError> {
        config.validate()?;
        let record = Record::new(&config);
        let length = config.length();
        let entries = length * config.rows;
        let too_large = || {
            let each = record.words.saturating_mul(4).saturating_add(record.bytes);
            MemoryError::TooLarge { entries, mebibytes: entries.saturating_mul(each) >> 20 }
        };
        let words = zeroed(entries, record.words).ok_or_else(too_large)?;
        let bytes = zeroed(entries, record.bytes).ok_or_else(too_large)?;
        let episodes = Episodes::new(config.rows);
        Ok(Self { config, record, length, words, bytes, pushed: 0, turn: 0, episodes })
    }

    /// Appends one entry per row: what was seen, what was done and what came of it.
    ///
    /// `observations` are those that `actions` were chosen for and `outcome` is what the world's
    /// step gave for them; push every step, also those whose rows were reset. `extra` holds one
    /// slice of `[rows, width]` per declared column. An outcome that resets a row whose episode had
    /// not ended (the world was reset from outside) cuts the episode there as a time limit does.
    ///
    /// # Errors
    /// A size or kind differs from the declared one, or an outcome was left out. Nothing is stored
    /// then.
    pub fn push(
        &mut self,
        observations: &Observations,
        actions: &Actions,
        outcome: &Outcome,
        extra: &[&[f32]],
    ) -> Result<(), MemoryError> {
        let input = Input { observations, actions, outcome, extra };
        let rows = self.config.rows;
        self.record.check(rows, &input)?;
        for row in 0..rows {
            if self.newest(row).is_some_and(Meta::ended) && !outcome.reset[row] {
                return Err(MemoryError::Order { row });
            }
        }
        let slot = self.cursor();
        for row in 0..rows {
            let age = self.next_age(row);
            let entry = row * self.length + slot;
            let words = self.record.words;
            let target = &mut self.words[entry * words..][..words];
            self.record.write_words(target, row, age, &input);
            if self.record.bytes > 0 {
                let bytes = self.record.bytes;
                let target = &mut self.bytes[entry * bytes..][..bytes];
                self.record.write_frames(target, row, observations);
            }
        }
        self.advance_to(self.pushed + 1);
        for row in 0..rows {
            self.episodes.forget(row, self.oldest());
            self.note_boundary(row, self.pushed - 1);
        }
        Ok(())
    }

    /// Number of pushes so far; the next entry of every row will have this step.
    pub fn total_pushed(&self) -> u64 {
        self.pushed
    }

    /// Step of the oldest entry that is still stored.
    pub fn oldest(&self) -> u64 {
        self.pushed.saturating_sub(self.length as u64)
    }

    /// Entries stored over all rows.
    pub fn len(&self) -> usize {
        self.stored() * self.config.rows
    }

    /// Whether nothing has been pushed.
    pub fn is_empty(&self) -> bool {
        self.pushed == 0
    }

    /// What the ring was made for.
    pub fn config(&self) -> &ReplayConfig {
        &self.config
    }

    /// Which episodes are stored.
    pub fn episodes(&self) -> &Episodes {
        &self.episodes
    }

    /// Steps of the longest stored episode, those that still run included.
    pub fn longest_episode(&self) -> usize {
        let running = (0..self.config.rows).filter_map(|row| self.newest(row));
        let running = running.map(|meta| meta.age as usize + usize::from(!meta.boundary()));
        running.max().unwrap_or(0).min(self.length).max(self.episodes.longest())
    }

    /// Whether a position is stored and has everything that the span needs.
    pub fn is_valid(&self, position: Position, span: Span) -> bool {
        position.row() < self.config.rows
            && position.step >= self.oldest()
            && position.step < self.pushed
            && self.suits(position, span)
    }

    /// Whether everything that an observation shows is stored, the older frames of its stack included;
    /// the position is.
    pub(crate) fn is_visible(&self, position: Position) -> bool {
        let age = u64::from(self.meta(position.row(), position.step).age);
        position.step - age.min(self.record.depth as u64 - 1) >= self.oldest()
    }

    /// Entries stored per row.
    pub(crate) fn stored(&self) -> usize {
        (self.pushed - self.oldest()) as usize
    }

    /// The slot that the next push writes.
    pub(crate) fn cursor(&self) -> usize {
        (self.pushed - self.turn) as usize
    }

    /// Sets the number of pushes; the entries have been written.
    pub(crate) fn advance_to(&mut self, pushed: u64) {
        self.pushed = pushed;
        self.turn = pushed - pushed % self.length as u64;
    }

    /// Index of a stored step among all entries.
    pub(crate) fn entry(&self, row: usize, step: u64) -> usize {
        let slot = if step >= self.turn { step - self.turn } else { step + self.length as u64 - self.turn };
        row * self.length + slot as usize
    }

    /// The stored step at an entry.
    pub(crate) fn position(&self, entry: usize) -> Position {
        let (row, slot) = (entry / self.length, entry % self.length);
        let step = if slot < self.cursor() {
            self.turn + slot as u64
        } else {
            self.turn + slot as u64 - self.length as u64
        };
        Position { row: row as u32, step }
    }

    pub(crate) fn words_of(&self, entry: usize) -> &[u32] {
        &self.words[entry * self.record.words..][..self.record.words]
    }

    pub(crate) fn bytes_of(&self, entry: usize) -> &[u8] {
        &self.bytes[entry * self.record.bytes..][..self.record.bytes]
    }

    pub(crate) fn meta(&self, row: usize, step: u64) -> Meta {
        Record::meta(self.words_of(self.entry(row, step)))
    }

    /// Age and flags of the newest entry of a row.
    pub(crate) fn newest(&self, row: usize) -> Option<Meta> {
        (self.pushed > 0).then(|| self.meta(row, self.pushed - 1))
    }

    fn next_age(&self, row: usize) -> u32 {
        match self.newest(row) {
            Some(meta) if !meta.boundary() => meta.age.saturating_add(1),
            _ => 0,
        }
    }

    /// Lists the episode that the entry ends, if it does and is stored whole.
    pub(crate) fn note_boundary(&mut self, row: usize, step: u64) {
        let meta = self.meta(row, step);
        let start = step.checked_sub(u64::from(meta.age));
        if let Some(start) = start.filter(|&start| meta.boundary() && start >= self.oldest()) {
            self.episodes.ended(row, Episode { start, length: meta.age });
        }
    }

    /// Whether a stored position has everything that the span needs.
    ///
    /// Two entries `k` steps apart are of one episode exactly if their ages differ by `k`.
    pub(crate) fn suits(&self, position: Position, span: Span) -> bool {
        let (row, step) = (position.row(), position.step);
        let meta = self.meta(row, step);
        if meta.boundary() {
            return false;
        }
        let (before, after) = (span.before as u64, span.after as u64);
        let (age, stack) = (u64::from(meta.age), self.record.depth as u64 - 1);
        let oldest = self.oldest();
        let last = step.saturating_add(after);
        let last_stored = last < self.pushed;
        match span.boundary {
            Boundary::Exclude => {
                age >= before
                    && step - before.saturating_add(stack).min(age) >= oldest
                    && last_stored
                    && u64::from(self.meta(row, last).age) == age + after
            }
            Boundary::Mask | Boundary::Pad(_) => {
                step - before.saturating_add(stack).min(age) >= oldest
                    && (last_stored || self.has_ended(row, step))
            }
            Boundary::Cross => {
                if step - oldest < before || !last_stored {
                    return false;
                }
                let first = step - before;
                stack == 0 || first - stack.min(u64::from(self.meta(row, first).age)) >= oldest
            }
        }
    }

    /// Whether the final observation of the step's episode is stored.
    fn has_ended(&self, row: usize, step: u64) -> bool {
        self.newest(row).is_some_and(|meta| meta.boundary() || step + u64::from(meta.age) < self.pushed - 1)
    }
}

/// `entries * each` zeros, or nothing where they cannot be had.
///
/// The pages come zeroed from the system and are only touched as entries arrive, hence the trial
/// reservation before an allocation that would abort.
pub(crate) fn zeroed<T: Clone + Default>(entries: usize, each: usize) -> Option<Vec<T>> {
    let size = entries.checked_mul(each)?;
    Vec::<T>::new().try_reserve_exact(size).ok()?;
    Some(vec![T::default(); size])
}
