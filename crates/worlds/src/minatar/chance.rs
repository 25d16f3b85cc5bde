//! Where the games take their random decisions from.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A source of the two kinds of random decision that the games make. Training draws them from a
/// generator; replaying a recorded game draws them from the record.
pub trait Chance {
    /// A uniform whole number in `0..count`; `count` is at least 1.
    fn below(&mut self, count: usize) -> usize;

    /// Whether an event of this probability happens: a uniform number from [0, 1) lies below it.
    fn happens(&mut self, probability: f64) -> bool;
}

impl Chance for ChaCha8Rng {
    fn below(&mut self, count: usize) -> usize {
        self.random_range(0..count)
    }

    fn happens(&mut self, probability: f64) -> bool {
        self.random::<f64>() < probability
    }
}
