//! What is searched, what it gives, and what the gradient sees of it.

use agents::baseline::td3_bc::actor_loss;
use burn::tensor::{Device, Tensor, TensorData};
use memory::index::Fingerprint;
use nets::host;

use super::neighbours::Neighbours;

/// Swings of the pendulum by a half-skilled expert.
const SWINGS: &str = "data:pendulum/scripted,skill=0.5,steps=400,seed=1";

trials::small!("prdc", SWINGS, &[&["neighbours=2", "agent.hidden=[8]", "agent.batch=16"]]);

fn matrix(values: &[f32], rows: usize) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [rows, values.len() / rows]), &Device::flex())
}

/// Four states on a line with an action each.
fn line(beta: f32, count: usize) -> Neighbours {
    Neighbours::over(&[0.0, 0.1, 0.5, 2.0], 1, &[-1.0, 0.2, 0.9, 0.3], beta, count, Fingerprint::NONE)
        .expect("the pairs are usable")
}

/// The neighbour's action of what is done in the state 0.
fn target(beta: f32, action: f32) -> f32 {
    host(line(beta, 1).of(&matrix(&[0.0], 1), &matrix(&[action], 1)).expect("a place").actions)[0]
}

#[test]
fn beta_decides_between_the_same_state_and_the_nearest_action() {
    for action in [-1.0, 0.3, 1.0] {
        assert_eq!(target(1000.0, action), -1.0, "a huge weight asks for the same state");
    }
    // A tiny one for the nearest action, wherever it was done.
    assert_eq!([target(1e-3, -0.9), target(1e-3, 0.31), target(1e-3, 1.0)], [-1.0, 0.3, 0.9]);
    // In between, the nearest pair changes with what the actor proposes.
    assert_eq!([target(1.0, -0.9), target(1.0, 0.1), target(1.0, 0.9)], [-1.0, 0.2, 0.9]);
}

#[test]
fn distances_are_those_to_the_nearest_and_actions_the_mean_of_all() {
    let found = line(2.0, 2).of(&matrix(&[0.0, 2.0], 2), &matrix(&[0.2, 0.3], 2)).expect("places");
    // (0.1, 0.2) and (0, -1); (2, 0.3) and (0.5, 0.9).
    assert_eq!(host(found.actions), [0.5 * (0.2 - 1.0), 0.5 * (0.3 + 0.9)]);
    assert!((found.distance - 0.5 * 0.2).abs() < 1e-6, "{}", found.distance);
    assert!((found.state_distance - 0.5 * 0.1).abs() < 1e-6);
    assert!(found.action_distance.abs() < 1e-6);
}

#[test]
fn the_gradient_takes_the_pair_as_a_constant() {
    let states = [0.3_f32, -0.2, 0.45];
    let loss = |weight: Tensor<1>, fixed: Option<&Tensor<2>>| {
        let states = matrix(&states, 3);
        let action = states.clone().autodiff() * weight.reshape([1, 1]);
        let constant = action.clone().inner();
        let found = line(0.5, 1).of(&states, &constant).expect("places").actions;
        assert!(!found.is_tracked());
        let value = action.clone().mul_scalar(3.0).reshape([3]);
        actor_loss(value, action, Some(fixed.cloned().unwrap_or(found)), 0.5)
    };
    let at = |weight: f32| Tensor::<1>::from_data([weight], &Device::flex()).autodiff().require_grad();
    let pairs = line(0.5, 1).of(&matrix(&states, 3), &matrix(&states, 3)).expect("places").actions;
    let leaf = at(1.0);
    let gradient = leaf.grad(&loss(leaf.clone(), None).backward()).expect("tracked").into_scalar::<f64>();
    let value = |weight: f32| loss(at(weight), Some(&pairs)).into_scalar::<f64>();
    // The climb is constant in the weight's size but for the magnitude, which is a constant: its part
    // of the gradient is known, and the pull's is found by differences.
    let mean: f64 = states.iter().map(|state| f64::from(*state)).sum::<f64>() / 3.0;
    let magnitude: f64 = states.iter().map(|state| f64::from(state.abs())).sum::<f64>() / 3.0;
    let climb = -0.5 * mean / magnitude;
    let pull = (value(1.01) - value(0.99)) / 0.02;
    assert!((gradient - climb - pull).abs() < 1e-3, "{gradient} instead of {}", climb + pull);
}

#[test]
fn too_few_pairs_are_refused() {
    let error = Neighbours::over(&[0.0], 1, &[0.0], 1.0, 2, Fingerprint::NONE).err().expect("refused");
    assert!(error.to_string().contains("looks for 2 nearest pairs, but the data holds 1"), "{error}");
}
