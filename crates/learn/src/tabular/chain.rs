//! A finite Markov chain with weighted states, and linear prediction of latents along it.
//!
//! States have a representation S, `[n, k]`, and what is predicted from them one of its own or the
//! same, T `[n, k]`. A predictor A, `[k, k]`, maps the latent of one to that of the other; the loss
//! is `E |A' S' x - T' y|^2` over pairs (x, y) as the chain gives them (Tang et al., 2023,
//! "Understanding Self-Predictive Learning for Reinforcement Learning", arXiv 2212.03319).

use nalgebra::{DMatrix, DVector};

use crate::LearnError;

/// How far the probabilities of a state may be from summing to 1.
const ROW_TOLERANCE: f64 = 1e-8;
/// Two entries that differ by more are not the same.
const SYMMETRY_TOLERANCE: f64 = 1e-10;
/// Eigenvalues of a weighted Gram matrix below this share of its largest count as zero.
const GRAM_TOLERANCE: f64 = 1e-12;

/// A finite Markov chain with a weight for every state.
#[derive(Clone, Debug)]
pub struct Chain {
    transitions: DMatrix<f64>,
    weights: DVector<f64>,
}

impl Chain {
    /// A chain with `transitions [n, n]`, whose row is the distribution of a state's successor, and
    /// `weights [n]`, positive and summing to 1.
    ///
    /// # Errors
    /// A row is no distribution, or the weights are none over all states; the sentence names the
    /// first such row or state.
    pub fn new(transitions: DMatrix<f64>, weights: DVector<f64>) -> Result<Self, LearnError> {
        let states = transitions.nrows();
        if transitions.ncols() != states || weights.len() != states {
            return Err(LearnError::Table(format!(
                "a chain needs a square transition matrix and a weight per state, not {states} x {} entries and \
                 {} weights",
                transitions.ncols(),
                weights.len()
            )));
        }
        for (state, row) in transitions.row_iter().enumerate() {
            let sum = row.sum();
            // Written so that numbers that are none are refused.
            if !(row.iter().all(|entry| *entry >= 0.0) && (sum - 1.0).abs() <= ROW_TOLERANCE) {
                return Err(LearnError::Table(format!(
                    "row {state} of the transition matrix must be at least 0 and sum to 1, but it sums to {sum} \
                     with a smallest entry of {}: give a world whose episodes do not end",
                    row.min()
                )));
            }
        }
        if let Some(state) = weights.iter().position(|weight| !(weight.is_finite() && *weight > 0.0)) {
            return Err(LearnError::Table(format!(
                "the weight of state {state} is {}, but the best predictor needs positive weights everywhere: \
                 use uniform weights",
                weights[state]
            )));
        }
        if (weights.sum() - 1.0).abs() > ROW_TOLERANCE {
            return Err(LearnError::Table(format!(
                "the weights of the states must sum to 1, not {}: divide them by their sum",
                weights.sum()
            )));
        }
        Ok(Self { transitions, weights })
    }

    /// Number of states, n.
    pub fn states(&self) -> usize {
        self.weights.len()
    }

    /// The transition matrix P, `[n, n]`.
    pub fn transitions(&self) -> &DMatrix<f64> {
        &self.transitions
    }

    /// The weights mu, `[n]`.
    pub fn weights(&self) -> &DVector<f64> {
        &self.weights
    }

    /// Whether P equals its transpose.
    pub fn symmetric(&self) -> bool {
        (&self.transitions - self.transitions.transpose()).amax() <= SYMMETRY_TOLERANCE
    }

    /// Whether all weights are equal.
    pub fn uniform(&self) -> bool {
        self.weights.max() - self.weights.min() <= SYMMETRY_TOLERANCE
    }

    /// Prediction of the successor: weights mu, coupling `D P`.
    pub fn forward(&self) -> Direction {
        Direction {
            weights: self.weights.clone(),
            coupling: DMatrix::from_diagonal(&self.weights) * &self.transitions,
            target_weights: self.transitions.tr_mul(&self.weights),
        }
    }

    /// Prediction of the state that was left, from its successor: weights `mu P`, coupling `P' D`.
    pub fn backward(&self) -> Direction {
        let forward = self.forward();
        Direction {
            weights: forward.target_weights,
            coupling: forward.coupling.transpose(),
            target_weights: forward.weights,
        }
    }
}

