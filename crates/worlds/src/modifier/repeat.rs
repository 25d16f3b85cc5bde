//! `+repeat`: every action several times.

use rand_chacha::ChaCha8Rng;

use super::{renamed_without_reference, wrapper::Wrapper};
use crate::spec::Spec;
use crate::tabular::Table;
use crate::world::{Action, Environment, Step, decode, encode};
use crate::{ModifierName, WorldError};

/// A world that takes every action k times and gives the sum of the rewards; a real end cuts the
/// repetition short. The horizon counts the agent's steps, so it becomes ceil(horizon / k), and
/// the last repetition stops at the inner world's own limit.
pub struct Repeat {
    inner: Box<dyn Environment>,
    spec: Spec,
    times: u64,
    /// The inner world's horizon.
    limit: u64,
    /// Inner steps of this episode.
    elapsed: u64,
}

impl Repeat {
    /// Repeats the actions given to `inner` as often as `name` says.
    ///
    /// # Errors
    /// The number is missing or out of range.
    pub fn new(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Self, WorldError> {
        let times = name.options_with("k")?.required("k", 1..=1_000)?;
        let mut spec = renamed_without_reference(&*inner, name);
        let limit = spec.horizon.map_or(u64::MAX, |horizon| horizon as u64);
        spec.horizon = spec.horizon.map(|horizon| horizon.div_ceil(times));
        Ok(Self { inner, spec, times: times as u64, limit, elapsed: 0 })
    }
}

impl Wrapper for Repeat {
    fn inner(&self) -> &dyn Environment {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Environment {
        &mut *self.inner
    }

    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        self.inner.reset(random);
        self.elapsed = 0;
    }

    fn step(&mut self, action: Action<'_>, random: &mut ChaCha8Rng) -> Step {
        // At least one step, even where someone outside goes on beyond the horizon.
        let times = self.times.min(self.limit.saturating_sub(self.elapsed)).max(1);
        let (mut reward, mut terminated) = (0.0, false);
        for _ in 0..times {
            let step = self.inner.step(action, random);
            self.elapsed += 1;
            reward += step.reward;
            terminated = step.terminated;
            if terminated {
                break;
            }
        }
        Step { reward, terminated }
    }

    fn save(&self) -> Vec<u8> {
        encode(&(self.elapsed, self.inner.save()))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (elapsed, inner): (u64, Vec<u8>) = decode(state)?;
        self.inner.restore(&inner)?;
        self.elapsed = elapsed;
        Ok(())
    }

    fn cost(&self) -> usize {
        // An over-estimate where the inner observation is the dear part.
        self.inner.cost() * self.times as usize
    }

    fn table(&self) -> Option<Table> {
        None
    }
}
