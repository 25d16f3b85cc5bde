//! Policies as tables of probabilities.

use rand_chacha::ChaCha8Rng;

use super::model::draw;
use crate::WorldError;

/// How far the probabilities of a state may be from summing to 1.
const TOLERANCE: f64 = 1e-8;

/// Probability of every action in every state.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    actions: usize,
    /// `[states, actions]`, row-major.
    probabilities: Vec<f64>,
}

impl Policy {
    /// The policy with the given `probabilities`, `[states, actions]` row-major.
    ///
    /// # Errors
    /// There are no actions, the table is not rectangular, or the numbers of a state are no
    /// distribution.
    pub fn new(probabilities: Vec<f64>, actions: usize) -> Result<Self, WorldError> {
        if actions == 0 || !probabilities.len().is_multiple_of(actions) {
            return Err(WorldError::Invalid(format!(
                "a policy over {actions} actions cannot be made of {} probabilities",
                probabilities.len()
            )));
        }
        for (state, row) in probabilities.chunks_exact(actions).enumerate() {
            let sum: f64 = row.iter().sum();
            // Written so that numbers that are none are refused.
            if !(row.iter().all(|probability| *probability >= 0.0) && (sum - 1.0).abs() <= TOLERANCE) {
                return Err(WorldError::Invalid(format!(
                    "the policy's probabilities in state {state} must be at least 0 and sum to 1, not {sum}"
                )));
            }
        }
        Ok(Self { actions, probabilities })
    }

    /// All actions equally likely.
    pub fn uniform(states: usize, actions: usize) -> Self {
        Self { actions, probabilities: vec![1.0 / actions as f64; states * actions] }
    }

    /// Always action `choices[s]` in state `s`; each is below `actions`.
    pub fn greedy(choices: &[usize], actions: usize) -> Self {
        Self::epsilon_greedy(choices, actions, 0.0)
    }

    /// Action `choices[s]` in state `s`, but with probability `epsilon` a uniformly drawn one.
    pub fn epsilon_greedy(choices: &[usize], actions: usize, epsilon: f64) -> Self {
        let mut probabilities = vec![epsilon / actions as f64; choices.len() * actions];
        for (row, &choice) in probabilities.chunks_exact_mut(actions).zip(choices) {
            row[choice] += 1.0 - epsilon;
        }
        Self { actions, probabilities }
    }

    /// Probabilities proportional to exp(`preferences` / `temperature`), computed without overflow;
    /// `preferences` is `[states, actions]` row-major, `temperature` above 0.
    pub fn softmax(preferences: &[f64], actions: usize, temperature: f64) -> Self {
        let mut probabilities = preferences.to_vec();
        for row in probabilities.chunks_exact_mut(actions) {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|value| *value = ((*value - largest) / temperature).exp());
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|value| *value /= sum);
        }
        Self { actions, probabilities }
    }

    /// Number of states.
    pub fn states(&self) -> usize {
        self.probabilities.len() / self.actions
    }

    /// Number of actions.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// Probability of an action in a state.
    pub fn probability(&self, state: usize, action: usize) -> f64 {
        self.probabilities[state * self.actions + action]
    }

    /// Probabilities of all actions in a state.
    pub fn probabilities(&self, state: usize) -> &[f64] {
        &self.probabilities[state * self.actions..][..self.actions]
    }

    /// An action for a state, drawn with its probability.
    pub fn choose(&self, state: usize, random: &mut ChaCha8Rng) -> usize {
        draw(self.probabilities(state).iter().copied(), random)
    }
}
