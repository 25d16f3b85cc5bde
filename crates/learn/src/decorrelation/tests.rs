use burn::tensor::Shape;

use super::*;
use crate::testing::{assert_close, check_gradient, numbers, random_values, tensor, values};

const GOLDEN: &str = include_str!("../../tests/data/decorrelation.txt");
const GROUPS: usize = 3;
const SAMPLES: usize = 6;
const WIDTH: usize = 4;

fn golden(name: &str) -> Vec<f64> {
    numbers(GOLDEN, name).concat()
}

fn single(name: &str) -> Vec<f32> {
    golden(name).iter().map(|&value| value as f32).collect()
}

fn first_group() -> Tensor<2> {
    tensor(&single("latents")[..SAMPLES * WIDTH], [SAMPLES, WIDTH])
}

#[test]
fn losses_are_those_of_numpy() {
    let latents = tensor::<3>(&single("latents"), [GROUPS, SAMPLES, WIDTH]);
    for (ddof, divisor) in [Divisor::Population, Divisor::Sample].into_iter().enumerate() {
        let hinge = variance_hinge(latents.clone(), 1.0, 1e-4, divisor);
        assert_close(&values(hinge), &golden(&format!("hinge-{ddof}")), 1e-5);
        let found = covariance(latents.clone(), divisor);
        assert_close(&values(found), &golden(&format!("covariance-{ddof}")), 1e-5);
    }
    let other = tensor::<2>(&single("other"), [SAMPLES, WIDTH]);
    let found = barlow(first_group(), other.clone(), 0.05, 1e-5);
    assert_close(&values(found), &golden("barlow"), 1e-5);
    let rows = |latents| standardise(latents, 1, 1e-5);
    let found = barlow(rows(first_group()), rows(other), 0.05, 1e-5);
    assert_close(&values(found), &golden("barlow-of-rows"), 1e-4);
    assert_close(&values(orthonormality(first_group())), &golden("orthonormality"), 1e-5);
    assert_close(&values(participation_ratio(first_group())), &golden("participation"), 1e-5);
}

#[test]
fn gradients_of_losses_match_finite_differences() {
    let point = random_values(3, 2 * 5 * 3);
    let groups = |leaf: Tensor<1>| leaf.reshape([2, 5, 3]);
    check_gradient(&point, |leaf| variance_hinge(groups(leaf), 1.0, 1e-4, Divisor::Sample).sum());
    check_gradient(&point, |leaf| covariance(groups(leaf), Divisor::Sample).sum());
    let half = |leaf: &Tensor<1>, start| leaf.clone().narrow(0, start, 15).reshape(Shape::new([5, 3]));
    check_gradient(&point, |leaf| barlow(half(&leaf, 0), half(&leaf, 15), 0.05, 1e-5));
    check_gradient(&point[..15], |leaf| orthonormality(leaf.reshape([5, 3])));
}

#[test]
fn losses_are_least_where_nothing_has_collapsed() {
    // Four corners of a square: dimensions of variance 1 that know nothing of each other.
    let corners = tensor::<2>(&[1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0], [4, 2]);
    let group = || corners.clone().unsqueeze::<3>();
    assert_eq!(values(variance_hinge(group(), 1.0, 0.0, Divisor::Population)), [0.0]);
    assert_eq!(values(covariance(group(), Divisor::Population)), [0.0]);
    assert_close(&values(barlow(corners.clone(), corners.clone(), 1.0, 0.0)), &[0.0], 1e-6);
    assert_close(&values(participation_ratio(corners.clone())), &[2.0], 1e-6);
    let same = corners.narrow(0, 0, 1).repeat_dim(0, 4);
    assert_eq!(values(variance_hinge(same.unsqueeze::<3>(), 1.0, 0.0, Divisor::Sample)), [1.0]);
}

#[test]
fn spectra_are_those_of_numpy() {
    let flat = single("latents");
    for (name, rows, centred) in [("tall", 18, false), ("tall-centred", 18, true), ("wide", 3, false)] {
        let spectrum = Spectrum::of(&flat[..rows * WIDTH], WIDTH, centred).unwrap();
        let expected = golden(&format!("singular-{name}"));
        assert_eq!(spectrum.values().len(), expected.len());
        for (found, expected) in spectrum.values().iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6 * expected.max(1.0), "{name}: {found} {expected}");
        }
        let ranks = golden(&format!("ranks-{name}"));
        assert!((spectrum.effective_rank() - ranks[0]).abs() < 1e-6);
        assert_eq!([spectrum.above(0.3), spectrum.holding(0.8)].map(|count| count as f64), ranks[1..]);
    }
}

#[test]
fn what_is_no_matrix_of_numbers_is_refused() {
    assert_eq!(Spectrum::of(&[0.0; 6], 2, true).unwrap().effective_rank(), 0.0);
    assert!(matches!(Spectrum::of(&[1.0; 5], 2, true), Err(LearnError::Length { .. })));
    assert!(matches!(Spectrum::of(&[], 2, true), Err(LearnError::Length { .. })));
    let error = Spectrum::of(&[1.0, 2.0, f32::NAN, 0.0], 2, true).unwrap_err().to_string();
    assert!(error.contains("latent 1 holds NaN"), "{error}");
}
