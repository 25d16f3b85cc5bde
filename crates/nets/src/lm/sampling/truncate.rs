//! Which tokens are left to draw from.

use super::Sampling;

/// Drops candidates by top-k, top-p and min-p.
pub(super) fn truncate(sampling: &Sampling, candidates: &mut Vec<u32>, scores: &mut Vec<f32>) {
    if sampling.top_k > 0 && sampling.top_k < scores.len() {
        let least = largest_but(scores, sampling.top_k);
        keep(candidates, scores, |_, score| score >= least);
    }
    if sampling.top_p < 1.0 {
        nucleus(sampling.top_p, candidates, scores);
    }
    if sampling.min_p > 0.0 {
        let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let least = f64::from(largest) + sampling.min_p.ln();
        keep(candidates, scores, |_, score| f64::from(score) >= least);
    }
}

/// The k-th largest score.
fn largest_but(scores: &[f32], k: usize) -> f32 {
    let mut sorted = scores.to_vec();
    let (_, score, _) = sorted.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    *score
}

/// Keeps the most probable tokens up to and including the one with which their sum reaches `p`; among
/// equally probable ones, those with the smaller id come first.
fn nucleus(p: f64, candidates: &mut Vec<u32>, scores: &mut Vec<f32>) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = scores.iter().map(|score| f64::from(score - largest).exp()).collect();
    let total: f64 = weights.iter().sum();
    // Tokens below the share of the rest cannot sum up to the rest: they need not be sorted.
    let least = (1.0 - p) * total / weights.len() as f64;
    let mut order: Vec<usize> = (0..weights.len()).filter(|place| weights[*place] >= least).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
    let mut sum = 0.0;
    let mut kept = vec![false; weights.len()];
    for place in order {
        kept[place] = true;
        sum += weights[place];
        if sum >= p * total {
            break;
        }
    }
    keep(candidates, scores, |place, _| kept[place]);
}

fn keep(candidates: &mut Vec<u32>, scores: &mut Vec<f32>, kept: impl Fn(usize, f32) -> bool) {
    let mut next = 0;
    for place in 0..scores.len() {
        if kept(place, scores[place]) {
            (candidates[next], scores[next]) = (candidates[place], scores[place]);
            next += 1;
        }
    }
    candidates.truncate(next);
    scores.truncate(next);
}
