use burn::tensor::activation::log_softmax;
use settings::Config;

use super::*;
use crate::testing::{assert_close, check_gradient, numbers, random_values, tensor, values};

const GOLDEN: &str = include_str!("../../tests/data/td.txt");

const SUPPORT: Support = Support { low: -2.0, high: 3.0, atoms: 11 };

fn golden(name: &str) -> Vec<f64> {
    numbers(GOLDEN, name).concat()
}

fn golden_tensor(name: &str) -> Tensor<2> {
    let rows = numbers(GOLDEN, name);
    let width = rows[0].len();
    let flat: Vec<f32> = rows.concat().iter().map(|&value| value as f32).collect();
    tensor(&flat, [rows.len(), width])
}

#[test]
fn the_projection_follows_the_reference() {
    let found = project(golden_tensor("locations"), golden_tensor("weights"), &SUPPORT);
    assert_close(&values(found.probabilities), &golden("projected"), 1e-6);
    assert_close(&[found.clipped], &golden("clipped"), 1e-6);
}

#[test]
fn quantile_regression_follows_the_reference() {
    let found =
        quantile_huber(golden_tensor("theta"), golden_tensor("targets"), golden_tensor("probabilities"), 0.7);
    assert_close(&values(found), &golden("quantile_huber"), 1e-6);
}

#[test]
fn atoms_that_are_hit_take_all_mass() {
    let locations = tensor(&SUPPORT.locations(), [11, 1]);
    let found = project(locations, tensor(&[1.0; 11], [11, 1]), &SUPPORT);
    let found = values(found.probabilities);
    for (row, chunk) in found.chunks(11).enumerate() {
        for (atom, &mass) in chunk.iter().enumerate() {
            assert_eq!(mass, if atom == row { 1.0 } else { 0.0 });
        }
    }
}

#[test]
fn a_projection_keeps_mass_and_mean_inside_the_support() {
    let scale = |value: f32| 2.0 * value;
    let locations: Vec<f32> = random_values(1, 60).into_iter().map(scale).collect();
    let weights: Vec<f32> = random_values(2, 60).iter().map(|w| w.abs()).collect();
    let found = project(tensor(&locations, [4, 15]), tensor(&weights, [4, 15]), &SUPPORT);
    assert_eq!(found.clipped, 0.0);
    let mass = values(found.probabilities.clone().sum_dim(1));
    let mean = values(SUPPORT.expectation(found.probabilities));
    for row in 0..4 {
        let pairs = locations.iter().zip(&weights).skip(15 * row).take(15);
        let expected: f32 = pairs.clone().map(|(_, weight)| weight).sum();
        assert!((mass[row] - expected).abs() < 1e-5);
        let expected: f32 = pairs.map(|(location, weight)| location * weight).sum();
        assert!((mean[row] - expected).abs() < 1e-4);
    }
}

#[test]
fn a_terminal_step_puts_all_mass_at_its_reward() {
    let next = tensor(&[1.0 / 11.0; 22], [2, 11]);
    let reward = tensor(&[1.0, 1.25], [2]);
    let found = categorical_target(reward, tensor(&[0.0, 0.0], [2]), next, &SUPPORT);
    let found = values(found.probabilities);
    assert!((found[6] - 1.0).abs() < 1e-6);
    assert!((found[11 + 6] - 0.5).abs() < 1e-6 && (found[11 + 7] - 0.5).abs() < 1e-6);
}

#[test]
fn mass_beyond_the_support_is_reported() {
    let next = tensor(&[0.0, 1.0], [1, 2]);
    let support = Support { low: 0.0, high: 1.0, atoms: 2 };
    let one = || tensor(&[1.0], [1]);
    let found = categorical_target(one(), one(), next, &support);
    assert_eq!(found.clipped, 1.0);
    assert_eq!(values(found.probabilities), [0.0, 1.0]);
    assert!(Support { high: 0.0, ..support }.check().is_err());
    assert!(Support { atoms: 1, ..support }.check().is_err());
}

