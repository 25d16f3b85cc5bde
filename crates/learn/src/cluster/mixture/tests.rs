use rand::{RngExt, SeedableRng};

use super::*;
use crate::testing::numbers;

const GOLDEN: &str = include_str!("../../../tests/data/mixture.txt");

fn golden(name: &str) -> Vec<f64> {
    numbers(GOLDEN, name).concat()
}

fn close(left: &[f64], right: &[f64], tolerance: f64) {
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(right) {
        assert!((left - right).abs() <= tolerance * right.abs().max(1.0), "{left} is not {right}");
    }
}

/// The mixture of the reference's given parameters.
fn given() -> Mixture {
    let (means, covariances) = (numbers(GOLDEN, "means"), numbers(GOLDEN, "covariances"));
    let parts = golden("weights").into_iter().zip(means.into_iter().zip(covariances));
    Mixture::new(parts.map(|(weight, (mean, covariance))| (weight, mean, covariance)).collect()).unwrap()
}

#[test]
fn given_parameters_score_as_in_the_reference() {
    let (mixture, points) = (given(), golden("points"));
    let (responsibilities, log_likelihood) = mixture.responsibilities(&points);
    close(&responsibilities, &golden("responsibilities"), 1e-9);
    close(&[log_likelihood], &golden("log_likelihood"), 1e-10);
    assert_eq!(mixture.parameters(), 3 * 3 + 3 * 6 + 2);
    close(&[mixture.criterion(Criterion::Aic, log_likelihood, 120)], &golden("aic"), 1e-10);
    close(&[mixture.criterion(Criterion::Bic, log_likelihood, 120)], &golden("bic"), 1e-10);
    let corrected = golden("aic")[0] + 2.0 * 29.0 * 30.0 / 90.0;
    close(&[mixture.criterion(Criterion::Aicc, log_likelihood, 120)], &[corrected], 1e-10);
    assert!(mixture.criterion(Criterion::Aicc, log_likelihood, 30).is_infinite());
}

#[test]
fn maximisation_from_the_same_start_ends_where_the_reference_does() {
    let points = golden("points");
    let fitted = given().refine(&points, FitSettings::default()).unwrap();
    let gather = |of: fn(&Component) -> Vec<f64>| fitted.components.iter().flat_map(of).collect::<Vec<f64>>();
    close(&gather(|component| vec![component.weight]), &golden("fitted_weights"), 1e-9);
    close(&gather(|component| component.mean.clone()), &golden("fitted_means"), 1e-9);
    close(&gather(|component| component.covariance.clone()), &golden("fitted_covariances"), 1e-9);
    let likelihood = fitted.log_likelihood(&points);
    close(&[fitted.criterion(Criterion::Aic, likelihood, 120)], &golden("fitted_aic"), 1e-9);
}

#[test]
fn no_iteration_lowers_the_likelihood() {
    let points = golden("points");
    let mut mixture = given();
    let one = FitSettings { iterations: 1, regularisation: 0.0, ..FitSettings::default() };
    let mut before = mixture.log_likelihood(&points);
    for _ in 0..20 {
        mixture = mixture.refine(&points, one).unwrap();
        let after = mixture.log_likelihood(&points);
        assert!(after >= before - 1e-9, "{before} to {after}");
        before = after;
    }
}

#[test]
fn the_criterion_finds_the_number_of_separate_groups() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let centres = [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]];
    let points: Vec<f64> = (0..250)
        .flat_map(|index| {
            let noise = normal_values(2, &mut random);
            [centres[index % 4][0] + 0.5 * noise[0], centres[index % 4][1] + 0.5 * noise[1]]
        })
        .collect();
    let mixture =
        Mixture::select(&points, 2, 2..=10, Criterion::Bic, FitSettings::default(), &mut random).unwrap();
    assert_eq!(mixture.components.len(), 4);
    for centre in centres {
        let near = |component: &Component| {
            (component.mean[0] - centre[0]).abs() < 0.3 && (component.mean[1] - centre[1]).abs() < 0.3
        };
        assert!(mixture.components.iter().any(near));
    }
    let total: f64 = mixture.components.iter().map(|component| component.weight).sum();
    close(&[total], &[1.0], 1e-12);
}

#[test]
fn draws_have_the_mean_and_the_covariance() {
    let component = Component::new(1.0, vec![1.0, -2.0], vec![2.0, 0.6, 0.6, 0.5], 0.0).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let draws: Vec<Vec<f64>> = (0..40_000).map(|_| component.sample(&mut random)).collect();
    let mean = |index: usize| draws.iter().map(|draw| draw[index]).sum::<f64>() / 40_000.0;
    close(&[mean(0), mean(1)], &[1.0, -2.0], 0.03);
    let covariance = |first: usize, second: usize| {
        let product = |draw: &Vec<f64>| (draw[first] - mean(first)) * (draw[second] - mean(second));
        draws.iter().map(product).sum::<f64>() / 40_000.0
    };
    close(&[covariance(0, 0), covariance(0, 1), covariance(1, 1)], &[2.0, 0.6, 0.5], 0.05);
}

#[test]
fn points_on_a_line_and_on_one_spot_still_give_a_mixture() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let line: Vec<f64> = (0..100)
        .flat_map(|_| {
            let x = random.random_range(0.0..1.0);
            [x, x, 0.0]
        })
        .collect();
    for points in [line, vec![0.5; 300]] {
        let mixture =
            Mixture::select(&points, 3, 2..=5, Criterion::Aic, FitSettings::default(), &mut random).unwrap();
        assert!(mixture.log_likelihood(&points).is_finite());
    }
}

/// A covariance that stays singular costs the component, not the run.
#[test]
fn a_singular_component_is_raised_and_then_dropped() {
    let raised = Component::new(0.5, vec![0.0; 2], vec![1.0, 1.0, 1.0, 1.0], 1e-6).unwrap();
    assert!(raised.covariance[0] > 1.0);
    assert!(Component::new(0.5, vec![0.0; 2], vec![-1.0, 0.0, 0.0, 1.0], 1e-6).is_none());
    assert!(Component::new(0.5, vec![f64::NAN; 2], vec![1.0, 0.0, 0.0, 1.0], 1e-6).is_none());
    let mixture =
        Mixture::maximise(&[0.0, 1.0, 2.0], 1, &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], 2, 0, FitSettings::default());
    let mixture = mixture.unwrap();
    assert_eq!((mixture.components.len(), mixture.dropped), (1, 1));
    close(&[mixture.components[0].weight], &[1.0], 1e-12);
}
