//! Transitions and goals of recorded episodes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::{Array, Role};

use super::Dataset;
use crate::{MemoryError, Position, TransitionBatch, recall::Recall, replay::nstep::End};

impl Recall for Dataset {
    fn require(&self, positions: &[Position], _n: usize) -> Result<(), MemoryError> {
        self.require_steps(positions)
    }

    fn channels(&self) -> usize {
        self.spec.rewards.len()
    }

    fn add_reward(&self, position: Position, offset: usize, factor: f32, sum: &mut [f32]) -> End {
        let (episode, step) = self.locate(position);
        let row = (episode.step + step + offset) * self.channels();
        for (sum, reward) in sum.iter_mut().zip(&self.reward()[row..]) {
            *sum += factor * reward;
        }
        match (step + offset + 1 == episode.length, episode.terminated) {
            (false, _) => End::Open,
            (true, true) => End::Terminated,
            (true, false) => End::Truncated,
        }
    }

    fn seen(&self, position: Position, offset: usize) -> u32 {
        let (episode, step) = self.locate(position);
        (episode.observation + step + offset) as u32
    }

    fn taken(&self, position: Position, offset: usize) -> Option<u32> {
        let (episode, step) = self.locate(position);
        (step + offset < episode.length).then_some((episode.step + step + offset) as u32)
    }

    fn gather(&self, out: &mut TransitionBatch) {
        self.gather_column(0, &out.from, &mut out.observations);
        self.gather_column(0, &out.to, &mut out.next);
        self.gather_rest(&out.from, &mut out.fields);
        self.gather_rest(&out.to, &mut out.next_fields);
        self.gather_actions(&out.taken, &mut out.actions);
        self.gather_extra(&out.taken, &mut out.extra);
        self.gather_extra(&out.then, &mut out.next_extra);
    }

    fn gather_field(&self, field: usize, sources: &[Option<u32>], out: &mut Array) {
        self.gather_column(field, sources, out);
    }

    fn goal_field(&self) -> Option<usize> {
        self.spec.fields.iter().position(|field| field.role == Role::Goal)
    }

    fn steps_left(&self, position: Position) -> Result<usize, MemoryError> {
        self.require_steps(&[position])?;
        let (episode, step) = self.locate(position);
        Ok(episode.length - step)
    }

    fn anywhere(&self, random: &mut ChaCha8Rng) -> Position {
        let row = random.random_range(0..self.steps + self.episodes.len());
        let episode = self.episodes.partition_point(|episode| episode.observation <= row) - 1;
        Position { row: episode as u32, step: (row - self.episodes[episode].observation) as u64 }
    }
}

impl Dataset {
    /// The policy's input at positions, final observations included, `[positions, ...]`.
    ///
    /// # Errors
    /// A position is not one of this data set's.
    pub fn observations(&self, positions: &[Position], out: &mut Array) -> Result<(), MemoryError> {
        let source = |position: &Position| match self.episodes.get(position.row()) {
            Some(episode) if position.step <= episode.length as u64 => {
                Ok(Some((episode.observation as u64 + position.step) as u32))
            }
            _ => Err(self.unknown(*position)),
        };
        let sources: Vec<Option<u32>> = positions.iter().map(source).collect::<Result<_, _>>()?;
        self.gather_column(0, &sources, out);
        Ok(())
    }

    /// Replaces `out` by the positions of an episode's observations from its first one to the one at
    /// `position`: the way there.
    ///
    /// # Errors
    /// The position is not one of this data set's.
    pub fn prefix(&self, position: Position, out: &mut Vec<Position>) -> Result<(), MemoryError> {
        let known = self.episodes.get(position.row()).is_some_and(|all| position.step <= all.length as u64);
        if !known {
            return Err(self.unknown(position));
        }
        out.clear();
        out.extend((0..=position.step).map(|step| Position { step, ..position }));
        Ok(())
    }
}
