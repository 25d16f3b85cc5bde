//! Exact solutions of a [`Model`] by linear algebra. P is the transition matrix under a policy, r
//! its expected rewards; an ending has no row of its own, so the rows of P sum to less than 1 where
//! episodes end.
//!
//! A discount lies in [0, 1), or is 1 where every policy in question ends all episodes. Anything
//! else may leave a singular system, whose solution is given as numbers that are none (NaN).

use nalgebra::{DMatrix, DVector};

use super::{Model, Policy};

/// Actions whose values differ by less than this, relative to the largest value, are tied. Linear
/// solves leave errors of about 1e-15 / (1 - discount).
const TIE: f64 = 1e-12;

/// Policy iteration takes a few rounds; this many are never needed with a valid discount.
const MOST_ROUNDS: usize = 1_000;

/// Optimal values, and a policy that reaches them.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// `[S]`: the most that can be expected from every state on.
    pub values: Vec<f64>,
    /// `[S, A]` row-major: the same for every first action.
    pub action_values: Vec<f64>,
    /// `[S]`: the best action, of equally good ones the one with the lowest index.
    pub policy: Vec<usize>,
}

impl Model {
    /// Optimal values and actions without a time limit, by policy iteration (Howard 1960) with an
    /// exact solution in every round.
    pub fn optimal(&self, discount: f64) -> Solution {
        let actions = self.actions();
        let mut choices = vec![0; self.states()];
        let mut rounds = 0;
        loop {
            let values = self.policy_values(discount, &Policy::greedy(&choices, actions));
            let action_values = self.action_values(discount, &values);
            let scale = action_values.iter().fold(1.0, |scale: f64, value| scale.max(value.abs()));
            let best = best_actions(&action_values, actions, TIE * scale);
            let mut changed = false;
            for (state, choice) in choices.iter_mut().enumerate() {
                let value = |action: usize| action_values[state * actions + action];
                if value(*choice) + TIE * scale < value(best[state]) {
                    *choice = best[state];
                    changed = true;
                }
            }
            rounds += 1;
            if !changed || rounds == MOST_ROUNDS {
                return Solution { values, action_values, policy: best };
            }
        }
    }

    /// `[S, A]` row-major: value of every action in every state, where `values[s]` is what state
    /// `s` is worth.
    pub fn action_values(&self, discount: f64, values: &[f64]) -> Vec<f64> {
        let pairs = 0..self.states() * self.actions();
        let value = |pair| self.action_value(pair / self.actions(), pair % self.actions(), discount, values);
        pairs.map(value).collect()
    }

    /// `[S]`: values of a policy, (I - discount P)^-1 r.
    pub fn policy_values(&self, discount: f64, policy: &Policy) -> Vec<f64> {
        let reward = |state| {
            let weighted = |action| policy.probability(state, action) * self.expected_reward(state, action);
            (0..self.actions()).map(weighted).sum()
        };
        let rewards = DVector::from_iterator(self.states(), (0..self.states()).map(reward));
        solved(self.lagging(discount, policy), rewards)
    }

    /// `[S, A]` row-major: value of every first action if the policy acts from then on.
    pub fn policy_action_values(&self, discount: f64, policy: &Policy) -> Vec<f64> {
        self.action_values(discount, &self.policy_values(discount, policy))
    }

    /// `[S, S]`: probability of each state (column) to follow each state (row); rows sum to 1 less
    /// the probability that the episode ends.
    pub fn transition_matrix(&self, policy: &Policy) -> DMatrix<f64> {
        let mut matrix: DMatrix<f64> = DMatrix::zeros(self.states(), self.states());
        for state in 0..self.states() {
            for action in 0..self.actions() {
                let probability = policy.probability(state, action);
                for outcome in self.outcomes(state, action).iter().filter(|outcome| !outcome.terminal) {
                    matrix[(state, outcome.state)] += probability * outcome.probability;
                }
            }
        }
        matrix
    }

    /// `[S]`: discounted share of time in every state from an episode's start on,
    /// (1 - discount) sum over t >= 0 of discount^t P(s_t = s). Sums to 1 if episodes never end.
    pub fn occupancy(&self, discount: f64, policy: &Policy) -> Vec<f64> {
        let start = DVector::from_column_slice(self.start()) * (1.0 - discount);
        solved(self.lagging(discount, policy).transpose(), start)
    }

    /// `[S, S]`: the successor representation (Dayan 1993), (I - discount P)^-1: expected discounted
    /// number of visits to each state (column), the present one included, from each state (row).
    pub fn successor(&self, discount: f64, policy: &Policy) -> DMatrix<f64> {
        let size = self.states();
        let inverse = self.lagging(discount, policy).lu().try_inverse();
        inverse.unwrap_or_else(|| DMatrix::from_element(size, size, f64::NAN))
    }

    /// `[S A, S]`: distribution of the discounted future after each pair (row `s A + a`),
    /// (1 - discount) sum over t >= 1 of discount^(t-1) P(s_t = s' | s_0 = s, a_0 = a), where the
    /// policy acts from step 1 on. Rows sum to 1 if episodes never end.
    pub fn discounted_future(&self, discount: f64, policy: &Policy) -> DMatrix<f64> {
        let pairs = self.states() * self.actions();
        let mut next: DMatrix<f64> = DMatrix::zeros(pairs, self.states());
        for pair in 0..pairs {
            let outcomes = self.outcomes(pair / self.actions(), pair % self.actions());
            for outcome in outcomes.iter().filter(|outcome| !outcome.terminal) {
                next[(pair, outcome.state)] += outcome.probability;
            }
        }
        next * self.successor(discount, policy) * (1.0 - discount)
    }

    /// I - discount P.
    fn lagging(&self, discount: f64, policy: &Policy) -> DMatrix<f64> {
        DMatrix::identity(self.states(), self.states()) - self.transition_matrix(policy) * discount
    }
}

/// The solution x of `matrix` x = `right`.
pub(super) fn solved(matrix: DMatrix<f64>, right: DVector<f64>) -> Vec<f64> {
    let size = right.len();
    matrix.lu().solve(&right).map_or_else(|| vec![f64::NAN; size], |x| x.as_slice().to_vec())
}

/// Per state, the first action whose value is within `tolerance` of the best.
fn best_actions(action_values: &[f64], actions: usize, tolerance: f64) -> Vec<usize> {
    let best = |row: &[f64]| {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter().position(|value| *value >= largest - tolerance).unwrap_or(0)
    };
    action_values.chunks_exact(actions).map(best).collect()
}
