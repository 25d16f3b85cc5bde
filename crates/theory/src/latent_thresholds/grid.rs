//! Where and how often to query: the constants of the theorem.

use super::config::Class;

/// K thresholds such that every threshold x has one within 1/K on the safe side.
///
/// In class A, U(x + d) >= U(x) - L d: raising the threshold loses at most the values in between,
/// so the optimum is represented by the next point above and the grid holds 1. In class B,
/// U(x - d) >= U(x) - L d, so it is represented by the next point below and the grid holds 0. The
/// neighbour on the other side may lose a constant.
pub fn grid(class: Class, points: usize) -> Vec<f64> {
    let first = usize::from(class != Class::B);
    (first..points + first).map(|index| index as f64 / points as f64).collect()
}

/// ceil(2 L / eps): rounding then loses at most eps/2.
pub fn offline_points(lipschitz: f64, eps: f64) -> usize {
    ceiling(2.0 * lipschitz / eps) as usize
}

/// ceil(8 / eps^2 ln(2 K / delta)) queries of each of K thresholds: by Hoeffding's inequality and a
/// union bound every mean is then within eps/4 of its expectation with probability 1 - delta.
pub fn repeats(eps: f64, delta: f64, points: usize) -> u64 {
    ceiling(8.0 / (eps * eps) * (2.0 * points as f64 / delta).ln()) as u64
}

/// ceil((L^2 T / ln T)^(1/3)) arms for T queries, which balances rounding against exploration.
pub fn online_points(lipschitz: f64, queries: u64) -> usize {
    let queries = queries.max(2) as f64;
    ceiling((lipschitz * lipschitz * queries / queries.ln()).cbrt()).max(1.0) as usize
}

/// The ceiling, where a number that rounding has lifted just above a whole one is that one.
fn ceiling(value: f64) -> f64 {
    (value * (1.0 - 1e-12)).ceil()
}
