//! The actor's loss: what its gradient is, and what it does not depend on.

use burn::tensor::{Device, Tensor, TensorData};

use super::actor_loss;

use crate::small::{SMALL_CLONES, SWINGS};

trials::small!("td3-bc", SWINGS, &[SMALL_CLONES]);

const STATES: [f32; 3] = [0.3, -0.8, 1.4];

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

/// A policy of one weight and a critic that is known: pi(s) = w s, Q(s, a) = scale (2 a - a² + s).
fn loss(weight: Tensor<1>, target: Option<&[f32]>, scale: f64) -> Tensor<1> {
    let states = tensor(&STATES, [3, 1]).autodiff();
    let action = states.clone() * weight.reshape([1, 1]);
    let value = (action.clone().mul_scalar(2.0) - action.clone().square() + states).mul_scalar(scale);
    actor_loss(value.reshape([3]), action, target.map(|target| tensor(target, [3, 1])), 2.5)
}

fn gradient(weight: f32, target: Option<&[f32]>, scale: f64) -> f64 {
    let leaf = tensor(&[weight], [1]).autodiff().require_grad();
    let gradients = loss(leaf.clone(), target, scale).backward();
    leaf.grad(&gradients).expect("the loss depends on the weight").into_scalar::<f64>()
}

/// The same gradient with the magnitude of the values held fixed, by differences.
fn expected(weight: f64, target: Option<&[f32]>, scale: f64) -> f64 {
    let value = |weight: f64, state: f32| {
        let (state, action) = (f64::from(state), weight * f64::from(state));
        scale * (2.0 * action - action * action + state)
    };
    let mean = |each: &dyn Fn(usize) -> f64| (0..3).map(each).sum::<f64>() / 3.0;
    let magnitude = mean(&|index| value(weight, STATES[index]).abs());
    let at = |weight: f64| {
        let climb = mean(&|index| value(weight, STATES[index])) / magnitude;
        let pull = target.map_or(0.0, |target| {
            mean(&|index| (weight * f64::from(STATES[index]) - f64::from(target[index])).powi(2))
        });
        -2.5 * climb + pull
    };
    (at(weight + 1e-5) - at(weight - 1e-5)) / 2e-5
}

#[test]
fn the_gradient_passes_the_policy_alone() {
    for target in [None, Some(&[0.5, -0.25, 0.0][..])] {
        for weight in [-0.4_f32, 0.2, 0.9] {
            let (found, wanted) = (gradient(weight, target, 1.0), expected(f64::from(weight), target, 1.0));
            assert!((found - wanted).abs() < 1e-4 * wanted.abs().max(1.0), "{found} instead of {wanted}");
        }
    }
}

#[test]
fn the_scale_of_rewards_does_not_matter() {
    let target = Some(&[0.5, -0.25, 0.0][..]);
    let small = gradient(0.2, target, 0.01);
    for scale in [1.0, 1000.0] {
        let found = gradient(0.2, target, scale);
        assert!((found - small).abs() < 1e-4 * small.abs(), "{found} instead of {small}");
    }
}
