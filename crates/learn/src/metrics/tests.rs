use super::*;
use crate::testing::numbers;

fn golden(name: &str) -> Vec<f64> {
    numbers(include_str!("../../tests/data/metrics.txt"), name).concat()
}

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found}, expected {expected}");
}

#[test]
fn correlations_and_areas_are_those_of_scipy_and_scikit_learn() {
    let (left, right) = (golden("left"), golden("right"));
    assert_eq!(ranks(&left), golden("ranks"));
    assert_near(correlation(&left, &right).unwrap().unwrap(), golden("pearson")[0]);
    assert_near(spearman(&left, &right).unwrap().unwrap(), golden("spearman")[0]);
    let labels: Vec<bool> = golden("labels").iter().map(|label| *label > 0.0).collect();
    assert_near(roc_auc(&right, &labels).unwrap().unwrap(), golden("auc")[0]);
}

#[test]
fn intervals_and_power_laws_are_those_of_scipy() {
    let cases = numbers(include_str!("../../tests/data/metrics.txt"), "wilson");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let (low, high) = wilson(case[0] as usize, case[1] as usize, NORMAL_95);
        assert_near(low, case[2]);
        assert_near(high, case[3]);
    }
    let line = log_log_line(&golden("x"), &golden("y")).unwrap().unwrap();
    for (found, expected) in [line.slope, line.intercept, line.error].into_iter().zip(golden("line")) {
        assert_near(found, expected);
    }
}

#[test]
fn coverage_is_that_of_numpy_and_survives_a_snapshot() {
    let grid = || Coverage::new(&[-1.0; 2], &[1.0; 2], &[4, 5]).unwrap();
    let mut coverage = grid();
    for point in golden("points").chunks(2) {
        coverage.visit(point).unwrap();
    }
    assert_near(coverage.share(), golden("coverage")[0]);
    let mut restored = grid();
    restored.restore(coverage.visited()).unwrap();
    assert_eq!(restored, coverage);
    assert!(restored.restore(&[true]).is_err());
    assert!(coverage.visit(&[0.0]).is_err());
    assert!(Coverage::new(&[0.0], &[0.0], &[3]).is_err());
    assert!(Coverage::new(&[0.0], &[1.0], &[0]).is_err());
    assert!(Coverage::new(&[0.0; 4], &[1.0; 4], &[1 << 20; 4]).is_err());
}

#[test]
fn what_has_no_answer_gives_none() {
    assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]).unwrap(), None);
    assert_eq!(spearman(&[1.0], &[1.0]).unwrap(), None);
    assert_eq!(roc_auc(&[0.1, 0.2], &[true, true]).unwrap(), None);
    assert_eq!(wilson(0, 0, NORMAL_95), (0.0, 1.0));
    assert_eq!(log_log_line(&[2.0, 2.0], &[1.0, 3.0]).unwrap(), None);
    assert_eq!(log_log_line(&[1.0, 2.0], &[1.0, 2.0]).unwrap().unwrap().error, 0.0);
    assert!(correlation(&[1.0], &[1.0, 2.0]).is_err());
    let error = log_log_line(&[0.0, 1.0], &[1.0, 1.0]).unwrap_err().to_string();
    assert!(error.contains("0 has no place on logarithmic axes"), "{error}");
}
