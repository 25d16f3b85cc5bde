//! The tabular form: a code for every step, over tables of states.
//!
//! A code stands for what follows one step, so it is drawn anew at every step. Its posterior
//! q(z | s, a, r, s') knows nothing of later steps, which makes the constraint on the step itself the
//! whole constraint: with it, q depends on (s, a) alone and V(s, z) is what the actions of z are
//! worth where the behaviour goes on afterwards.
//!
//! The energy's draws of (r, s') come from the recorded outcomes of the same state and action, so
//! that its bound is at most the exact information. Draws from the whole data set, as in the released
//! code, add a constant that does not depend on the codes.

use learn::information::{conditional_information, group_means};
use nets::noise;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run};
use serde::{Deserialize, Serialize};
use worlds::tabular;

use super::{
    cells::{Cells, Sample},
    config::{Constraint, DocControlConfig},
    parameters::{Parameters, softmax},
};

/// All that is learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// Logits of q(z | s, a, r, s'), `[cells, codes]`.
    pub posterior: Parameters,
    /// Logits of pi(a | s, z), `[states codes, actions]`.
    pub policy: Parameters,
    /// Logits of the return's bin given s and z, `[states codes, bins]`.
    pub value: Parameters,
    /// f(r, s', z, s, a), `[cells, codes]`.
    pub energy: Parameters,
}

/// The learner.
pub struct Tabular {
    config: DocControlConfig,
    /// The data.
    pub cells: Cells,
    codes: usize,
    /// The tables.
    pub tables: Tables,
}

/// Mean losses of an update.
#[derive(Clone, Copy, Debug, Default)]
pub struct Losses {
    policy: f64,
    value: f64,
    energy: f64,
}

impl Tabular {
    /// Draws the tables' first numbers, normal and clipped to two standard deviations.
    pub fn new(config: &DocControlConfig, cells: Cells, run: &mut Run) -> Self {
        if config.lambda > 0.0 && cells.deterministic() {
            run.note(
                "every recorded state and action was always followed by the same reward and state: codes \
                 have no information of chance, and `lambda` no effect",
            );
        }
        let codes = cells.actions * config.tabular.bins;
        let random = run.random("init");
        let mut table = |rows: usize, width: usize| {
            let values = noise::normal_values(rows * width, random);
            Parameters::new(values.into_iter().map(|value| value.clamp(-2.0, 2.0)).collect(), width)
        };
        let tables = Tables {
            posterior: table(cells.count(), codes),
            policy: table(cells.states * codes, cells.actions),
            value: table(cells.states * codes, config.tabular.bins),
            energy: table(cells.count(), codes),
        };
        Self { config: config.clone(), cells, codes, tables }
    }

    /// One update on a batch of steps.
    ///
    /// # Errors
    /// A loss is not finite.
    pub fn advance(&mut self, run: &mut Run) -> Result<()> {
        let batch = self.config.tabular.batch;
        let count = self.cells.samples.len();
        let drawn: Vec<usize> = (0..batch).map(|_| run.random("replay").random_range(0..count)).collect();
        let losses = self.accumulate(&drawn, run.random("codes"));
        let (rate, constrained) = (self.config.tabular.learning_rate, self.constrained());
        let Tables { posterior, policy, value, energy } = &mut self.tables;
        for table in [posterior, policy, value] {
            table.descend(rate);
        }
        if constrained {
            energy.descend(rate);
            run.log("loss/energy", losses.energy)?;
        }
        run.log("loss/policy", losses.policy)?;
        run.log("loss/value", losses.value)?;
        run.count_updates("tables", 1);
        run.count_steps(1);
        Ok(())
    }

    fn constrained(&self) -> bool {
        self.config.lambda > 0.0 && self.config.constraint == Constraint::Energy
    }