/// What is predicted from what, as second moments of pairs (source, target).
#[derive(Clone, Debug)]
pub struct Direction {
    /// Probability of every source, `[n]`.
    weights: DVector<f64>,
    /// Probability of every pair of source (row) and target, `[n, n]`.
    coupling: DMatrix<f64>,
    /// Probability of every target, `[n]`.
    target_weights: DVector<f64>,
}

impl Direction {
    /// The best predictor, `(S' W S)^-1 S' C T` for `source` S and `target` T. Directions in which S
    /// has collapsed get 0, so that it is the smallest among the best.
    pub fn best_predictor(&self, source: &DMatrix<f64>, target: &DMatrix<f64>) -> DMatrix<f64> {
        let gram = source.tr_mul(&scaled(&self.weights, source)).symmetric_eigen();
        let least = GRAM_TOLERANCE * gram.eigenvalues.max();
        let inverse = gram.eigenvalues.map(|value| if value > least { 1.0 / value } else { 0.0 });
        let rotated = gram.eigenvectors.tr_mul(&source.tr_mul(&(&self.coupling * target)));
        &gram.eigenvectors * scaled(&inverse, &rotated)
    }

    /// Gradient of the loss by the predictor, `2 S' (W S A - C T)`.
    pub fn predictor_gradient(
        &self,
        source: &DMatrix<f64>,
        predictor: &DMatrix<f64>,
        target: &DMatrix<f64>,
    ) -> DMatrix<f64> {
        source.tr_mul(&self.residual(source, predictor, target)) * 2.0
    }

    /// Gradient of the loss by the source's representation, `2 (W S A - C T) A'`: the semi-gradient
    /// where the target is the same representation.
    pub fn source_gradient(
        &self,
        source: &DMatrix<f64>,
        predictor: &DMatrix<f64>,
        target: &DMatrix<f64>,
    ) -> DMatrix<f64> {
        self.residual(source, predictor, target) * predictor.transpose() * 2.0
    }

    /// Gradient of the loss by the target's representation, `2 (W' T - C' S A)`, which a
    /// stop-gradient drops.
    pub fn target_gradient(
        &self,
        source: &DMatrix<f64>,
        predictor: &DMatrix<f64>,
        target: &DMatrix<f64>,
    ) -> DMatrix<f64> {
        (scaled(&self.target_weights, target) - self.coupling.tr_mul(&(source * predictor))) * 2.0
    }

    /// The loss, `E |A' S' x - T' y|^2`.
    pub fn loss(&self, source: &DMatrix<f64>, predictor: &DMatrix<f64>, target: &DMatrix<f64>) -> f64 {
        let predicted = source * predictor;
        let own = predicted.dot(&scaled(&self.weights, &predicted));
        let cross = predicted.dot(&(&self.coupling * target));
        own - 2.0 * cross + target.dot(&scaled(&self.target_weights, target))
    }

    fn residual(
        &self,
        source: &DMatrix<f64>,
        predictor: &DMatrix<f64>,
        target: &DMatrix<f64>,
    ) -> DMatrix<f64> {
        scaled(&self.weights, &(source * predictor)) - &self.coupling * target
    }
}

/// Refuses a representation whose columns are not linearly independent: no predictor would be best
/// alone, and what has collapsed cannot be kept from it.
///
/// # Errors
/// The Gram matrix is singular, or there are more columns than states, or none.
pub fn expect_full_rank(representation: &DMatrix<f64>) -> Result<(), LearnError> {
    let (states, size) = representation.shape();
    if size == 0 || size > states {
        return Err(LearnError::Table(format!(
            "a representation of {size} dimensions does not fit {states} states: take 1 to {states}"
        )));
    }
    let eigenvalues = representation.tr_mul(representation).symmetric_eigenvalues();
    let singular = eigenvalues.min() <= GRAM_TOLERANCE * eigenvalues.max();
    if singular || eigenvalues.iter().any(|value| value.is_nan()) {
        return Err(LearnError::Table(format!(
            "the representation's Gram matrix is singular at the start (smallest eigenvalue {:e}): begin with \
             linearly independent columns",
            eigenvalues.min()
        )));
    }
    Ok(())
}

/// `matrix` with row i times `factors[i]`.
fn scaled(factors: &DVector<f64>, matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let mut out = matrix.clone();
    for (mut row, factor) in out.row_iter_mut().zip(factors.iter()) {
        row *= *factor;
    }
    out
}

#[cfg(test)]
mod tests;
