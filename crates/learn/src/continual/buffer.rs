//! A small memory of examples, balanced over classes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Indices of remembered examples: for each class a reservoir of the same size (Vitter, 1985), so
/// that every example of a class is kept with equal probability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassBuffer {
    quota: usize,
    seen: Vec<u64>,
    kept: Vec<Vec<usize>>,
}

impl ClassBuffer {
    /// An empty buffer of `capacity` examples, shared equally among `classes` classes.
    pub fn new(capacity: usize, classes: usize) -> Self {
        let quota = capacity / classes.max(1);
        Self { quota, seen: vec![0; classes], kept: vec![Vec::new(); classes] }
    }

    /// Offers an example of a class below the number of classes.
    pub fn offer(&mut self, example: usize, class: usize, random: &mut ChaCha8Rng) {
        self.seen[class] += 1;
        let kept = &mut self.kept[class];
        if kept.len() < self.quota {
            kept.push(example);
            return;
        }
        let place = random.random_range(0..self.seen[class]) as usize;
        if let Some(old) = kept.get_mut(place) {
            *old = example;
        }
    }

    /// Number of examples kept.
    pub fn len(&self) -> usize {
        self.kept.iter().map(Vec::len).sum()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `count` examples drawn uniformly with replacement; none from an empty buffer.
    pub fn draw(&self, count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
        let all: Vec<usize> = self.kept.concat();
        let count = if all.is_empty() { 0 } else { count };
        (0..count).map(|_| all[random.random_range(0..all.len())]).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn classes_share_the_room_and_examples_the_chance() {
        let random = &mut ChaCha8Rng::seed_from_u64(3);
        assert!(ClassBuffer::new(6, 3).draw(4, random).is_empty());
        let mut first = 0;
        for _ in 0..2_000 {
            let mut buffer = ClassBuffer::new(6, 3);
            (0..10).for_each(|example| buffer.offer(example, 0, random));
            buffer.offer(77, 2, random);
            assert_eq!(buffer.len(), 3);
            first += usize::from(buffer.kept[0].contains(&0));
        }
        // Two of ten are kept.
        assert!((350..450).contains(&first), "{first}");
    }
}
