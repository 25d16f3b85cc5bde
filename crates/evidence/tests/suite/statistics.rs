//! Against the values of the Python package `rliable` and of SciPy; see
//! `reference/rliable_values.py`.

use evidence::{
    report::Estimate,
    statistics::{
        self, LEVEL, efficiency, generator, interquartile_mean, interval, mean, median, optimality_gap,
        probability_of_improvement, profile, seeds_needed, stratified, stratified_pair,
    },
};

const VALUES: &str = include_str!("../data/rliable.txt");

/// Ends of 10,000 resamples against those of 50,000: the statistics take few values, so an end
/// moves by whole steps between them.
const TOLERANCE: f64 = 0.012;

/// A score over worlds and runs.
type Aggregate = fn(&[Vec<f64>]) -> f64;

fn lines(name: &str) -> Vec<Vec<f64>> {
    let of_name = VALUES.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let found: Vec<Vec<f64>> =
        of_name.map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect()).collect();
    assert!(!found.is_empty(), "{name}");
    found
}

fn exact(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-12, "{value}, not {expected}");
}

fn near(estimate: &Estimate, low: f64, high: f64, tolerance: f64) {
    let (left, right) = (estimate.low.unwrap(), estimate.high.unwrap());
    assert!(
        (left - low).abs() < tolerance && (right - high).abs() < tolerance,
        "[{left}, {right}], not [{low}, {high}]"
    );
}

#[test]
fn aggregates_and_their_intervals() {
    let (first, second) = (lines("first"), lines("second"));
    let statistics: [(&str, Aggregate); 4] =
        [("mean", mean), ("median", median), ("iqm", interquartile_mean), ("gap", optimality_gap)];
    for (name, statistic) in statistics {
        let expected = &lines(name)[0];
        let estimate = stratified(&first, statistic, &mut generator(name));
        exact(estimate.value, expected[0]);
        exact(statistic(&second), expected[3]);
        near(&estimate, expected[1], expected[2], TOLERANCE);
    }
    let odd: Vec<Vec<f64>> = first[..3].iter().map(|runs| runs[..5].to_vec()).collect();
    exact(median(&odd), lines("odd")[0][0]);
    exact(interquartile_mean(&odd), lines("odd")[0][1]);
}

#[test]
fn probability_of_improvement_with_ties() {
    let (first, second, expected) = (lines("first"), lines("second"), &lines("improvement")[0]);
    let estimate =
        stratified_pair(&first, &second, probability_of_improvement, &mut generator("improvement"));
    exact(estimate.value, expected[0]);
    near(&estimate, expected[1], expected[2], TOLERANCE);
    exact(probability_of_improvement(&first, &first), 0.5);
    exact(probability_of_improvement(&first, &second) + probability_of_improvement(&second, &first), 1.0);
}

#[test]
fn performance_profiles() {
    // Shares of 28 runs: an end may move by one run, and no more.
    let estimates = profile(&lines("first"), &lines("thresholds")[0], &mut generator("profile"));
    let (values, low, high) = (&lines("profile")[0], &lines("profile_low")[0], &lines("profile_high")[0]);
    for (index, estimate) in estimates.iter().enumerate() {
        exact(estimate.value, values[index]);
        near(estimate, low[index], high[index], 1.01 / 28.0);
    }
}

#[test]
fn sample_efficiency_curves() {
    let curves: Vec<Vec<Vec<f64>>> = lines("curve").chunks(7).map(<[Vec<f64>]>::to_vec).collect();
    let steps = [1, 2, 3, 4, 5, 6];
    let curve = efficiency(&steps, &curves, &mut generator("efficiency"));
    let (values, low, high) =
        (&lines("efficiency")[0], &lines("efficiency_low")[0], &lines("efficiency_high")[0]);
    assert_eq!(curve.steps, steps);
    for step in 0..6 {
        exact(curve.mean[step], values[step]);
        let estimate =
            Estimate { value: curve.mean[step], low: Some(curve.low[step]), high: Some(curve.high[step]) };
        near(&estimate, low[step], high[step], TOLERANCE);
    }
}

#[test]
fn few_seeds_give_students_t() {
    let runs = &lines("first")[3];
    for expected in lines("student") {
        let mean =
            |chosen: &[usize]| chosen.iter().map(|&seed| runs[seed]).sum::<f64>() / chosen.len() as f64;
        let found = interval(expected[0] as usize, mean, expected[1], "student").unwrap();
        assert!(
            (found.low - expected[2]).abs() < 1e-9 && (found.high - expected[3]).abs() < 1e-9,
            "{found:?} {expected:?}"
        );
    }
    assert_eq!(interval(1, |_| 1.0, LEVEL, "one"), None);
    let constant = interval(3, |_| 2.0, LEVEL, "constant").unwrap();
    assert_eq!((constant.low, constant.high), (2.0, 2.0));
}

#[test]
fn paired_intervals_over_shared_seeds() {
    let (first, second) = (&lines("first")[0], &lines("second")[0]);
    let mean = |values: &[f64], chosen: &[usize]| chosen.iter().map(|&seed| values[seed]).sum::<f64>() / 5.0;
    let difference = |chosen: &[usize]| mean(first, chosen) - mean(second, chosen);
    let ratio = |chosen: &[usize]| mean(first, chosen) / mean(second, chosen);
    let found = interval(5, difference, 0.9, "td-infonce").unwrap();
    let expected = &lines("difference")[0];
    assert!((found.low - expected[0]).abs() < 0.004 && (found.high - expected[1]).abs() < 0.004, "{found:?}");
    let found = interval(5, ratio, 0.9, "td-infonce").unwrap();
    let expected = &lines("ratio")[0];
    assert!((found.low - expected[0]).abs() < 0.02 && (found.high - expected[1]).abs() < 0.02, "{found:?}");
    assert_eq!(interval(5, ratio, 0.9, "td-infonce"), Some(found), "the same name gives the same draws");
    assert_ne!(interval(5, ratio, 0.9, "spr"), Some(found), "another name gives others");
}

#[test]
fn seeds_that_would_decide() {
    let found = statistics::Interval { value: 2.0, low: -2.0, high: 6.0 };
    // The lower half is 4 wide and must shrink to 1: sixteen times the seeds.
    assert_eq!(seeds_needed(5, &found, &[1.0]), Some(80));
    assert_eq!(seeds_needed(5, &found, &[4.0]), Some(20));
    assert_eq!(seeds_needed(5, &found, &[1.0, 4.0]), Some(80));
    assert_eq!(seeds_needed(5, &found, &[2.0]), None);
    assert_eq!(seeds_needed(5, &found, &[2.001]), None);
}
