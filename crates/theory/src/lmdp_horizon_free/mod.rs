//! Horizon-free learning in latent Markov decision processes (Zhou, Wang and Du, *Horizon-Free and
//! Variance-Dependent Reinforcement Learning for Latent Markov Decision Processes*, 2023).
//!
//! Each episode nature draws one of M processes; the learner acts without knowing which and is told
//! afterwards. It keeps one empirical kernel per context and plans optimistically on the mixture, a
//! policy of histories. Where no episode earns more than 1, a bonus proportional to the empirical
//! deviation of the alpha vector (what a history is worth in each context) makes the regret depend
//! on the horizon through logarithms only, since the variance along an episode is bounded; for
//! deterministic processes it is constant.
//!
//! The planner, an oracle in the paper, is point-based on a grid of beliefs. Regret is measured
//! against the same planner on the true kernels with an eight times finer grid, without the noise
//! of returns (see `regret`). `bonus = hoeffding` and `none` and `context = ignored` remove parts.

mod config;
mod counts;
mod method;
mod planner;
mod policy;
mod regret;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use run::{Progress, Result, Run};
use serde::{Deserialize, Serialize};
use worlds::tabular::LatentMdp;

pub use config::{Bonus, Context, LmdpHorizonFreeConfig, Optimism};
use counts::{Counts, Model};
use planner::{BeliefPlan, Planner};
use regret::Reference;

/// Episodes of one iteration.
const CHUNK: u64 = 100;

/// Learns a latent process with context in hindsight.
pub struct LmdpHorizonFree {
    config: LmdpHorizonFreeConfig,
    mdp: LatentMdp,
    reference: Reference,
    planner: Planner,
    iota: f64,
    model: Arc<Model>,
    plan: Arc<BeliefPlan>,
    state: State,
    /// States and actions of an episode, reused.
    states: Vec<u32>,
    actions: Vec<u32>,
}

/// Everything that changes, besides what follows from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    counts: Counts,
    /// The counts as they were when the epoch began.
    epoch: Counts,
    episodes: u64,
    regret: f64,
    /// Of the second half of the run.
    late_regret: f64,
    returns: f64,
    solver_calls: u64,
}

impl LmdpHorizonFree {
    /// Some episodes of Algorithm 1: act on the belief, be told the context, count.
    fn iteration(&mut self, run: &mut Run) -> Result<Progress> {
        let left = run.total_steps().saturating_sub(run.steps());
        for _ in 0..CHUNK.min(left) {
            let context = self.mdp.sample_context(run.random("worlds"));
            let (earned, lost) = self.episode(context, run.random("worlds"));
            self.learn(context);
            self.state.episodes += 1;
            self.state.regret += lost;
            self.state.returns += earned;
            if 2 * self.state.episodes > run.total_steps() {
                self.state.late_regret += lost;
            }
            run.episode(earned, self.mdp.horizon() as u64);
            run.log("diag/regret", self.state.regret)?;
            run.count_steps(1);
        }
        Ok(Progress::MAIN)
    }

    /// One episode in a context that the learner does not look at; gives return and regret.
    fn episode(&mut self, context: usize, random: &mut ChaCha8Rng) -> (f64, f64) {
        let (mut earned, mut lost) = (0.0, 0.0);
        let mut state = self.mdp.sample_start(context, random);
        let mut at = self.reference.begin(state);
        let mut belief = vec![0.0; self.model.contexts];
        self.model.first_belief(state, &mut belief);
        self.states.clear();
        self.actions.clear();
        self.states.push(state as u32);
        for step in 0..self.mdp.horizon() {
            let action = self.plan.action(step, state, self.plan.best(step, state, &belief));
            let next = self.mdp.step(context, state, action, random);
            earned += self.mdp.reward(context, state, action);
            lost += self.reference.step(&mut at, step, context, (state, action, next));
            self.model.update_belief(&mut belief, state, action, next);
            self.actions.push(action as u32);
            self.states.push(next as u32);
            state = next;
        }
        (earned, lost)
    }

    /// The context is told: counts grow, and where some n(m, s, a) has doubled an epoch ends. All
    /// estimates are refreshed then, and the solver is called once.
    fn learn(&mut self, context: usize) {
        let context = if self.config.context == Context::Ignored { 0 } else { context };
        if self.state.counts.add(context, &self.states, &self.actions) {
            self.state.epoch = self.state.counts.clone();
            self.replan();
        }
    }

    fn replan(&mut self) {
        let mut model = (*self.model).clone();
        model.refresh(&self.state.epoch, self.config.known_mixture);
        let mut backup = Backup::new(&self.config, &model, self.iota);
        self.plan = Arc::new(self.planner.solve(&model, &mut backup));
        self.model = Arc::new(model);
        self.state.solver_calls += 1;
    }
}

/// iota = 2 ln(2 M S A H K / delta) for K episodes.
fn log_term(model: &Model, episodes: u64, delta: f64) -> f64 {
    let pairs = (model.contexts * model.states * model.actions * model.horizon) as f64;
    2.0 * (2.0 * pairs * episodes as f64 / delta).ln()
}

