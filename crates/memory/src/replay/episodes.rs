//! Which episodes the ring holds.

use std::collections::VecDeque;

/// A stored episode that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Step of its first entry in its stream.
    pub start: u64,
    /// Number of steps; its final observation is the entry `start + length`.
    pub length: u32,
}

/// The ended episodes of every stream, oldest first.
///
/// Only episodes that are stored whole are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episodes {
    streams: Vec<VecDeque<Episode>>,
    complete: usize,
}

impl Episodes {
    pub(crate) fn new(rows: usize) -> Self {
        Self { streams: vec![VecDeque::new(); rows], complete: 0 }
    }

    pub(crate) fn ended(&mut self, row: usize, episode: Episode) {
        self.streams[row].push_back(episode);
        self.complete += 1;
    }

    /// Forgets the episodes that lost entries before step `oldest`.
    pub(crate) fn forget(&mut self, row: usize, oldest: u64) {
        while self.streams[row].front().is_some_and(|episode| episode.start < oldest) {
            self.streams[row].pop_front();
            self.complete -= 1;
        }
    }

    /// Number of episodes that are stored from their first step to their final observation.
    pub fn complete(&self) -> usize {
        self.complete
    }

    /// Steps of the longest complete episode; 0 where there is none.
    pub fn longest(&self) -> usize {
        let lengths = self.streams.iter().flatten().map(|episode| episode.length as usize);
        lengths.max().unwrap_or(0)
    }

    /// The complete episodes of a stream, oldest first; none for an unknown row.
    pub fn stream(&self, row: usize) -> impl DoubleEndedIterator<Item = &Episode> {
        self.streams.get(row).into_iter().flatten()
    }
}