    /// Adds the gradient of the batch's mean loss to every table.
    fn accumulate(&mut self, drawn: &[usize], random: &mut ChaCha8Rng) -> Losses {
        let means = match self.config.lambda > 0.0 && self.config.constraint == Constraint::Exact {
            true => {
                let posterior = self.posteriors();
                group_means(&self.cells.weights, &self.cells.pairs, &posterior, self.codes)
            }
            false => Vec::new(),
        };
        let (mut losses, mut q, mut slope) = (Losses::default(), Vec::new(), vec![0.0; self.codes]);
        let share = 1.0 / drawn.len() as f64;
        for &index in drawn {
            let sample = self.cells.samples[index];
            softmax(self.tables.posterior.row(sample.cell), &mut q);
            let code = chosen(&q, random.random());
            slope.fill(0.0);
            losses.policy += share * self.imitate(&sample, code, share, &mut slope);
            losses.value += share * self.predict(&sample, code, share, &mut slope);
            if self.constrained() {
                losses.energy += share * self.contest(&sample, code, share, &mut slope);
            } else if !means.is_empty() {
                // The derivative of sum w q ln(q / mean of q) with respect to q.
                let mean = &means[self.cells.pairs[sample.cell] * self.codes..][..self.codes];
                for ((slope, q), mean) in slope.iter_mut().zip(&q).zip(mean) {
                    *slope +=
                        self.config.lambda * (q.max(f64::MIN_POSITIVE) / mean.max(f64::MIN_POSITIVE)).ln();
                }
            }
            // Straight through: the code enters as onehot + q - sg(q), so its slope is q's.
            let mean: f64 = q.iter().zip(&slope).map(|(q, slope)| q * slope).sum();
            let row = self.tables.posterior.slope(sample.cell);
            for ((out, q), slope) in row.iter_mut().zip(&q).zip(&slope) {
                *out += share * q * (slope - mean);
            }
        }
        losses
    }

    /// Cross-entropy of the action under pi(. | s, z), whose logits are a sum over codes weighted by z.
    fn imitate(&mut self, sample: &Sample, code: usize, share: f64, slope: &mut [f64]) -> f64 {
        classify(&mut self.tables.policy, sample.state * self.codes, code, sample.action, share, slope)
    }

    /// Cross-entropy of the return's bin, likewise.
    fn predict(&mut self, sample: &Sample, code: usize, share: f64, slope: &mut [f64]) -> f64 {
        classify(&mut self.tables.value, sample.state * self.codes, code, sample.bin, share, slope)
    }

    /// f(x, z) - ln sum over outcomes x' of phat(x' | s, a) exp f(x', z): f ascends it, and the code
    /// descends it lambda times (gradient reversal).
    fn contest(&mut self, sample: &Sample, code: usize, share: f64, slope: &mut [f64]) -> f64 {
        let (first, number) = self.cells.alike(sample.cell);
        let alike = first..first + number;
        let logs: Vec<f64> = alike
            .clone()
            .map(|cell| self.cells.weights[cell].ln() + self.tables.energy.row(cell)[code])
            .collect();
        let (mut chances, total) =
            (Vec::new(), alike.clone().map(|cell| self.cells.weights[cell]).sum::<f64>());
        softmax(&logs, &mut chances);
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum = largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln() - total.ln();
        let bound = self.tables.energy.row(sample.cell)[code] - sum;
        for (cell, chance) in alike.zip(chances) {
            let own = if cell == sample.cell { 1.0 } else { 0.0 };
            for (slope, f) in slope.iter_mut().zip(self.tables.energy.row(cell)) {
                *slope += self.config.lambda * (own - chance) * f;
            }
            self.tables.energy.slope(cell)[code] -= share * (own - chance);
        }
        bound
    }

    /// q(z | cell), `[X, codes]`.
    pub fn posteriors(&self) -> Vec<f64> {
        let mut row = Vec::new();
        let mut all = Vec::with_capacity(self.cells.count() * self.codes);
        for cell in 0..self.cells.count() {
            softmax(self.tables.posterior.row(cell), &mut row);
            all.extend_from_slice(&row);
        }
        all
    }

    /// I(z; r, s' | s, a) under the data, exactly.
    pub fn information(&self) -> f64 {
        conditional_information(&self.cells.weights, &self.cells.pairs, &self.posteriors(), self.codes)
    }

