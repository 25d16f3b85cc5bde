//! Exact measures in a world whose table is known.

use worlds::tabular::{Policy, Table};

/// Steps that count where a world has no time limit.
const STEPS: usize = 10_000;

/// `[S]`: undiscounted return of a policy from each state, within the world's time limit less
/// `elapsed` steps.
pub fn values(table: &Table, policy: &Policy, elapsed: usize) -> Vec<f64> {
    let mut values = vec![0.0; table.model.states()];
    for _ in elapsed..table.horizon.unwrap_or(STEPS) {
        values = first_step(table, policy, &values);
    }
    values
}

/// `[S]`: return of one step by the policy where what follows is worth `after`.
pub fn first_step(table: &Table, policy: &Policy, after: &[f64]) -> Vec<f64> {
    let (states, actions) = (table.model.states(), table.model.actions());
    let value = |state| {
        let term =
            |action| policy.probability(state, action) * table.model.action_value(state, action, 1.0, after);
        (0..actions).map(term).sum()
    };
    (0..states).map(value).collect()
}

/// Mean over an episode's first states of the distance between two numbers per state.
pub fn gap(table: &Table, promised: &[f64], real: &[f64]) -> f64 {
    let pairs = promised.iter().zip(real).zip(table.model.start());
    pairs.map(|((promised, real), start)| start * (promised - real).abs()).sum()
}
