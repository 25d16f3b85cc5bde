//! Successor representations of pairs, M(s, a, .) <- M + alpha [(1 - gamma) 1(s') + gamma
//! M(s', a', .) - M] (Dayan, 1993): learned in one pass, or from replayed minibatches.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use worlds::tabular::Policy;

use super::data::Data;

/// Tables learned in one pass over the data, one for each constant step size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    rates: Vec<f64>,
    /// `[S A, S]` for every step size.
    tables: Vec<Vec<f64>>,
    /// Transitions that were passed.
    seen: usize,
}

impl Stream {
    /// Uniform distributions.
    pub fn new(rates: &[f64], states: usize, actions: usize) -> Self {
        let table = vec![1.0 / states as f64; states * actions * states];
        Self { rates: rates.to_vec(), tables: vec![table; rates.len()], seen: 0 }
    }

    /// The tables, `[S A, S]` each.
    pub fn tables(&self) -> &[Vec<f64>] {
        &self.tables
    }

    /// Passes over what has been added to the data, with next actions drawn from the policy.
    pub fn follow(&mut self, data: &Data, policy: &Policy, gamma: f64, random: &mut ChaCha8Rng) {
        let states = policy.states();
        while self.seen < data.len() {
            let (pair, next) = (data.pair(self.seen), data.next(self.seen));
            let ahead = next * policy.actions() + policy.choose(next, random);
            for (table, rate) in self.tables.iter_mut().zip(&self.rates) {
                for state in 0..states {
                    let here = f64::from(u8::from(state == next));
                    let goal = (1.0 - gamma) * here + gamma * table[ahead * states + state];
                    let value = &mut table[pair * states + state];
                    *value += rate * (goal - *value);
                }
            }
            self.seen += 1;
        }
    }
}

/// How a successor representation is fitted to replayed minibatches.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Discount of the future.
    pub gamma: f64,
    /// Transitions of an update.
    pub batch: usize,
    /// Number of updates.
    pub updates: usize,
    /// Step size of the first update.
    pub rate: f64,
    /// The step size falls geometrically to this share of it.
    pub final_share: f64,
}

/// A successor representation `[S A, S]` learned from minibatches drawn with replacement, each
/// pair moving towards the mean of its targets, which expect over the policy's next action.
///
/// Every row begins as the shares of the states in the data, which is also what a critic of zeros
/// says of a pair: so both guess the same of pairs that were never seen, and what they learn of the
/// others has the same certainty-equivalent limit.
pub fn replay(data: &Data, policy: &Policy, settings: &Replayed, random: &mut ChaCha8Rng) -> Vec<f64> {
    let (states, actions) = (policy.states(), policy.actions());
    let pairs = states * actions;
    let mut table = data.next_shares(states).repeat(pairs);
    let (mut sums, mut counts) = (vec![0.0; pairs * states], vec![0.0; pairs]);
    let mut values = vec![0.0; states * states];
    let decay = settings.final_share.powf(1.0 / settings.updates as f64);
    let mut rate = settings.rate;
    for _ in 0..settings.updates {
        values.fill(0.0);
        for pair in 0..pairs {
            let (state, action) = (pair / actions, pair % actions);
            let probability = policy.probability(state, action);
            let value = &mut values[state * states..][..states];
            let row = &table[pair * states..][..states];
            value.iter_mut().zip(row).for_each(|(value, entry)| *value += probability * entry);
        }
        sums.fill(0.0);
        counts.fill(0.0);
        for _ in 0..settings.batch {
            let index = data.draw(random);
            let (pair, next) = (data.pair(index), data.next(index));
            counts[pair] += 1.0;
            let sum = &mut sums[pair * states..][..states];
            let value = &values[next * states..][..states];
            sum.iter_mut().zip(value).for_each(|(sum, value)| *sum += settings.gamma * value);
            sum[next] += 1.0 - settings.gamma;
        }
        for pair in (0..pairs).filter(|pair| counts[*pair] > 0.0) {
            let row = &mut table[pair * states..][..states];
            let sum = &sums[pair * states..][..states];
            for (entry, sum) in row.iter_mut().zip(sum) {
                *entry += rate * (sum / counts[pair] - *entry);
            }
        }
        rate *= decay;
    }
    table
}
