//! One optimistic backup of an alpha vector in one context, and how many next states it looks at.

use super::config::{Bonus, LmdpHorizonFreeConfig, Optimism};
use super::counts::{Model, split};

/// What the alpha of a context, state and action is, given those of the next states.
pub enum Backup {
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
pub struct Terms {
    /// Whether it was visited at all; its alpha is 1 otherwise.
    pub seen: bool,
    /// (4 c1)^2 supp iota / N, or 0 where the variance is not used.
    pub square: f64,
    /// The same times 1/4 where the variance is replaced by its bound, or 0.
    pub constant: f64,
    /// 16 c2 S iota / N, or 0 without a bonus.
    pub floor: f64,
}

/// iota = 2 ln(2 M S A H K / delta) for K episodes.
pub fn log_term(model: &Model, episodes: u64, delta: f64) -> f64 {
    let pairs = (model.contexts * model.states * model.actions * model.horizon) as f64;
    2.0 * (2.0 * pairs * episodes as f64 / delta).ln()
}

impl Backup {
    /// The backup of these settings on an estimated model.
    pub fn new(config: &LmdpHorizonFreeConfig, model: &Model, iota: f64) -> Self {
        match config.optimism {
            Optimism::Value => {
                let terms = (0..model.visits.len()).map(|triple| terms(config, model, iota, triple));
                Self::Value { terms: terms.collect() }
            }
            Optimism::Model => Self::Model { bounds: bounds(config, model, iota), order: Vec::new() },
        }
    }

    /// Whether next states count that no estimate gives a chance.
    pub fn looks_everywhere(&self) -> bool {
        matches!(self, Self::Model { .. })
    }

    /// alpha_m(h) from `next[i]`, the alpha at next state `support[i]`; all others have no chance.
    pub fn alpha(&mut self, model: &Model, triple: usize, support: &[usize], next: &[f64]) -> f64 {
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
pub fn fill(items: impl Iterator<Item = ((f64, f64), f64)> + Clone) -> f64 {
    let mut left = 1.0 - items.clone().map(|((low, _), _)| low).sum::<f64>();
    let mut best = 0.0;
    for ((low, high), x) in items {
        let extra = (high - low).min(left).max(0.0);
        best += (low + extra) * x;
        left -= extra;
    }
    best
}

/// States that can follow an action of a state in some context, in order.
pub fn support(model: &Model, everywhere: bool, state: usize, action: usize) -> Vec<usize> {
    let seen = |next: &usize| {
        (0..model.contexts).any(|context| {
            let triple = model.triple(context, state, action);
            model.visits[triple] > 0 && model.kernel(context, state, action)[*next] > 0.0
        })
    };
    (0..model.states).filter(|next| everywhere || seen(next)).collect()
}

/// Whether an action leads to the same as every other, in every context: `[S]`.
pub fn indifferent(model: &Model) -> Vec<bool> {
    let same = |triple: usize| {
        let (context, state, _) = split(triple, model.states, model.actions);
        model.rewards[triple] == model.rewards[model.triple(context, state, 0)]
            && model.kernels[triple * model.states..][..model.states] == *model.kernel(context, state, 0)
    };
    let all = |state: usize| {
        (0..model.contexts * model.actions)
            .all(|index| same(model.triple(index / model.actions, state, index % model.actions)))
    };
    (0..model.states).map(all).collect()
}
