//! Complete episodes in order of their returns: the best of them, and segments to compare.

mod pairs;
mod ranks;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

pub use pairs::SegmentPairs;
pub use ranks::{RankConfig, RankLaw, Ranks};

use crate::recall::Recall;
use crate::replay::episodes::Episode;
use crate::replay::nstep::End;
use crate::{Dataset, MemoryError, Position, Replay};

/// How far a product of a share and a count may be above a whole number and still be that number.
const ROUNDING: f64 = 1e-9;

/// A complete episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trajectory {
    /// Its first step; the final observation lies `length` steps on.
    pub first: Position,
    /// Number of steps.
    pub length: usize,
    /// Sum of the first reward channel.
    pub returned: f64,
    /// A real end; otherwise it was cut.
    pub terminated: bool,
    /// Among equal returns the earlier episode comes first.
    order: (u64, u32),
}

/// Complete episodes, the best first, in reused buffers.
///
/// A selection of the best is a number of them: [`Trajectories::top`] and [`Trajectories::at_least`] say
/// how many. What is drawn from a selection are positions, which the replay or data set makes batches of.
/// Nothing here is saved: the order is a function of what is stored.
#[derive(Clone, Debug, Default)]
pub struct Trajectories {
    ranked: Vec<Trajectory>,
    /// Steps of the trajectories before each, in order of rank, and of all.
    before: Vec<usize>,
    /// Pushes of the replay that have been looked at.
    seen: u64,
    /// Scratch: ranks of episodes that are long enough.
    long: Vec<u32>,
}

impl Trajectories {
    /// None yet: they come from a replay by [`Trajectories::follow`].
    pub fn new() -> Self {
        Self::default()
    }

    /// The episodes of a data set.
    ///
    /// # Errors
    /// It has no rewards.
    pub fn of(set: &Dataset) -> Result<Self, MemoryError> {
        if set.channels() == 0 {
            let reason = "the data set has no rewards, so that no episode is better than another: record \
                          data with rewards";
            return Err(MemoryError::setting("episodes", reason));
        }
        let mut all = Self::new();
        for (row, episode) in set.episodes().iter().enumerate() {
            let first = Position { row: row as u32, step: 0 };
            all.ranked.push(trajectory(set, first, episode.length, (0, row as u32)));
        }
        all.rank();
        Ok(all)
    }

    /// Takes in the episodes that have ended since the last call, and forgets those that the replay has
    /// lost; the replay is the same one, or the same one restored.
    pub fn follow(&mut self, replay: &Replay) {
        let (known, oldest) = (self.ranked.len(), replay.oldest());
        self.ranked.retain(|known| known.first.step >= oldest);
        let mut changed = self.ranked.len() < known;
        for row in 0..replay.config().rows {
            let ended = |episode: &Episode| episode.start + u64::from(episode.length);
            let news = replay.episodes().stream(row).rev().take_while(|episode| ended(episode) >= self.seen);
            for episode in news {
                let first = Position { row: row as u32, step: episode.start };
                let order = (ended(episode), row as u32);
                self.ranked.push(trajectory(replay, first, episode.length as usize, order));
                changed = true;
            }
        }
        self.seen = replay.total_pushed();
        if changed {
            self.rank();
        }
    }

    fn rank(&mut self) {
        self.ranked.sort_unstable_by(|one, other| {
            other.returned.total_cmp(&one.returned).then(one.order.cmp(&other.order))
        });
        self.before.clear();
        self.before.push(0);
        for trajectory in &self.ranked {
            self.before.push(self.before[self.before.len() - 1] + trajectory.length);
        }
    }

    /// All of them, the best first.
    pub fn ranked(&self) -> &[Trajectory] {
        &self.ranked
    }

    /// How many of the best make the share `share` of all, in [0, 1]: rounded up, at least one where
    /// there is one.
    pub fn top(&self, share: f64) -> usize {
        let count = (share * self.ranked.len() as f64 - ROUNDING).ceil().max(1.0) as usize;
        count.min(self.ranked.len())
    }

    /// The return below which a share `q` of the trajectories lies, in [0, 1], linear between returns;
    /// nothing without trajectories.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.ranked.len().checked_sub(1)?;
        let place = q.clamp(0.0, 1.0) * last as f64;
        // The worst come last.
        let at = |place: usize| self.ranked[last - place.min(last)].returned;
        let (low, high) = (at(place as usize), at(place as usize + 1));
        Some(low + (high - low) * place.fract())
    }

    /// How many of the best have at least this return.
    pub fn at_least(&self, threshold: f64) -> usize {
        self.ranked.partition_point(|trajectory| trajectory.returned >= threshold)
    }

    /// Replaces `out` by `count` steps of the `best` trajectories, drawn uniformly from all their steps.
    ///
    /// # Errors
    /// There is no such trajectory.
    pub fn steps(
        &self,
        best: usize,
        count: usize,
        random: &mut ChaCha8Rng,
        out: &mut Vec<Position>,
    ) -> Result<(), MemoryError> {
        out.clear();
        let best = best.min(self.ranked.len());
        if best == 0 {
            return Err(MemoryError::NoTrajectory { stored: self.ranked.len() });
        }
        out.extend((0..count).map(|_| {
            let number = random.random_range(0..self.before[best]);
            let rank = self.before.partition_point(|&before| before <= number) - 1;
            let first = self.ranked[rank].first;
            Position { step: first.step + (number - self.before[rank]) as u64, ..first }
        }));
        Ok(())
    }
}

/// An episode with its return.
fn trajectory(source: &impl Recall, first: Position, length: usize, order: (u64, u32)) -> Trajectory {
    let (mut returned, mut end) = (0.0, End::Open);
    for offset in 0..length {
        let mut reward = [0.0];
        end = source.add_reward(first, offset, 1.0, &mut reward);
        returned += f64::from(reward[0]);
    }
    Trajectory { first, length, returned, terminated: end == End::Terminated, order }
}

impl Dataset {
    /// The share `share` of its episodes with the highest returns, at least one, in their order; their
    /// rows are copied. Of equal returns the earlier episodes are taken.
    ///
    /// # Errors
    /// The share is not above 0 and at most 1, or there are no rewards.
    pub fn best(&self, share: f64) -> Result<Self, MemoryError> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(MemoryError::setting("top", format!("{share} is not above 0 and at most 1")));
        }
        let all = Trajectories::of(self)?;
        let mut kept = vec![false; self.episodes().len()];
        all.ranked()[..all.top(share)].iter().for_each(|best| kept[best.first.row()] = true);
        self.subset(&kept)
    }
}
