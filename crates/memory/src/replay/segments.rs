//! Saving as append-only segments, and the exact way back.
//!
//! A segment holds the entries of a range of steps: a header (magic, version, fingerprint of the
//! layout, rows, range), the words and the frames of every row in order of step, all little-endian,
//! and a CRC-32 over everything before it. Entries never change once pushed, so a segment is
//! written once; priorities do change and are saved whole.

use super::prioritised::{Prioritised, PriorityConfig};
use super::ring::Replay;
use super::sum_tree::SumTree;
use crate::saved::{Reader, begin, finish};
use crate::{MemoryError, ReplayConfig};

const SEGMENT: &[u8; 8] = b"replayse";
const PRIORITIES: &[u8; 8] = b"replaypr";

impl Replay {
    /// Everything from push number `from` on that is still stored, as one segment.
    ///
    /// Save `segment(mark)` at every checkpoint, `mark` being [`Replay::total_pushed`] at the one
    /// before.
    pub fn segment(&self, from: u64) -> Vec<u8> {
        let start = from.clamp(self.oldest(), self.pushed);
        let entries = (self.pushed - start) as usize * self.config.rows;
        let mut out = Vec::with_capacity(64 + entries * (self.record.words * 4 + self.record.bytes));
        begin(&mut out, SEGMENT, self.record.hash);
        out.extend_from_slice(&start.to_le_bytes());
        out.extend_from_slice(&self.pushed.to_le_bytes());
        for row in 0..self.config.rows {
            for step in start..self.pushed {
                let words = self.words_of(self.entry(row, step));
                words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
            }
        }
        if self.record.bytes > 0 {
            for row in 0..self.config.rows {
                for step in start..self.pushed {
                    out.extend_from_slice(self.bytes_of(self.entry(row, step)));
                }
            }
        }
        finish(&mut out);
        out
    }

    /// The first push whose entries a restored ring needs: a segment whose range ends at or before
    /// it can be deleted.
    pub fn oldest_needed(&self) -> u64 {
        self.oldest()
    }

    /// The range of pushes `[start, end)` that a segment holds.
    ///
    /// # Errors
    /// The bytes are damaged or of a later version.
    pub fn segment_range(segment: &[u8]) -> Result<(u64, u64), MemoryError> {
        let mut reader = Reader::open("replay segment", segment, SEGMENT)?;
        reader.number()?;
        let range = (reader.long()?, reader.long()?);
        if range.0 > range.1 {
            return Err(reader.error("its range runs backwards"));
        }
        Ok(range)
    }

    /// Rebuilds the ring from its segments in order of time; draws from it are those of the saved
    /// one. Without any segment the ring is empty.
    ///
    /// # Errors
    /// The configuration is wrong or not the one that was saved; a segment is damaged, of a later
    /// version, or missing.
    pub fn restore<S: AsRef<[u8]>>(
        config: ReplayConfig,
        segments: impl IntoIterator<Item = S>,
    ) -> Result<Self, MemoryError> {
        let mut replay = Self::new(config)?;
        let mut first = 0;
        for segment in segments {
            let segment = segment.as_ref();
            let (start, end) = Self::segment_range(segment)?;
            if end < replay.pushed || (start < first) {
                let reason = "the segments are not in the order in which they were written";
                return Err(MemoryError::saved("replay", reason));
            }
            if start > replay.pushed {
                first = start;
            }
            replay.read(segment, start, end)?;
        }
        if first > replay.oldest() {
            let (oldest, last) = (replay.oldest(), first - 1);
            let reason = format!("the segment with steps {oldest} to {last} is missing");
            return Err(MemoryError::saved("replay", reason));
        }
        replay.recall_episodes()?;
        Ok(replay)
    }

