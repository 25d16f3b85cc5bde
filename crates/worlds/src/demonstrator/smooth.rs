//! Random actions that change slowly.

use rand_chacha::ChaCha8Rng;

use super::Demonstrator;
use crate::noise::Autoregressive;
use crate::spec::{ActionSpace, Actions, Observations};

/// Correlation of an action's successive numbers, and their deviation in halves of the range.
const CHAIN: [f64; 2] = [0.9, 0.6];

/// A chain per row and dimension, clipped into the box.
pub(super) struct Smooth {
    space: ActionSpace,
    chains: Vec<Autoregressive>,
}

impl Smooth {
    /// For `rows` rows of a box; discrete actions have no chains.
    pub(super) fn new(space: &ActionSpace, rows: usize) -> Self {
        let size = match space {
            ActionSpace::Box { low, .. } => low.len(),
            ActionSpace::Discrete { .. } => 0,
        };
        let chains = vec![Autoregressive::new(size, CHAIN[0], CHAIN[1]); rows];
        Self { space: space.clone(), chains }
    }
}

impl Demonstrator for Smooth {
    fn begin(&mut self, rows: &[usize], _observations: &Observations, random: &mut ChaCha8Rng) {
        rows.iter().for_each(|&row| self.chains[row].begin(random));
    }

    fn act(&mut self, _observations: &Observations, random: &mut ChaCha8Rng, actions: &mut Actions) {
        super::mix::fit(&self.space, self.chains.len(), actions);
        let (Actions::Continuous(values), ActionSpace::Box { low, high }) = (actions, &self.space) else {
            return;
        };
        for (chain, row) in self.chains.iter_mut().zip(values.chunks_exact_mut(low.len())) {
            chain.advance(random);
            for ((value, chained), (low, high)) in row.iter_mut().zip(&chain.values).zip(low.iter().zip(high))
            {
                let half = f64::from(high - low) / 2.0;
                *value = ((f64::from(*low) + half + half * chained) as f32).clamp(*low, *high);
            }
        }
    }
}