#[test]
fn the_least_of_twin_values_gets_the_gradient() {
    let twins = tensor(&[1.0, 5.0, -2.0, 4.0, 3.0, -1.0], [2, 3]);
    assert_eq!(values(least(twins.clone())), [1.0, 3.0, -2.0]);
    let leaf = twins.autodiff().require_grad();
    let gradients = least(leaf.clone()).sum().backward();
    assert_eq!(values(leaf.grad(&gradients).unwrap()), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    let one = tensor(&[0.5, -0.5], [1, 2]);
    assert_eq!(values(least(one)), [0.5, -0.5]);
}

#[test]
fn an_ensemble_shares_its_target() {
    let twins = tensor(&[1.0, 5.0, 3.0, 3.0], [2, 2]);
    // Errors 0, 2 and 2, 0 of the two members.
    assert_eq!(values(ensemble_error(twins, tensor(&[1.0, 3.0], [2]))), [4.0]);
    check_gradient(&random_values(7, 6), |leaf| {
        ensemble_error(leaf.reshape([2, 3]), tensor(&random_values(8, 3), [3]))
    });
}

#[test]
fn selections() {
    let online = tensor(&[1.0, 5.0, 2.0, 7.0, 0.0, 7.0], [2, 3]);
    let other = tensor(&[10.0, 20.0, 30.0, 40.0, 50.0, 60.0], [2, 3]);
    assert_eq!(values(double_q(other.clone(), online.clone())), [20.0, 40.0]);
    let cube = tensor(&random_values(1, 12), [2, 3, 2]);
    let found = values(distribution_at_action(cube.clone(), greedy(online)));
    let all = values(cube.clone());
    assert_eq!(found, [all[2], all[3], all[6], all[7]]);
    let support = Support { low: 0.0, high: 2.0, atoms: 2 };
    let expected: Vec<f32> = all.chunks(2).map(|pair| 2.0 * pair[1]).collect();
    assert_eq!(values(support.action_values(cube)), expected);
}

#[test]
fn losses_have_the_right_gradients_and_targets_none() {
    let target = tensor(&[0.2, -0.4, 0.9, 0.1], [4]);
    let error = huber(tensor(&[0.5, 3.0, -2.0], [3]), tensor(&[0.0; 3], [3]), 1.0);
    assert_eq!(values(error), [0.125, 2.5, 1.5]);
    check_gradient(&random_values(4, 4), |leaf| {
        (huber(leaf.clone(), target.clone(), 0.3) + squared_error(leaf, target.clone())).sum()
    });
    check_gradient(&random_values(5, 8), |leaf| {
        let targets = tensor(&random_values(6, 6), [2, 3]);
        let weights = tensor(&[0.2, 0.3, 0.5, 0.1, 0.1, 0.8], [2, 3]);
        quantile_huber(leaf.reshape([2, 4]), targets, weights, 2.0).sum()
    });
    check_gradient(&random_values(7, 6), |leaf| {
        let target = tensor(&[0.2, 0.3, 0.5, 0.0, 1.0, 0.0], [2, 3]);
        categorical_cross_entropy(target, log_softmax(leaf.reshape([2, 3]), 1)).sum()
    });
    let leaf = tensor(&[1.0, 2.0], [2]).autodiff().require_grad();
    let one = tensor(&[1.0, 1.0], [2]);
    assert!(!super::target(one.clone(), one, leaf).is_tracked());
}

#[test]
fn an_expectile_weighs_the_sides_and_has_its_gradient() {
    let errors = [2.0, -2.0, 0.5, 0.0];
    let found = values(expectile(tensor(&errors, [4]), 0.9));
    assert_close(&found, &[3.6, 0.4, 0.225, 0.0], 1e-6);
    for tau in [0.5, 0.7, 0.9] {
        check_gradient(&[0.5, -0.7, 0.3, -0.2], |leaf| expectile(leaf, tau).sum());
    }
    // The expectile of 0 and 1 at level tau is tau itself: there the gradient vanishes.
    let at = tensor(&[0.7], [1]).autodiff().require_grad();
    let targets = tensor(&[0.0, 1.0], [2]).autodiff();
    let gradients = expectile(targets - at.clone().expand([2]), 0.7).sum().backward();
    assert_close(&values(at.grad(&gradients).unwrap()), &[0.0], 1e-6);
}

#[test]
fn advantage_weights_are_limited() {
    let found = values(advantage_weight(tensor(&[0.0, 1.0, -1.0, 1e6], [4]), 3.0, 100.0));
    assert_close(&found, &[1.0, 3f64.exp(), (-3f64).exp(), 100.0], 1e-5);
}
