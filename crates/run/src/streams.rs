//! The run's generators: named streams derived from one seed, saved with the run.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Named generators. A stream is created from (seed, name) at its first use and is then carried
/// along, so adding a stream never changes another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Streams {
    seed: u64,
    streams: BTreeMap<String, ChaCha8Rng>,
}

impl Streams {
    /// No stream has been used yet.
    pub fn new(seed: u64) -> Self {
        Self { seed, streams: BTreeMap::new() }
    }

    /// The seed that all streams derive from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream of this name (`policy`, `replay`, `init`, `noise`, ...).
    pub fn get(&mut self, name: &str) -> &mut ChaCha8Rng {
        if !self.streams.contains_key(name) {
            self.streams.insert(name.to_owned(), worlds::seed::stream(self.seed, name, 0));
        }
        self.streams.get_mut(name).expect("the stream was inserted above")
    }

    /// A generator that depends on (seed, name, index) only and is not carried along: evaluations
    /// use it so that they neither disturb nor depend on training.
    pub fn derived(&self, name: &str, index: u64) -> ChaCha8Rng {
        worlds::seed::stream(self.seed, name, index as usize)
    }
}