/// What the alpha of a context, state and action is, given those of the next states.
enum Backup {
    /// The expectation itself: for the true model.
    Exact,
    /// Expectation plus a bonus, at most 1.
    Value {
        /// Per `[M, S, A]`.
        terms: Vec<Terms>,
    },
    /// The greatest expectation over kernels within bounds, at most 1.
    Model {
        /// Least and greatest probability of each next state, `[M, S, A, S]`.
        bounds: Vec<(f64, f64)>,
        /// Next states by falling value, reused.
        order: Vec<usize>,
    },
}

/// The bonus of a context, state and action: max(sqrt(`square` Var + `constant`), `floor`).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Terms {
    /// Whether it was visited at all; its alpha is 1 otherwise.
    seen: bool,
    /// (4 c1)^2 supp iota / N, or 0 where the variance is not used.
    square: f64,
    /// The same times 1/4 where the variance is replaced by its bound, or 0.
    constant: f64,
    /// 16 c2 S iota / N, or 0 without a bonus.
    floor: f64,
}

impl Backup {
    /// The backup of these settings on an estimated model.
    fn new(config: &LmdpHorizonFreeConfig, model: &Model, iota: f64) -> Self {
        match config.optimism {
            Optimism::Value => {
                let terms = (0..model.visits.len()).map(|triple| terms(config, model, iota, triple));
                Self::Value { terms: terms.collect() }
            }
            Optimism::Model => Self::Model { bounds: bounds(config, model, iota), order: Vec::new() },
        }
    }

    /// Whether next states count that no estimate gives a chance.
    fn looks_everywhere(&self) -> bool {
        matches!(self, Self::Model { .. })
    }

    /// alpha_m(h) from `next[i]`, the alpha at next state `support[i]`; all others have no chance.
    fn alpha(&mut self, model: &Model, triple: usize, support: &[usize], next: &[f64]) -> f64 {
        let row = &model.kernels[triple * model.states..][..model.states];
        let mean = || support.iter().zip(next).map(|(&state, &x)| row[state] * x).sum::<f64>();
        let reward = model.rewards[triple];
        match self {
            Self::Exact => reward + mean(),
            Self::Value { terms } => {
                let terms = terms[triple];
                if !terms.seen {
                    return 1.0;
                }
                let mean = mean();
                // Var(p, x) = p x^2 - (p x)^2.
                let squares: f64 = support.iter().zip(next).map(|(&state, &x)| row[state] * x * x).sum();
                let variance = (squares - mean * mean).max(0.0);
                let bonus = (terms.square * variance + terms.constant).sqrt().max(terms.floor);
                (reward + bonus + mean).min(1.0)
            }
            Self::Model { bounds, order } => {
                let bounds = &bounds[triple * model.states..][..model.states];
                order.clear();
                order.extend(0..next.len());
                order.sort_by(|left, right| next[*right].total_cmp(&next[*left]));
                let best = fill(order.iter().map(|&index| (bounds[support[index]], next[index])));
                (reward + best).min(1.0)
            }
        }
    }
}

fn terms(config: &LmdpHorizonFreeConfig, model: &Model, iota: f64, triple: usize) -> Terms {
    let visits = model.visits[triple];
    let row = &model.kernels[triple * model.states..][..model.states];
    let support = row.iter().filter(|probability| **probability > 0.0).count() as f64;
    let share = iota / visits.max(1) as f64;
    let square = (4.0 * config.bonus_scale[0]).powi(2) * support * share;
    let floor = 16.0 * config.bonus_scale[1] * model.states as f64 * share;
    let seen = visits > 0;
    match config.bonus {
        Bonus::Bernstein => Terms { seen, square, constant: 0.0, floor },
        Bonus::Hoeffding => Terms { seen, square: 0.0, constant: square / 4.0, floor },
        Bonus::None => Terms { seen, square: 0.0, constant: 0.0, floor: 0.0 },
    }
}

/// |P~ - P^| <= 2 c1 sqrt(P^ iota / N) + 5 c2 iota / N within [0, 1]; anything where N = 0.
fn bounds(config: &LmdpHorizonFreeConfig, model: &Model, iota: f64) -> Vec<(f64, f64)> {
    let bound = |(index, &probability): (usize, &f64)| {
        let visits = model.visits[index / model.states];
        if visits == 0 {
            return (0.0, 1.0);
        }
        let share = iota / visits as f64;
        let width =
            2.0 * config.bonus_scale[0] * (probability * share).sqrt() + 5.0 * config.bonus_scale[1] * share;
        ((probability - width).max(0.0), (probability + width).min(1.0))
    };
    model.kernels.iter().enumerate().map(bound).collect()
}

/// The greatest sum of p_i x_i over probabilities p within their bounds, by water-filling: everyone
/// gets the least, and what remains of the mass goes to the greatest x first. `items` are (bounds,
/// x) by falling x.
fn fill(items: impl Iterator<Item = ((f64, f64), f64)> + Clone) -> f64 {
    let mut left = 1.0 - items.clone().map(|((low, _), _)| low).sum::<f64>();
    let mut best = 0.0;
    for ((low, high), x) in items {
        let extra = (high - low).min(left).max(0.0);
        best += (low + extra) * x;
        left -= extra;
    }
    best
}
