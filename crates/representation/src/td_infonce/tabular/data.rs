//! Transitions of a policy in a table, collected in order and added to as a run goes on.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError};
use worlds::tabular::{Model, Policy};

/// Transitions in the order in which they were collected, with where episodes begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// `s A + a` of every transition.
    pairs: Vec<u16>,
    /// The next state of every transition.
    next: Vec<u16>,
    /// Index of the first transition of every episode.
    starts: Vec<u32>,
    /// Index of the episode of every transition.
    episodes: Vec<u32>,
}

impl Data {
    /// Number of transitions.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Pair `s A + a` of a transition.
    pub fn pair(&self, index: usize) -> usize {
        usize::from(self.pairs[index])
    }

    /// Next state of a transition.
    pub fn next(&self, index: usize) -> usize {
        usize::from(self.next[index])
    }

    /// Goes on collecting until there are `count` transitions, in episodes of `horizon` steps.
    pub fn extend(
        &mut self,
        count: usize,
        model: &Model,
        policy: &Policy,
        horizon: usize,
        random: &mut ChaCha8Rng,
    ) {
        while self.len() < count {
            let running = self.starts.last().map(|&start| self.len() - start as usize);
            let state = match running {
                Some(steps) if steps < horizon => self.next(self.len() - 1),
                _ => {
                    self.starts.push(self.len() as u32);
                    model.sample_start(random)
                }
            };
            let action = policy.choose(state, random);
            let outcome = model.step(state, action, random);
            self.pairs.push((state * model.actions() + action) as u16);
            self.next.push(outcome.state as u16);
            self.episodes.push(self.starts.len() as u32 - 1);
        }
    }

    /// Everything as bytes: for every transition its pair, its next state and whether it begins an
    /// episode, in little-endian order.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(5 * self.len());
        for (index, (pair, next)) in self.pairs.iter().zip(&self.next).enumerate() {
            bytes.extend(pair.to_le_bytes());
            bytes.extend(next.to_le_bytes());
            bytes.push(u8::from(index == 0 || self.episodes[index] != self.episodes[index - 1]));
        }
        bytes
    }

    /// What [`Data::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are cut short.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (entries, rest) = bytes.as_chunks::<5>();
        if !rest.is_empty() {
            return Err(RunError::Part("the checkpoint's `data` is cut short".to_owned()));
        }
        let mut data = Self::default();
        for (index, [a, b, c, d, begins]) in entries.iter().enumerate() {
            if *begins == 1 {
                data.starts.push(index as u32);
            }
            data.pairs.push(u16::from_le_bytes([*a, *b]));
            data.next.push(u16::from_le_bytes([*c, *d]));
            data.episodes.push((data.starts.len() as u32).saturating_sub(1));
        }
        Ok(data)
    }

    /// A transition drawn uniformly.
    pub fn draw(&self, random: &mut ChaCha8Rng) -> usize {
        random.random_range(0..self.len() as u32) as usize
    }

    /// Transitions of the episode from this one on, itself included.
    fn left(&self, index: usize) -> usize {
        let following = self.starts.get(self.episodes[index] as usize + 1);
        following.map_or(self.len(), |start| *start as usize) - index
    }

    /// A future state of the same episode: that after t steps with a probability proportional to
    /// gamma^t among the steps that the episode still has.
    pub fn future(&self, index: usize, gamma: f64, random: &mut ChaCha8Rng) -> usize {
        let steps = memory::relabel::geometric_offset(self.left(index), gamma, random);
        self.next(index + steps - 1)
    }

    /// Shares of the states among all next states.
    pub fn next_shares(&self, states: usize) -> Vec<f64> {
        let mut shares = vec![0.0; states];
        self.next.iter().for_each(|&state| shares[usize::from(state)] += 1.0 / self.len() as f64);
        shares
    }

    /// Shares of the states among futures as [`Data::future`] draws them of transitions drawn
    /// uniformly.
    pub fn future_shares(&self, states: usize, gamma: f64) -> Vec<f64> {
        let mut shares = vec![0.0; states];
        for index in 0..self.len() {
            let left = self.left(index);
            let total = 1.0 - gamma.powi(left as i32);
            let mut share = (1.0 - gamma) / total / self.len() as f64;
            for step in 0..left {
                shares[self.next(index + step)] += share;
                share *= gamma;
            }
        }
        shares
    }

    /// The table that fits the transitions best: observed frequencies, and `guess` for the pairs
    /// that were never seen.
    pub fn empirical(&self, actions: usize, guess: &[f64]) -> Model {
        let states = guess.len();
        let mut counts = vec![0.0; states * actions * states];
        for index in 0..self.len() {
            counts[self.pair(index) * states + self.next(index)] += 1.0;
        }
        Model::new(actions, guess.to_vec(), |state, action| {
            let row = &counts[(state * actions + action) * states..][..states];
            let total: f64 = row.iter().sum();
            let shares =
                row.iter().zip(guess).map(|(count, guess)| if total > 0.0 { count / total } else { *guess });
            let outcome = |(state, probability)| worlds::tabular::Transition {
                state,
                probability,
                reward: 0.0,
                terminal: false,
            };
            shares.enumerate().map(outcome).collect()
        })
    }
}
