//! The ensemble that the latent model's cost is compared with: its loss, its learning, and that it
//! leaves the agent alone.

use burn::tensor::{Device, Tensor, TensorData};
use learn::batch::{ActionBatch, Windows};
use nets::observed::Observed;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::{Method, Run, Snapshot, Task, task::World};
use settings::Config;

use super::{ConsistencySettings, Tcrl, TcrlConfig, ensemble::Ensemble};

const STEPS: usize = 3;
const SIZE: usize = 2;

fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn normal<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
    nets::noise::normal(shape, &Device::flex(), &mut generator(seed))
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn ensemble() -> Ensemble {
    let settings = ConsistencySettings {
        horizon: STEPS,
        hidden: vec![16],
        adam: learn::optim::AdamSettings::new(3e-3),
        ..ConsistencySettings::default()
    };
    Ensemble::new(&settings, SIZE, 1, &Device::flex().autodiff(), &mut generator(1))
}

/// Windows one step longer than needed, of which the last ends after one step. The differences of
/// observations follow the actions, with a little noise, and so does the reward.
fn windows(seed: u64, batch: usize) -> Windows {
    let length = STEPS + 1;
    let actions = normal(seed, [batch * length, 1]);
    let noise = host(normal(seed + 1, [batch * length, SIZE]));
    let action = host(actions.clone());
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
        observations: Observed::Flat(tensor(observations, [batch * (length + 1), SIZE])),
        reward: actions.clone().mul_scalar(0.3).reshape([batch, length]),
        actions: ActionBatch::Continuous(actions),
        discount: tensor(mask.clone(), [batch, length]),
        mask: tensor(mask, [batch, length]),
        weight: tensor(vec![1.0; batch], [batch]),
    }
}

#[test]
fn the_loss_is_the_negative_log_likelihood_of_steps_inside_the_episode() {
    let (ensemble, windows) = (ensemble(), windows(2, 2));
    let Observed::Flat(seen) = windows.observations.clone() else { panic!("vectors") };
    let seen = host(seen);
    let rewards = host(windows.reward.clone());
    let softplus = |x: f64| x.exp().ln_1p();
    let mut expected = 0.0;
    for (row, step) in [(0, 0), (0, 1), (0, 2), (1, 0)] {
        let at = |step: usize| {
            let first = (row * (windows.length + 1) + step) * SIZE;
            &seen[first..first + SIZE]
        };
        let (now, next) = (at(step), at(step + 1));
        let action = host(windows.action(step, 1))[row];
        let input = vec![now[0] as f32, now[1] as f32, action as f32];
        let output = host(ensemble.members().inference().forward(tensor(input, [1, SIZE + 1])));
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
    let found = host(ensemble.loss(&windows).unwrap().without_autodiff())[0];
    assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found} instead of {expected}");
}

#[test]
fn it_learns_means_and_variances() {
    let mut ensemble = ensemble();
    let held_out = windows(9_999, 64);
    let loss = |ensemble: &Ensemble| host(ensemble.loss(&held_out).unwrap().without_autodiff())[0] / 5.0;
    let before = loss(&ensemble);
    for seed in 0..600 {
        ensemble.train(&windows(10 * seed, 32)).unwrap();
    }
    // Means without variances could not fall below 0, the loss of exact means at unit variance.
    let after = loss(&ensemble);
    assert!(after < -1.0 && after < before, "{before} then {after}");
}

#[test]
fn the_agent_learns_the_same_beside_it() {
    let state = |ensemble: bool| {
        let config = TcrlConfig {
            random_episodes: 0,
            update_every: 2,
            batch: 16,
            hidden: vec![16, 16],
            latent_size: 4,
            ensemble,
            ..TcrlConfig::default()
        };
        config.validate().unwrap();
        let mut run = Run::new(1, 1_000, "cpu");
        let task = Task::new().with(World::new("pendulum").unwrap());
        let mut method = Tcrl::build(config, &task, &mut run).unwrap();
        for _ in 0..60 {
            method.advance(&mut run).unwrap();
        }
        let mut snapshot = Snapshot::new();
        method.save(&mut snapshot).unwrap();
        snapshot.arrays().clone()
    };
    let (alone, mut beside) = (state(false), state(true));
    let count = beside.len();
    beside.retain(|name, _| !name.starts_with("ensemble"));
    assert!(beside.len() < count);
    assert_eq!(alone, beside);
}

#[test]
fn it_needs_a_representation_to_be_compared_with() {
    let config = TcrlConfig { raw: true, ensemble: true, ..TcrlConfig::default() };
    assert!(config.validate().is_err_and(|reason| reason.contains("`raw`")));
}
