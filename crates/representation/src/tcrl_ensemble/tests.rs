//! The ensemble's loss and its learning.

use burn::tensor::Device;
use learn::{
    batch::{ActionBatch, Windows},
    optim::{Trained, update},
};
use nets::{ensemble::EnsembleMlp, observed::Observed};
use settings::Config;

use super::{TcrlEnsembleConfig, loss, method::members};
use crate::testing::{generator, normal, tensor, wide};

trials::small!(
    "tcrl-ensemble",
    "pendulum",
    &[&["hidden=[8]", "batch=8", "random_episodes=1", "update_every=10"]]
);

const STEPS: usize = 3;
const SIZE: usize = 2;

fn ensemble() -> Trained<EnsembleMlp> {
    let config =
        TcrlEnsembleConfig { hidden: vec![16], learning_rate: 3e-3, weight_decay: 0.0, ..Default::default() };
    members(&config, SIZE, 1, &Device::flex().autodiff(), &mut generator(1))
}

/// Windows one step longer than needed, of which the last ends after one step. The differences of
/// observations follow the actions, with a little noise, and so does the reward.
fn windows(seed: u64, batch: usize) -> Windows {
    let length = STEPS + 1;
    let actions = normal(seed, [batch * length, 1]);
    let noise = wide(normal(seed + 1, [batch * length, SIZE]));
    let action = wide(actions.clone());
    let mut observations = Vec::new();
    for row in 0..batch {
        let mut seen = [0.1 * row as f64 / batch as f64, -0.2];
        observations.extend(seen.map(|value| value as f32));
        for step in row * length..(row + 1) * length {
            for (number, value) in seen.iter_mut().enumerate() {
                *value +=
                    0.5 * action[step] * (1.0 - number as f64 * 1.5) + 0.01 * noise[step * SIZE + number];
            }
            observations.extend(seen.map(|value| value as f32));
        }
    }
    let mut mask = vec![1.0; batch * length];
    mask[(batch - 1) * length + 1..].fill(0.0);
    Windows {
        batch,
        length,
        observations: Observed::Flat(tensor(&observations, [batch * (length + 1), SIZE])),
        reward: actions.clone().mul_scalar(0.3).reshape([batch, length]),
        actions: ActionBatch::Continuous(actions),
        discount: tensor(&mask, [batch, length]),
        mask: tensor(&mask, [batch, length]),
        weight: tensor(&vec![1.0; batch], [batch]),
    }
}

#[test]
fn the_loss_is_the_negative_log_likelihood_of_steps_inside_the_episode() {
    let (ensemble, windows) = (ensemble(), windows(2, 2));
    let Observed::Flat(seen) = windows.observations.clone() else { panic!("vectors") };
    let seen = wide(seen);
    let rewards = wide(windows.reward.clone());
    let softplus = |x: f64| x.exp().ln_1p();
    let mut expected = 0.0;
    for (row, step) in [(0, 0), (0, 1), (0, 2), (1, 0)] {
        let at = |step: usize| {
            let first = (row * (windows.length + 1) + step) * SIZE;
            &seen[first..first + SIZE]
        };
        let (now, next) = (at(step), at(step + 1));
        let action = wide(windows.action(step, 1))[row];
        let input = vec![now[0] as f32, now[1] as f32, action as f32];
        let output = wide(ensemble.inference().forward(tensor(&input, [1, SIZE + 1])));
        let target = [next[0] - now[0], next[1] - now[1], rewards[row * windows.length + step]];
        for member in output.chunks(2 * (SIZE + 1)) {
            for (number, target) in target.iter().enumerate() {
                let below = 0.5 - softplus(0.5 - member[SIZE + 1 + number]);
                let log_variance = softplus(below + 10.0) - 10.0;
                let error = target - member[number];
                expected += (error * error * (-log_variance).exp() + log_variance) / 2.0;
            }
        }
    }
    expected /= 4.0 * (SIZE + 1) as f64;
    let found = wide(loss(ensemble.module(), STEPS, &windows).unwrap())[0];
    assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found} instead of {expected}");
}

#[test]
fn it_learns_means_and_variances() {
    let mut ensemble = ensemble();
    let held_out = windows(9_999, 64);
    let measure =
        |ensemble: &Trained<EnsembleMlp>| wide(loss(ensemble.module(), STEPS, &held_out).unwrap())[0] / 5.0;
    let before = measure(&ensemble);
    for seed in 0..600 {
        let loss = loss(ensemble.module(), STEPS, &windows(10 * seed, 32)).unwrap();
        update("ensemble", loss, &mut [&mut ensemble], Some(10.0)).unwrap();
    }
    // Means without variances could not fall below 0, the loss of exact means at unit variance.
    let after = measure(&ensemble);
    assert!(after < -1.0 && after < before, "{before} then {after}");
}

#[test]
fn presets_are_valid_and_rooms_that_are_too_small_are_refused() {
    TcrlEnsembleConfig::default().validate().unwrap();
    TcrlEnsembleConfig::paper().validate().unwrap();
    let small = TcrlEnsembleConfig { capacity: 5, ..TcrlEnsembleConfig::default() };
    assert_eq!(small.validate().unwrap_err(), "`capacity` is 5: it must be at least 6");
}
