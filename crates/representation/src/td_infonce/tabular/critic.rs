//! Contrastive critics with one free number f(s, a, s_f) per entry of a table, trained on
//! minibatches with exact gradients.
//!
//! Candidates are states of a finite set, so a row of logits over a batch of B candidates is a row
//! over the S states weighted by how often each is among the candidates: the gradient of the loss
//! over B x B logits is computed in B + S A S operations.

use learn::optim::{AdamSettings, TableAdam};
use rand_chacha::ChaCha8Rng;
use worlds::tabular::Policy;

use super::data::Data;

/// What a critic is trained by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Next states by InfoNCE, and their futures by importance weights of the target critic.
    Temporal,
    /// Next states only: the second loss left out.
    NextState,
    /// Futures drawn from the episode, by InfoNCE.
    MonteCarlo,
    /// C-learning (Eysenbach, Salakhutdinov and Levine, 2021): a classifier between future and
    /// random states, with bootstrapped importance weights.
    Classifier,
}

/// How a critic is trained.
#[derive(Clone, Debug)]
pub struct Training {
    /// What it is trained by.
    pub objective: Objective,
    /// Discount of the future.
    pub gamma: f64,
    /// Transitions, and candidates, of an update.
    pub batch: usize,
    /// Number of updates.
    pub updates: usize,
    /// Adam's step size in the first update.
    pub learning_rate: f64,
    /// The step size falls geometrically to this share of it.
    pub final_share: f64,
    /// Share of the critic that flows into the target critic per update.
    pub tau: f64,
}

/// A minibatch.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// `s A + a` of every anchor.
    pub pairs: Vec<usize>,
    /// What followed it: the next state, or a future one.
    pub positives: Vec<usize>,
    /// The next state, from where the target critic looks on.
    pub next: Vec<usize>,
    /// States of other transitions, drawn independently of the anchors.
    pub random: Vec<usize>,
}

impl Batch {
    /// Draws a batch with replacement.
    fn draw(&mut self, data: &Data, training: &Training, random: &mut ChaCha8Rng) {
        self.pairs.clear();
        self.positives.clear();
        self.next.clear();
        self.random.clear();
        for _ in 0..training.batch {
            let index = data.draw(random);
            self.pairs.push(data.pair(index));
            self.next.push(data.next(index));
            if training.objective == Objective::MonteCarlo {
                self.positives.push(data.future(index, training.gamma, random));
            } else {
                self.positives.push(data.next(index));
                self.random.push(data.next(data.draw(random)));
            }
        }
    }
}

/// The table of a critic with its shape.
#[derive(Clone, Debug)]
pub struct Table {
    /// Number of states S.
    pub states: usize,
    /// Number of actions A.
    pub actions: usize,
    /// `[S A, S]`.
    pub values: Vec<f64>,
}

impl Table {
    /// Zeros.
    pub fn zeros(states: usize, actions: usize) -> Self {
        Self { states, actions, values: vec![0.0; states * actions * states] }
    }

    /// Row of a pair.
    pub fn row(&self, pair: usize) -> &[f64] {
        &self.values[pair * self.states..][..self.states]
    }

    /// Probabilities `[S A, S]` of future states, softmax over s_f of f(s, a, s_f) + log p(s_f),
    /// where p is the distribution that candidates are drawn from.
    pub fn probabilities(&self, candidates: &[f64]) -> Vec<f64> {
        let mut shares = vec![0.0; self.values.len()];
        for (row, shares) in self.values.chunks(self.states).zip(shares.chunks_mut(self.states)) {
            weighted_softmax(row, candidates, shares);
        }
        shares
    }
}

/// `weights[x] exp(row[x])`, normalised to sum to 1.
fn weighted_softmax(row: &[f64], weights: &[f64], out: &mut [f64]) {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for ((out, value), weight) in out.iter_mut().zip(row).zip(weights) {
        *out = weight * (value - largest).exp();
        total += *out;
    }
    out.iter_mut().for_each(|share| *share /= total);
}