    /// Writes a segment's entries where they belong and moves on to its end.
    fn read(&mut self, segment: &[u8], start: u64, end: u64) -> Result<(), MemoryError> {
        let mut reader = Reader::open("replay segment", segment, SEGMENT)?;
        if reader.number()? != self.record.hash {
            let reason = "it belongs to another world, number of rows, capacity or set of columns";
            return Err(reader.error(reason));
        }
        reader.take(16)?;
        let (words, bytes) = (self.record.words, self.record.bytes);
        let steps = end - start;
        let size = (steps as u128) * (self.config.rows as u128) * (words as u128 * 4 + bytes as u128);
        if size != reader.rest.len() as u128 {
            return Err(reader.error("its length does not match its range"));
        }
        self.advance_to(end);
        let keep = self.oldest().max(start);
        for row in 0..self.config.rows {
            reader.take((keep - start) as usize * words * 4)?;
            for step in keep..end {
                let entry = self.entry(row, step);
                let source = reader.take(words * 4)?.chunks_exact(4);
                for (word, source) in self.words[entry * words..][..words].iter_mut().zip(source) {
                    *word = u32::from_le_bytes([source[0], source[1], source[2], source[3]]);
                }
            }
        }
        for row in 0..self.config.rows {
            reader.take((keep - start) as usize * bytes)?;
            for step in keep..end {
                let entry = self.entry(row, step);
                self.bytes[entry * bytes..][..bytes].copy_from_slice(reader.take(bytes)?);
            }
        }
        Ok(())
    }

    /// Lists the complete episodes again, and checks that ages follow from what came before.
    fn recall_episodes(&mut self) -> Result<(), MemoryError> {
        for row in 0..self.config.rows {
            let mut expected = None;
            for step in self.oldest()..self.pushed {
                let meta = self.meta(row, step);
                let age = expected.unwrap_or(if step == 0 { 0 } else { meta.age });
                if meta.age != age || u64::from(meta.age) > step {
                    let reason = format!("the entries of row {row} contradict each other at step {step}");
                    return Err(MemoryError::saved("replay", reason));
                }
                expected = Some(if meta.boundary() { 0 } else { age.saturating_add(1) });
                self.note_boundary(row, step);
            }
        }
        Ok(())
    }
}

impl Prioritised {
    /// The priorities of everything stored; the entries are in the replay's segments.
    pub fn save_priorities(&self) -> Vec<u8> {
        let replay = &self.replay;
        let mut out = Vec::with_capacity(64 + replay.len() * 8);
        begin(&mut out, PRIORITIES, replay.record.hash);
        out.extend_from_slice(&replay.pushed.to_le_bytes());
        out.extend_from_slice(&self.max_priority.to_le_bytes());
        for row in 0..replay.config.rows {
            for step in replay.oldest()..replay.pushed {
                let value = self.tree.values()[replay.entry(row, step)];
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        finish(&mut out);
        out
    }

    /// Puts saved priorities onto a restored replay; draws are those of the saved one.
    ///
    /// # Errors
    /// A setting is wrong; the bytes are damaged or not of this replay at this time.
    pub fn restore(replay: Replay, config: PriorityConfig, priorities: &[u8]) -> Result<Self, MemoryError> {
        let mut restored = Self::new(replay, config)?;
        let replay = &restored.replay;
        let mut reader = Reader::open("priorities", priorities, PRIORITIES)?;
        if reader.number()? != replay.record.hash {
            return Err(reader.error("they belong to another replay"));
        }
        let pushed = reader.long()?;
        if pushed != replay.pushed {
            let reason = format!("they were saved at step {pushed}, the replay at {}", replay.pushed);
            return Err(reader.error(reason));
        }
        let max_priority = f64::from_bits(reader.long()?);
        if reader.rest.len() != replay.len() * 8 {
            return Err(reader.error("their number does not match the replay"));
        }
        let mut values = vec![0.0; restored.tree.len()];
        for row in 0..replay.config.rows {
            for step in replay.oldest()..replay.pushed {
                values[replay.entry(row, step)] = f64::from_bits(reader.long()?);
            }
        }
        let sound = |value: &f64| value.is_finite() && *value >= 0.0;
        if !sound(&max_priority) || !values.iter().all(sound) {
            return Err(reader.error("a priority is not a finite number of at least 0"));
        }
        restored.max_priority = max_priority;
        restored.tree = SumTree::from_values(&values);
        Ok(restored)
    }
}
