//! Pairs of segments, which are compared to learn what is preferred.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Trajectories;
use crate::{MemoryError, Position};

/// Segments of the same length, two and two, in reused buffers; windows of that length that begin at the
/// positions hold them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentPairs {
    /// First step of one segment of each pair.
    pub first: Vec<Position>,
    /// First step of the other.
    pub second: Vec<Position>,
}

impl Trajectories {
    /// Draws `count` pairs of different segments of `length` steps from the `best` trajectories. For each
    /// segment a trajectory is drawn uniformly among those that are long enough, then its first step.
    ///
    /// # Errors
    /// `length` is 0, or the trajectories do not hold two such segments.
    pub fn pairs(
        &mut self,
        best: usize,
        length: usize,
        count: usize,
        random: &mut ChaCha8Rng,
        out: &mut SegmentPairs,
    ) -> Result<(), MemoryError> {
        out.first.clear();
        out.second.clear();
        if length == 0 {
            return Err(MemoryError::setting("length", "a segment has at least 1 step"));
        }
        let ranked = &self.ranked[..best.min(self.ranked.len())];
        self.long.clear();
        let ranks = (0_u32..).zip(ranked).filter(|(_, trajectory)| trajectory.length >= length);
        self.long.extend(ranks.map(|(rank, _)| rank));
        let starts = |rank: &u32| ranked[*rank as usize].length - length + 1;
        if self.long.iter().map(starts).sum::<usize>() < 2 {
            let longest = ranked.iter().map(|trajectory| trajectory.length).max().unwrap_or(0);
            return Err(MemoryError::NoPair { length, episodes: ranked.len(), longest });
        }
        let long = &self.long;
        let mut draw = || {
            let rank = &long[random.random_range(0..long.len())];
            let first = ranked[*rank as usize].first;
            Position { step: first.step + random.random_range(0..starts(rank)) as u64, ..first }
        };
        for _ in 0..count {
            let first = draw();
            let mut second = draw();
            while second == first {
                second = draw();
            }
            out.first.push(first);
            out.second.push(second);
        }
        Ok(())
    }
}