/// Gradient `[S A, S]` of the mean loss over a batch with respect to the critic's numbers.
pub fn gradient(
    critic: &Table,
    target: &Table,
    policy: &Policy,
    batch: &Batch,
    training: &Training,
) -> Vec<f64> {
    let states = critic.states;
    let counts = occurrences(&batch.pairs, critic.values.len() / states);
    let mut slope = vec![0.0; critic.values.len()];
    let (near, far) = match training.objective {
        Objective::MonteCarlo => (1.0, 0.0),
        Objective::NextState => (1.0 - training.gamma, 0.0),
        Objective::Temporal | Objective::Classifier => (1.0 - training.gamma, training.gamma),
    };
    let (positives, random) = (occurrences(&batch.positives, states), occurrences(&batch.random, states));
    let classifier = training.objective == Objective::Classifier;
    let mut shares = vec![0.0; states];
    for pair in (0..counts.len()).filter(|pair| counts[*pair] > 0.0) {
        let slope = &mut slope[pair * states..][..states];
        let row = critic.row(pair);
        if classifier {
            // d/df [-log(1 - C)] = C for every random state, C the sigmoid of f.
            for ((slope, value), random) in slope.iter_mut().zip(row).zip(&random) {
                *slope += counts[pair] * random / batch.random.len() as f64 * sigmoid(*value);
            }
            continue;
        }
        for (candidates, weight) in [(&positives, near), (&random, far)] {
            if weight > 0.0 {
                weighted_softmax(row, candidates, &mut shares);
                let weight = weight * counts[pair];
                slope.iter_mut().zip(&shares).for_each(|(slope, share)| *slope += weight * share);
            }
        }
    }
    let labels = if far > 0.0 { labels(target, policy, &random, classifier) } else { Vec::new() };
    for ((&pair, &positive), &next) in batch.pairs.iter().zip(&batch.positives).zip(&batch.next) {
        let row = critic.row(pair);
        let slope = &mut slope[pair * states..][..states];
        // The classifier's -w log C has the slope -w (1 - C), InfoNCE's label w the slope -w.
        let factor = |state: usize| if classifier { 1.0 - sigmoid(row[state]) } else { 1.0 };
        slope[positive] -= near * factor(positive);
        if far > 0.0 {
            let labels = &labels[next * states..][..states];
            (0..states).for_each(|state| slope[state] -= far * labels[state] * factor(state));
        }
    }
    let scale = 1.0 / batch.pairs.len() as f64;
    slope.iter_mut().for_each(|slope| *slope *= scale);
    slope
}

/// `[S, S]`: for every next state the label of each random state, summed over how often it was
/// drawn: the expectation over the policy's next action of the target critic's softmax over the
/// random states, or of its odds divided by their number for a classifier.
fn labels(target: &Table, policy: &Policy, random: &[f64], classifier: bool) -> Vec<f64> {
    let (states, actions) = (target.states, target.actions);
    let drawn: f64 = random.iter().sum();
    let mut labels = vec![0.0; states * states];
    let mut shares = vec![0.0; states];
    for state in 0..states {
        for action in 0..actions {
            let row = target.row(state * actions + action);
            if classifier {
                for ((share, value), random) in shares.iter_mut().zip(row).zip(random) {
                    *share = random / drawn * value.exp();
                }
            } else {
                weighted_softmax(row, random, &mut shares);
            }
            let probability = policy.probability(state, action);
            let labels = &mut labels[state * states..][..states];
            labels.iter_mut().zip(&shares).for_each(|(label, share)| *label += probability * share);
        }
    }
    labels
}

fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

fn occurrences(indices: &[usize], size: usize) -> Vec<f64> {
    let mut counts = vec![0.0; size];
    indices.iter().for_each(|&index| counts[index] += 1.0);
    counts
}

/// Trains a critic on a data set from zeros.
pub fn train(
    data: &Data,
    policy: &Policy,
    states: usize,
    training: &Training,
    random: &mut ChaCha8Rng,
) -> Table {
    let mut critic = Table::zeros(states, policy.actions());
    let mut target = critic.clone();
    let mut adam = TableAdam::new(critic.values.len());
    let mut batch = Batch::default();
    let decay = training.final_share.powf(1.0 / training.updates as f64);
    let mut rate = training.learning_rate;
    for _ in 0..training.updates {
        batch.draw(data, training, random);
        let slope = gradient(&critic, &target, policy, &batch, training);
        adam.step(&mut critic.values, &slope, &AdamSettings::new(rate));
        rate *= decay;
        for (target, online) in target.values.iter_mut().zip(&critic.values) {
            *target += training.tau * (online - *target);
        }
    }
    critic
}
