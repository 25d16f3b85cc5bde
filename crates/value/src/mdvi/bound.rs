//! The paper's bounds on the loss of type 1, checked entry by entry along a run.
//!
//! Without entropy (theorem 1): 0 <= q* - q_(pi_k) <= |A_k E_k / k| + 4 v_max / ((1 - gamma) k),
//! with E_k = -(eps_1 + ... + eps_k), A_k = (I - gamma P_(pi*))^-1 - (I - gamma P_(pi_k))^-1 and
//! v_max = (r_max + lambda ln A) / (1 - gamma).
//!
//! With entropy (theorem 2) h_k = T h_(k-1) + E_k + terms of beta^k, where T is the optimality
//! operator with entropy and E_k = (1 - beta) sum over j of beta^(k-j) eps_j: approximate value
//! iteration whose errors are moving averages. Its loss is at most the absolute value of
//!
//! - -sum over j < k of (gamma P_(pi*))^(k-j) E_j, what the errors take from h, plus
//! - gamma P_(pi_k) (I - gamma P_(pi_k))^-1 R_(k-1), what acting on h loses, where
//!   R_j = gamma P_(pi_j) R_(j-1) + (I - gamma P_(pi_j)) E_j bounds h_j - T h_j,
//!
//! and a rest without errors, at most 2 v_max sum over j < k of gamma^(k-j) beta^j for q_0 = 0 with
//! v_max = (r_max + tau ln A) / (1 - gamma). The loss is against the optimum with entropy. Plain
//! value iteration is the case lambda = tau = 0.

use serde::{Deserialize, Serialize};
use worlds::tabular::{Policy, Table};

use super::regulariser::{Regulariser, entropies, log_softmax};

/// Deviations up to this share of v_max are rounding.
const ROUNDING: f64 = 1e-9;

/// Rounds of soft value iteration at most; its error shrinks by the discount each.
const MOST_ROUNDS: usize = 1_000_000;

/// The check so far; tables are `[S, A]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bound {
    lambda: f64,
    tau: f64,
    /// (r_max + w ln A) / (1 - gamma), w = lambda without entropy, else tau.
    largest: f64,
    /// Action values of the optimum, with entropy where tau > 0.
    optimum: Vec<f64>,
    /// Logarithm of the optimal policy.
    optimal: Vec<f64>,
    /// k.
    iteration: u64,
    /// Without entropy the sum of all errors, with it E_k.
    errors: Vec<f64>,
    /// With entropy: -sum over j <= k of (gamma P_(pi*))^(k-j) E_j.
    taken: Vec<f64>,
    /// With entropy: R_k.
    residual: Vec<f64>,
    /// With entropy: sum over j <= k of gamma^(k-j) beta^j.
    rest: f64,
    violations: u64,
    slack: Option<f64>,
}

impl Bound {
    /// Solves for the optimum; nothing is checked yet.
    pub fn new(regulariser: Regulariser, table: &Table) -> Self {
        let Regulariser { lambda, tau } = regulariser;
        let (model, actions) = (&table.model, table.model.actions());
        let pairs = model.states() * actions;
        let averaging = averaging(lambda, tau);
        let (optimum, optimal) = if tau > 0.0 {
            soft_optimum(table, tau)
        } else {
            let solution = model.optimal(table.discount);
            let greedy = Regulariser { lambda: 0.0, tau: 0.0 };
            let logs = greedy.greedy(&[], &indicator(&solution.policy, actions), actions);
            (solution.action_values, logs)
        };
        let reward = |pair| model.expected_reward(pair / actions, pair % actions).abs();
        let largest_reward = (0..pairs).map(reward).fold(0.0, f64::max);
        let weight = if averaging { lambda } else { tau };
        Self {
            lambda,
            tau,
            largest: (largest_reward + weight * (actions as f64).ln()) / (1.0 - table.discount),
            optimum,
            optimal,
            iteration: 0,
            errors: vec![0.0; pairs],
            taken: vec![0.0; pairs],
            residual: vec![0.0; pairs],
            rest: 1.0,
            violations: 0,
            slack: None,
        }
    }

    /// Iterations in which an entry broke the bound, or fell below 0.
    pub fn violations(&self) -> u64 {
        self.violations
    }

    /// Smallest distance of an entry's loss to its bound, over all iterations.
    pub fn slack(&self) -> Option<f64> {
        self.slack
    }

    /// Checks the policy of the next iteration, whose evaluation erred by `errors`.
    pub fn check(&mut self, table: &Table, log_policy: &[f64], errors: &[f64]) {
        self.iteration += 1;
        let policy = Followed::new(table, log_policy);
        let limits = match averaging(self.lambda, self.tau) {
            true => self.averaging_limits(table, &policy, errors),
            false => self.moving_limits(table, &policy, errors),
        };
        let worth = policy.action_values(self.tau);
        let tolerance = ROUNDING * self.largest.max(1.0);
        let mut slack = f64::INFINITY;
        let mut broken = false;
        for ((best, value), limit) in self.optimum.iter().zip(&worth).zip(&limits) {
            let loss = best - value;
            slack = slack.min(limit - loss);
            broken |= !(loss >= -tolerance && loss <= limit + tolerance);
        }
        self.violations += u64::from(broken);
        self.slack = Some(self.slack.map_or(slack, |least| least.min(slack)));
    }

    /// Limits of theorem 1.
    fn averaging_limits(&mut self, table: &Table, policy: &Followed<'_>, errors: &[f64]) -> Vec<f64> {
        self.errors.iter_mut().zip(errors).for_each(|(sum, error)| *sum -= error);
        let best = Followed::new(table, &self.optimal).resolve(&self.errors);
        let present = policy.resolve(&self.errors);
        let count = self.iteration as f64;
        let start = 4.0 * self.largest / ((1.0 - table.discount) * count);
        best.iter().zip(&present).map(|(best, present)| (best - present).abs() / count + start).collect()
    }

