//! Laws to draw by, from `reference/memory_laws.py`, and how counts are held against them.
#![allow(dead_code)]

use serde_json::Value;

/// What the script wrote.
pub fn laws() -> Value {
    let text = include_str!("../data/laws.json");
    serde_json::from_str(text).expect("the script writes JSON")
}

/// A list of numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Counts that come from a law: the chi-square statistic over what is possible stays below the bound that
/// it passes once in a thousand times, and nothing impossible happened.
pub fn assert_law(counts: &[usize], law: &[f64]) {
    assert_eq!(counts.len(), law.len());
    let draws = counts.iter().sum::<usize>() as f64;
    let (mut statistic, mut possible) = (0.0, 0);
    for (&count, &share) in counts.iter().zip(law) {
        if share == 0.0 {
            assert_eq!(count, 0, "{counts:?}");
            continue;
        }
        let expected = draws * share;
        assert!(expected >= 5.0, "too few draws for a share of {share}");
        statistic += (count as f64 - expected).powi(2) / expected;
        possible += 1;
    }
    assert_below(statistic, possible - 1);
}

/// A chi-square statistic is below the bound for its degrees of freedom.
pub fn assert_below(statistic: f64, degrees: usize) {
    if degrees > 0 {
        let bound = number(&laws()["chi_square_bound"][degrees.to_string()]);
        assert!(statistic < bound, "{statistic} is above {bound} for {degrees} degrees of freedom");
    }
}

/// Counts of what a draw gives, from 0 to `kinds - 1`.
pub fn counted(draws: usize, kinds: usize, mut draw: impl FnMut() -> usize) -> Vec<usize> {
    let mut counts = vec![0; kinds];
    (0..draws).for_each(|_| counts[draw()] += 1);
    counts
}