    /// What the method does: which code is acted on in each state, how it acts and what it promises.
    ///
    /// # Errors
    /// None in practice.
    pub fn outcome(&self) -> Result<Outcome> {
        let Cells { states, actions, .. } = self.cells;
        let owners: Vec<usize> = self.cells.pairs.iter().map(|pair| pair / actions).collect();
        let priors = group_means(&self.cells.weights, &owners, &self.posteriors(), self.codes);
        let (mut shares, mut promised) = (Vec::with_capacity(states * actions), vec![0.0; states]);
        for (state, promised) in promised.iter_mut().enumerate() {
            let prior = priors.get(state * self.codes..(state + 1) * self.codes).unwrap_or_default();
            let bins: Vec<Vec<f64>> = (0..self.codes)
                .map(|code| probabilities(&self.tables.value, state * self.codes + code))
                .collect();
            let tops: Vec<f64> = bins.iter().map(|bins| bins.last().copied().unwrap_or(0.0)).collect();
            let tie = self.config.tabular.tie;
            let chances = best_of(prior, &tops[..prior.len()], self.config.candidates, tie);
            let mut row = vec![0.0; actions];
            for (code, chance) in chances.iter().enumerate().filter(|(_, chance)| **chance > 0.0) {
                let acts = probabilities(&self.tables.policy, state * self.codes + code);
                row.iter_mut().zip(acts).for_each(|(sum, probability)| *sum += chance * probability);
                let expected = bins[code].iter().zip(&self.cells.bin_values).map(|(p, value)| p * value);
                *promised += chance * expected.sum::<f64>();
            }
            if row.iter().sum::<f64>() == 0.0 {
                row.fill(1.0 / actions as f64);
            }
            shares.extend(row);
        }
        Ok(Outcome { policy: tabular::Policy::new(shares, actions)?, promised })
    }
}

/// A policy, and what was promised for acting by it.
pub struct Outcome {
    /// Probabilities of actions, over the codes that may be chosen.
    pub policy: tabular::Policy,
    /// Expected V(s, z) of the codes acted on, `[states]`.
    pub promised: Vec<f64>,
}

/// Probability of each code to be the most valuable of `draws` independent draws from `prior`, which
/// sums to 1. Codes whose values differ from the best of their group by at most `tie` are equally
/// good; among those drawn, one is taken with its prior's probability.
///
/// The best is in a group G if one of G was drawn and none of a better group B:
/// (1 - p(B))^draws - (1 - p(B) - p(G))^draws.
pub fn best_of(prior: &[f64], values: &[f64], draws: usize, tie: f64) -> Vec<f64> {
    let draws = i32::try_from(draws).unwrap_or(i32::MAX);
    let mut order: Vec<usize> = (0..prior.len()).filter(|&code| prior[code] > 0.0).collect();
    order.sort_by(|&one, &other| values[other].total_cmp(&values[one]).then(one.cmp(&other)));
    let mut chances = vec![0.0; prior.len()];
    let (mut better, mut rest) = (0.0_f64, &order[..]);
    while let Some(&leader) = rest.first() {
        let size = rest.partition_point(|&code| values[leader] - values[code] <= tie);
        let (group, later) = rest.split_at(size);
        let share: f64 = group.iter().map(|&code| prior[code]).sum();
        let left = (1.0 - better - share).max(0.0);
        let chance = (1.0 - better).max(0.0).powi(draws) - left.powi(draws);
        group.iter().for_each(|&code| chances[code] = chance * prior[code] / share);
        better += share;
        rest = later;
    }
    let sum: f64 = chances.iter().sum();
    if sum > 0.0 {
        chances.iter_mut().for_each(|chance| *chance /= sum);
    }
    chances
}

/// The index at which the distribution function passes `uniform`.
fn chosen(probabilities: &[f64], uniform: f64) -> usize {
    let mut left = uniform;
    for (index, probability) in probabilities.iter().enumerate() {
        if left < *probability {
            return index;
        }
        left -= probability;
    }
    probabilities.len() - 1
}

fn probabilities(table: &Parameters, row: usize) -> Vec<f64> {
    let mut out = Vec::new();
    softmax(table.row(row), &mut out);
    out
}

/// Cross-entropy of `class` under the logits of row `first + code`, its gradient in that row times
/// `share`, and its derivative with respect to the weight of every code, added to `slope`.
fn classify(
    table: &mut Parameters,
    first: usize,
    code: usize,
    class: usize,
    share: f64,
    slope: &mut [f64],
) -> f64 {
    let mut error = probabilities(table, first + code);
    let loss = -error[class].max(f64::MIN_POSITIVE).ln();
    error[class] -= 1.0;
    for (other, slope) in slope.iter_mut().enumerate() {
        *slope += error.iter().zip(table.row(first + other)).map(|(error, logit)| error * logit).sum::<f64>();
    }
    table.slope(first + code).iter_mut().zip(&error).for_each(|(out, error)| *out += share * error);
    loss
}

#[cfg(test)]
#[path = "tests_of_tables.rs"]
mod tests;