    /// Limits behind theorem 2.
    fn moving_limits(&mut self, table: &Table, policy: &Followed<'_>, errors: &[f64]) -> Vec<f64> {
        let beta = Regulariser { lambda: self.lambda, tau: self.tau }.beta();
        let shrunk = Followed::new(table, &self.optimal).next(&self.taken);
        let acted = policy.next(&policy.resolve(&self.residual));
        let rest = 2.0 * self.largest * table.discount * self.rest;
        let limits = shrunk.iter().zip(&acted).map(|(taken, acted)| (taken + acted).abs() + rest).collect();
        for (mean, error) in self.errors.iter_mut().zip(errors) {
            *mean = beta * *mean + (1.0 - beta) * error;
        }
        self.taken = shrunk.iter().zip(&self.errors).map(|(taken, error)| taken - error).collect();
        let difference: Vec<f64> =
            self.residual.iter().zip(&self.errors).map(|(residual, error)| residual - error).collect();
        let followed = policy.next(&difference);
        self.residual = followed.iter().zip(&self.errors).map(|(next, error)| next + error).collect();
        self.rest = table.discount * self.rest + beta.powi(self.iteration as i32);
        limits
    }
}

/// Whether all errors are averaged with equal weights.
fn averaging(lambda: f64, tau: f64) -> bool {
    lambda > 0.0 && tau == 0.0
}

/// `[S, A]`: 1 for the chosen actions.
fn indicator(choices: &[usize], actions: usize) -> Vec<f64> {
    choices.iter().flat_map(|&choice| (0..actions).map(move |action| f64::from(action == choice))).collect()
}

/// Action values and the logarithm of the policy of the optimum with entropy, by value iteration.
fn soft_optimum(table: &Table, tau: f64) -> (Vec<f64>, Vec<f64>) {
    let (model, actions) = (&table.model, table.model.actions());
    let entropy = Regulariser { lambda: 0.0, tau };
    let mut values = vec![0.0; model.states() * actions];
    let mut logs = Vec::new();
    for _ in 0..MOST_ROUNDS {
        logs = log_softmax(values.iter().map(|value| value / tau).collect(), actions);
        let next = model.action_values(table.discount, &entropy.state_values(&logs, &logs, &values, actions));
        let change = values.iter().zip(&next).map(|(old, new)| (old - new).abs()).fold(0.0, f64::max);
        let scale = next.iter().fold(1.0, |scale: f64, value| scale.max(value.abs()));
        values = next;
        if change <= 1e-14 * scale {
            break;
        }
    }
    (values, logs)
}

/// A policy on its table, with (I - gamma P)^-1 over states.
struct Followed<'a> {
    table: &'a Table,
    log_policy: &'a [f64],
    policy: Policy,
    /// `[S, S]`, row-major.
    successor: Vec<f64>,
}

impl<'a> Followed<'a> {
    fn new(table: &'a Table, log_policy: &'a [f64]) -> Self {
        let policy = Policy::softmax(log_policy, table.model.actions(), 1.0);
        let successor = table.model.successor(table.discount, &policy).transpose().as_slice().to_vec();
        Self { table, log_policy, policy, successor }
    }

    /// gamma P_pi x over pairs: expectations under the next state and the policy there.
    fn next(&self, x: &[f64]) -> Vec<f64> {
        self.discounted(&self.mean(x))
    }

    /// (I - gamma P_pi)^-1 x over pairs: x and what follows it.
    fn resolve(&self, x: &[f64]) -> Vec<f64> {
        let following = self.discounted(&self.accumulated(&self.mean(x)));
        x.iter().zip(&following).map(|(present, future)| present + future).collect()
    }

    /// q_pi, whose future rewards include `tau` times the entropy.
    fn action_values(&self, tau: f64) -> Vec<f64> {
        let (model, actions) = (&self.table.model, self.table.model.actions());
        let rewards: Vec<f64> = (0..model.states() * actions)
            .map(|pair| model.expected_reward(pair / actions, pair % actions))
            .collect();
        let entropies = entropies(self.log_policy, actions);
        let earned = self.mean(&rewards);
        let paid: Vec<f64> =
            earned.iter().zip(&entropies).map(|(reward, entropy)| reward + tau * entropy).collect();
        model.action_values(self.table.discount, &self.accumulated(&paid))
    }

    /// `[S]`: expectation of x over the policy's actions.
    fn mean(&self, x: &[f64]) -> Vec<f64> {
        let actions = self.table.model.actions();
        let row = |(state, x): (usize, &[f64])| {
            self.policy.probabilities(state).iter().zip(x).map(|(probability, x)| probability * x).sum()
        };
        x.chunks_exact(actions).enumerate().map(row).collect()
    }

    /// `[S]`: (I - gamma P_pi)^-1 x over states.
    fn accumulated(&self, x: &[f64]) -> Vec<f64> {
        let dot = |row: &[f64]| row.iter().zip(x).map(|(weight, x)| weight * x).sum();
        self.successor.chunks_exact(x.len()).map(dot).collect()
    }

    /// `[S, A]`: gamma times the expectation of x over the next state.
    fn discounted(&self, x: &[f64]) -> Vec<f64> {
        let model = &self.table.model;
        let pair = |pair| {
            let (state, action) = (pair / model.actions(), pair % model.actions());
            model.action_value(state, action, self.table.discount, x) - model.expected_reward(state, action)
        };
        (0..model.states() * model.actions()).map(pair).collect()
    }
}
