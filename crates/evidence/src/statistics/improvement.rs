//! How often one method's run beats another's.

/// Probability that a run of the first method scores above one of the second in the same world,
/// averaged over worlds: the Mann-Whitney statistic over the number of pairs, ties counting half.
pub fn probability_of_improvement(first: &[Vec<f64>], second: &[Vec<f64>]) -> f64 {
    let worlds = first.len().min(second.len());
    let total: f64 = first.iter().zip(second).map(|(first, second)| in_one_world(first, second)).sum();
    total / worlds as f64
}

fn in_one_world(first: &[f64], second: &[f64]) -> f64 {
    let wins = |score: &f64| -> f64 {
        let against = |other: &f64| if score > other { 1.0 } else { 0.5 * f64::from(score == other) };
        second.iter().map(against).sum()
    };
    first.iter().map(wins).sum::<f64>() / (first.len() * second.len()) as f64
}
