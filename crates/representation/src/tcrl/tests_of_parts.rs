//! Equations of the parts against hand computation and finite differences.

use burn::tensor::{Device, Tensor};
use learn::{
    batch::{ActionBatch, Windows},
    objective::{Named, Objective, Shapes},
    optim::AdamSettings,
};
use nets::{
    encoder::LatentShape,
    heads::{Critic, DeterministicActor},
    observed::Observed,
};
use worlds::{ActionSpace, Layout};

use super::{
    ConsistencySettings, Distance, Networks, TcrlConfig, TemporalConsistency, ValueKind, imagined_return,
    imagined_targets, method::actor_critic, n_step,
};
use crate::testing::{Matrices, generator, normal, tensor, wide};

const STEPS: usize = 3;
const ROWS: usize = 2;
const LATENT: usize = 3;

fn objective(distance: Distance) -> TemporalConsistency {
    let settings = ConsistencySettings {
        horizon: STEPS,
        rho: 0.9,
        distance,
        consistency_coefficient: 2.0,
        reward_coefficient: 0.5,
        hidden: vec![5],
        latent_size: LATENT,
        ..ConsistencySettings::default()
    };
    let mut objective = TemporalConsistency::new(settings, &AdamSettings::default());
    let shapes = Shapes {
        layout: &Layout::Vector { size: LATENT },
        action: &ActionSpace::Box { low: vec![-1.0], high: vec![1.0] },
        latent: LatentShape::Flat(LATENT),
        projection: LATENT,
        device: &Device::flex().autodiff(),
    };
    objective.build(&shapes, &mut generator(1)).unwrap();
    objective
}

