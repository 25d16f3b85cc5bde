//! Thresholds with latent values and censored feedback (Zhang, Lin, Zheng, Feng, Teng and Deng,
//! *Learning Thresholds with Latent Values and Censored Feedback*, 2024).
//!
//! A threshold x is proposed, a latent value v is drawn and never shown, and g(x, v) is earned and
//! seen where x <= v, else 0. If g does not fall with x and v has a Lipschitz distribution, or if g
//! is one-sided Lipschitz in x, a grid of about 1/eps thresholds, rounded to the safe side and each
//! queried about 1/eps^2 times, finds one within eps of the best, and no algorithm needs fewer than
//! of the order of 1/eps^3 queries. Online, an optimistic index on a coarser grid has regret of the
//! order of T^(2/3).
//!
//! Added here: successive elimination with empirical Bernstein intervals, a search for the least
//! number of queries that suffices, and three comparators (few thresholds by `points`, random ones,
//! golden-section search). Recommendations are scored by the oracle's exact expected reward.

mod config;
mod method;
mod offline;
mod online;
#[cfg(test)]
mod tests;

use rand::Rng;
use run::{Progress, Result, Run};
use serde::{Deserialize, Serialize};
use worlds::tabular::ThresholdOracle;

pub use config::{Aim, Class, LatentThresholdsConfig, QueryPlan, Strategy};
use offline::Learner;
use online::OnlineLearner;

/// Queries of an online learner in one iteration.
const CHUNK: u64 = 100;

/// Learns a threshold.
pub struct LatentThresholds {
    config: LatentThresholdsConfig,
    oracle: ThresholdOracle,
    state: State,
}

/// Everything that changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    /// Offline learners scored so far, of the current level where a search goes on.
    trials: u64,
    successes: u64,
    gaps: f64,
    queries: u64,
    threshold: Option<f64>,
    /// Queries of each threshold, where a search looks for the least.
    level: u64,
    found: bool,
    online: Option<OnlineLearner>,
}

impl LatentThresholds {
    /// A chunk of queries online; offline one learner, or every learner of a level of the search.
    fn iteration(&mut self, run: &mut Run) -> Result<Progress> {
        let finished = match self.config.mode {
            Aim::Online => self.query_online(run)?,
            Aim::Offline if self.config.search => self.search_level(run)?,
            Aim::Offline => {
                let queries = self.queries_of_a_trial(run.total_steps());
                self.try_once(queries, run)?;
                self.state.trials == self.config.trials
            }
        };
        Ok(Progress { finished, ..Progress::MAIN })
    }

    fn queries_of_a_trial(&self, total: u64) -> u64 {
        match self.config.plan {
            QueryPlan::Theory => offline::theory_queries(&self.config),
            QueryPlan::Budget => total / self.config.trials,
        }
    }

    /// One offline learner from the first query to its recommendation, scored exactly.
    fn try_once(&mut self, queries: u64, run: &mut Run) -> Result<()> {
        let oracle = if self.config.trials > 1 {
            // The world's own seeds are 32 bits wide; these never meet them.
            self.oracle.redrawn(run.random("instances").next_u64())
        } else {
            self.oracle.clone()
        };
        let random = run.random("worlds");
        let recommended = Learner { config: &self.config, oracle: &oracle, random }.recommend(queries)?;
        let gap = oracle.best().1 - oracle.expected(recommended.threshold);
        let state = &mut self.state;
        state.trials += 1;
        // Rounding may leave the best threshold an ulp below the best reward.
        state.successes += u64::from(gap <= self.config.eps + 1e-12);
        state.gaps += gap;
        state.queries += recommended.queries;
        state.threshold = Some(recommended.threshold);
        run.count_steps(recommended.queries);
        run.log("diag/gap", gap)
    }

    /// All trials at one number of queries per threshold; gives whether the search is over. A level
    /// that the run's steps cannot pay for is not begun.
    fn search_level(&mut self, run: &mut Run) -> Result<bool> {
        if self.state.trials > 0 {
            // Grown by a quarter, and by one at least.
            self.state.level += self.state.level.div_ceil(4);
        }
        let queries = self.state.level * offline::least_queries(&self.config);
        let left = run.total_steps().saturating_sub(run.steps());
        if queries.saturating_mul(self.config.trials) > left {
            run.note(format!(
                "the next level of the search takes {} queries, but {left} are left: give more --steps",
                queries.saturating_mul(self.config.trials)
            ));
            return Ok(true);
        }
        let state = &mut self.state;
        (state.trials, state.successes, state.gaps, state.queries) = (0, 0, 0.0, 0);
        for _ in 0..self.config.trials {
            self.try_once(queries, run)?;
        }
        let share = self.state.successes as f64 / self.state.trials as f64;
        run.log("diag/success", share)?;
        self.state.found = share >= self.config.success_rate;
        Ok(self.state.found)
    }

    fn query_online(&mut self, run: &mut Run) -> Result<bool> {
        let count = CHUNK.min(run.total_steps().saturating_sub(run.steps()));
        let Some(learner) = &mut self.state.online else { return Ok(true) };
        for _ in 0..count {
            learner.step(&self.config, &self.oracle, run.random("worlds"))?;
        }
        self.state.queries += count;
        run.log("diag/regret_per_step", learner.regret() / self.state.queries.max(1) as f64)?;
        run.count_steps(count);
        Ok(false)
    }
}

/// K thresholds such that every threshold x has one within 1/K on the safe side.
///
/// In class A, U(x + d) >= U(x) - L d: raising the threshold loses at most the values in between,
/// so the optimum is represented by the next point above and the grid holds 1. In class B,
/// U(x - d) >= U(x) - L d, so it is represented by the next point below and the grid holds 0. The
/// neighbour on the other side may lose a constant.
fn grid(class: Class, points: usize) -> Vec<f64> {
    let first = usize::from(class != Class::B);
    (first..points + first).map(|index| index as f64 / points as f64).collect()
}

/// ceil(2 L / eps): rounding then loses at most eps/2.
fn offline_points(lipschitz: f64, eps: f64) -> usize {
    ceiling(2.0 * lipschitz / eps) as usize
}

/// ceil(8 / eps^2 ln(2 K / delta)) queries of each of K thresholds: by Hoeffding's inequality and a
/// union bound every mean is then within eps/4 of its expectation with probability 1 - delta.
fn repeats(eps: f64, delta: f64, points: usize) -> u64 {
    ceiling(8.0 / (eps * eps) * (2.0 * points as f64 / delta).ln()) as u64
}

/// ceil((L^2 T / ln T)^(1/3)) arms for T queries, which balances rounding against exploration.
fn online_points(lipschitz: f64, queries: u64) -> usize {
    let queries = queries.max(2) as f64;
    ceiling((lipschitz * lipschitz * queries / queries.ln()).cbrt()).max(1.0) as usize
}

/// The ceiling, where a number that rounding has lifted just above a whole one is that one.
fn ceiling(value: f64) -> f64 {
    (value * (1.0 - 1e-12)).ceil()
}
