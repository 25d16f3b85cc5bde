//! The rows of a batch that one thread steps.

use rand_chacha::ChaCha8Rng;

use crate::spec::{Observations, Outcome, Spec};
use crate::world::{Action, Environment};

/// Neighbouring rows that one thread steps.
pub(crate) struct Shard<W> {
    /// Index of its first row in the batch.
    pub(crate) first: usize,
    /// Steps after which an episode is truncated.
    pub(crate) limit: u64,
    pub(crate) worlds: Vec<W>,
    pub(crate) random: Vec<ChaCha8Rng>,
    pub(crate) elapsed: Vec<u64>,
    /// Rows that the next step resets.
    pub(crate) ended: Vec<bool>,
    /// Its own rows' results, where it cannot write into the batch's.
    pub(crate) part: Option<Outcome>,
}

impl<W: Environment> Shard<W> {
    /// Takes away the rows from `start` on.
    pub(crate) fn split_off(&mut self, start: usize) -> Self {
        Self {
            first: self.first + start,
            limit: self.limit,
            worlds: self.worlds.split_off(start),
            random: self.random.split_off(start),
            elapsed: self.elapsed.split_off(start),
            ended: self.ended.split_off(start),
            part: None,
        }
    }

    /// Steps all its rows, writing from the first row of `out` on.
    pub(crate) fn step<'a>(&mut self, act: &impl Fn(usize) -> Action<'a>, out: &mut Outcome) {
        let rows = self.worlds.len();
        let channels = out.reward.len() / rows;
        let worlds = &mut self.worlds[..rows];
        let (elapsed, ended) = (&mut self.elapsed[..rows], &mut self.ended[..rows]);
        let (terminated, truncated) = (&mut out.terminated[..rows], &mut out.truncated[..rows]);
        let reset = &mut out.reset[..rows];
        for row in 0..rows {
            reset[row] = ended[row];
            if ended[row] {
                worlds[row].reset(&mut self.random[row]);
                elapsed[row] = 0;
                out.reward[row * channels] = 0.0;
                (terminated[row], truncated[row], ended[row]) = (false, false, false);
            } else {
                let step = worlds[row].step(act(self.first + row), &mut self.random[row]);
                elapsed[row] += 1;
                out.reward[row * channels] = step.reward;
                terminated[row] = step.terminated;
                truncated[row] = !step.terminated && elapsed[row] >= self.limit;
                ended[row] = step.terminated || truncated[row];
            }
        }
        self.observe(0, &mut out.observations);
    }

    /// Writes its rows' observations from row `first` of `out` on.
    pub(crate) fn observe(&self, first: usize, out: &mut Observations) {
        for (field, array) in out.fields.iter_mut().enumerate() {
            for (row, world) in self.worlds.iter().enumerate() {
                world.observe(field, first + row, array);
            }
        }
    }

    /// Copies its own rows' results to their place in the batch's.
    pub(crate) fn hand_over(&self, spec: &Spec, out: &mut Outcome) {
        let Some(part) = &self.part else { return };
        let (first, rows, channels) = (self.first, self.worlds.len(), spec.rewards.len());
        out.reward[first * channels..][..rows * channels].copy_from_slice(&part.reward);
        out.terminated[first..][..rows].copy_from_slice(&part.terminated);
        out.truncated[first..][..rows].copy_from_slice(&part.truncated);
        out.reset[first..][..rows].copy_from_slice(&part.reset);
        for (index, field) in spec.fields.iter().enumerate() {
            let source = &part.observations.fields[index];
            out.observations.fields[index].write_rows(first, field.layout.size(), source);
        }
    }
}
