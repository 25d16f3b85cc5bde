//! Which code is acted on: the best of some draws from the prior.

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
