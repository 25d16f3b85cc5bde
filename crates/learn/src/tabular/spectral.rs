//! How a representation of finitely many states lies to the spectrum of their transition matrix.
//!
//! A representation is a matrix `[n, k]` whose row is the latent of a state. The measures are those
//! of Tang et al. (2023), "Understanding Self-Predictive Learning for Reinforcement Learning",
//! arXiv 2212.03319; all but the first three depend on the span of its columns alone.

use nalgebra::DMatrix;

/// Directions whose singular value is at most this share of the largest are not part of a span.
const RANK_TOLERANCE: f64 = 1e-12;

/// Relative change of the Gram matrix, `|F'F - S'S| / |S'S|` in the Frobenius norm, for the
/// representation `now` that began as `start`.
pub fn gram_drift(now: &DMatrix<f64>, start: &DMatrix<f64>) -> f64 {
    let first = start.tr_mul(start);
    (now.tr_mul(now) - &first).norm() / first.norm()
}

/// Smallest eigenvalue of the Gram matrix; 0 where the representation has collapsed. Rounding can
/// make it negative by the order of 1e-16 of the largest.
pub fn smallest_eigenvalue(representation: &DMatrix<f64>) -> f64 {
    representation.tr_mul(representation).symmetric_eigenvalues().min()
}

/// Largest absolute cosine between two columns: 0 where they are orthogonal, 1 where two say the
/// same. A column of zeros says nothing of its own and counts as 1; a single column gives 0.
pub fn column_cosine(representation: &DMatrix<f64>) -> f64 {
    let mut largest: f64 = 0.0;
    for right in 1..representation.ncols() {
        for left in 0..right {
            let (left, right) = (representation.column(left), representation.column(right));
            let norms = left.norm() * right.norm();
            largest = largest.max(if norms > 0.0 { (left.dot(&right) / norms).abs() } else { 1.0 });
        }
    }
    largest.min(1.0)
}

/// An orthonormal basis `[n, rank]` of the span of the columns.
pub fn orthonormalised(representation: &DMatrix<f64>) -> DMatrix<f64> {
    let decomposition = representation.clone().svd(true, false);
    let largest = decomposition.singular_values.max();
    let kept: Vec<usize> = (0..decomposition.singular_values.len())
        .filter(|&index| decomposition.singular_values[index] > RANK_TOLERANCE * largest)
        .collect();
    match decomposition.u {
        Some(left) => left.select_columns(&kept),
        None => DMatrix::zeros(representation.nrows(), 0),
    }
}

/// Sum of the squares of the `count` largest singular values of `matrix`, which are the absolute
/// eigenvalues where it is symmetric: the most that the two objectives below can reach.
pub fn top_energy(matrix: &DMatrix<f64>, count: usize) -> f64 {
    let mut squares: Vec<f64> = matrix.singular_values().iter().map(|value| value * value).collect();
    squares.sort_by(|left, right| right.total_cmp(left));
    squares.iter().take(count).sum()
}

/// `Tr((L' P R)' (L' P R))`, the objective that the flow of self-prediction climbs where `P` is
/// symmetric and `left` and `right` are the same, and that of bidirectional self-prediction, with one
/// representation for each side, where `P` is doubly stochastic; the states count equally in both.
pub fn trace_objective(transitions: &DMatrix<f64>, left: &DMatrix<f64>, right: &DMatrix<f64>) -> f64 {
    left.tr_mul(&(transitions * right)).norm_squared()
}

/// [`trace_objective`] of the orthonormalised representations over [`top_energy`], in [0, 1].
pub fn normalised_trace(transitions: &DMatrix<f64>, left: &DMatrix<f64>, right: &DMatrix<f64>) -> f64 {
    let found = trace_objective(transitions, &orthonormalised(left), &orthonormalised(right));
    found / top_energy(transitions, left.ncols())
}

/// Share of the top singular subspace that the span holds, `|Q' P|^2 / sum of the k largest squared
/// singular values` with Q the orthonormalised representation, in [0, 1].
pub fn svd_capture(transitions: &DMatrix<f64>, representation: &DMatrix<f64>) -> f64 {
    let held = orthonormalised(representation).tr_mul(transitions).norm_squared();
    held / top_energy(transitions, representation.ncols())
}

#[cfg(test)]
mod tests;
