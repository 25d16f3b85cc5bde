//! The teacher that draws tasks uniformly.

use rand_chacha::ChaCha8Rng;

use super::{Bounds, Teacher, Update};

/// Draws every task uniformly from the box.
#[derive(Clone, Debug)]
pub struct Random {
    bounds: Bounds,
}

impl Random {
    /// A teacher for this box.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds }
    }
}

impl Teacher for Random {
    fn sample(&mut self, random: &mut ChaCha8Rng) -> Vec<f64> {
        self.bounds.uniform(random)
    }

    fn update(&mut self, _task: &[f64], _reward: f64, _random: &mut ChaCha8Rng) -> Update {
        Update::default()
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        if state.is_empty() { Ok(()) } else { Err("it is of another teacher".to_owned()) }
    }
}