/// Two windows of which the second ends after one step, one step longer than the objective needs.
fn windows() -> Windows {
    let length = STEPS + 1;
    Windows {
        batch: ROWS,
        length,
        observations: Observed::Flat(normal(2, [ROWS * (length + 1), LATENT])),
        actions: ActionBatch::Continuous(normal(3, [ROWS * length, 1])),
        reward: tensor(&[1.0, -2.0, 0.5, 4.0, 3.0, 0.0, 0.0, 0.0], [ROWS, length]),
        discount: tensor(&[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0], [ROWS, length]),
        mask: tensor(&[1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [ROWS, length]),
        weight: tensor(&[1.0; ROWS], [ROWS]),
    }
}

/// Both terms for one window by the paper's equation, step by step in f64.
fn by_hand(objective: &TemporalConsistency, start: &Tensor<2>, row: usize, valid: usize) -> [f64; 2] {
    let windows = windows();
    let model = objective.model().unwrap().inference();
    let [mut distance, mut error] = [0.0, 0.0];
    let mut latent = start.clone().narrow(0, row, 1);
    for step in 0..valid {
        let action = windows.action(step, 1).narrow(0, row, 1);
        let (next, reward) = model.step(latent, action);
        let Observed::Flat(seen) = windows.observation(step + 1) else { panic!("vectors") };
        let (a, b) = (wide(next.clone()), wide(seen.narrow(0, row, 1)));
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let rho = 0.9_f64.powi(step as i32);
        distance -= rho * dot(&a, &b) / (dot(&a, &a).sqrt() * dot(&b, &b).sqrt());
        let real = wide(windows.reward.clone())[row * windows.length + step];
        error += rho * (wide(reward)[0] - real).powi(2);
        latent = next;
    }
    [distance, error]
}

#[test]
fn the_terms_are_the_papers_sums() {
    let (objective, start) = (objective(Distance::Cosine), normal(4, [ROWS, LATENT]));
    let taps = Matrices::none(start.clone().autodiff());
    let terms = objective.terms(&taps, &windows(), &mut generator(0)).unwrap();
    assert_eq!(terms.iter().map(|term| term.name).collect::<Vec<_>>(), ["consistency", "reward"]);
    assert_eq!([terms[0].weight, terms[1].weight], [2.0 / 3.0, 0.5 / 3.0]);
    for (row, valid) in [(0, STEPS), (1, 1)] {
        let expected = by_hand(&objective, &start, row, valid);
        for (term, expected) in terms.iter().zip(expected) {
            let found = wide(term.loss.clone().inner())[row];
            assert!((found - expected).abs() < 1e-5 * expected.abs().max(1.0), "{found} {expected}");
        }
    }
}

#[test]
fn the_gradient_at_the_start_agrees_with_finite_differences() {
    for distance in [Distance::Cosine, Distance::Mse] {
        let objective = objective(distance);
        let loss = |start: Tensor<2>| {
            let terms = objective.terms(&Matrices::none(start), &windows(), &mut generator(0)).unwrap();
            let sums = terms.into_iter().map(|term| term.loss.sum() * term.weight);
            sums.reduce(|sum, term| sum + term).unwrap()
        };
        let values: Vec<f32> = wide(normal(5, [ROWS, LATENT])).iter().map(|value| *value as f32).collect();
        let leaf = tensor(&values, [ROWS, LATENT]).autodiff().require_grad();
        let gradients = loss(leaf.clone()).backward();
        let found = wide(leaf.grad(&gradients).unwrap());
        for (index, found) in found.iter().enumerate() {
            let at = |offset: f32| {
                let mut moved = values.clone();
                moved[index] += offset;
                wide(loss(tensor(&moved, [ROWS, LATENT]).autodiff()).inner())[0]
            };
            let step = 1e-2;
            let near = at(step) - at(-step);
            let far = at(2.0 * step) - at(-2.0 * step);
            let expected = (8.0 * near - far) / (12.0 * f64::from(step));
            assert!((found - expected).abs() < 2e-3 * expected.abs().max(1.0), "{found} {expected}");
        }
    }
}

#[test]
fn returns_stop_where_an_episode_does() {
    let values = |n: usize| {
        let (reward, discount) = n_step(&windows(), n, 0.5);
        (wide(reward), wide(discount))
    };
    // The first window goes on; the second ends for good after one step.
    assert_eq!(values(3), (vec![1.0 - 1.0 + 0.125, 3.0], vec![0.125, 0.0]));
    let mut cut = windows();
    cut.discount = cut.mask.clone();
    let (reward, discount) = n_step(&cut, 3, 0.5);
    assert_eq!((wide(reward), wide(discount)), (vec![0.125, 3.0], vec![0.125, 0.5]));
}

/// Settings of a value kind, with an actor and critics.
fn agent(value: ValueKind, lambda: f64) -> (TcrlConfig, DeterministicActor, Critic) {
    let mut config = TcrlConfig { value, lambda, imagined_steps: 4, gamma: 0.8, ..TcrlConfig::default() };
    config.objective.hidden = vec![6, 5];
    let (actor, critic) = actor_critic(&config, LATENT, 1, &Device::flex(), &mut generator(6));
    (config, actor, critic)
}

#[test]
fn imagined_targets_obey_their_recursions() {
    let objective = objective(Distance::Cosine);
    let model = objective.model().unwrap().inference();
    for (value, lambda) in [(ValueKind::Gae, 0.7), (ValueKind::Mve, 1.0)] {
        let (config, actor, critic) = agent(value, 0.7);
        // Practically no noise, so that imagined paths can be computed again.
        let networks = Networks { model, actor: &actor, critic: &critic, sigma: 1e-9 };
        let start = normal(7, [ROWS, LATENT]);
        let targets = imagined_targets(networks, &config, start.clone(), &mut generator(8));
        let found = wide(targets.target);
        for row in 0..ROWS {
            let mut latent = start.clone().narrow(0, row, 1);
            let (mut rewards, mut values) = (Vec::new(), Vec::new());
            for _ in 0..4 {
                let (next, reward) = model.step(latent.clone(), actor.forward(latent));
                let twins = wide(critic.forward(next.clone(), actor.forward(next.clone())));
                rewards.push(wide(reward)[0]);
                values.push(twins[0].min(twins[1]));
                latent = next;
            }
            let mut onward = values[3];
            for step in (0..4).rev() {
                let expected = rewards[step] + 0.8 * onward;
                let found = found[step * ROWS + row];
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                if step > 0 {
                    onward = (1.0 - lambda) * values[step - 1] + lambda * expected;
                }
            }
        }
        if value == ValueKind::Mve {
            let whole = wide(imagined_return(networks, &config, start, &mut generator(8)));
            assert!(whole.iter().zip(&found).all(|(whole, first)| (whole - first).abs() < 1e-5));
        }
    }
}
