//! What tests of worlds with an exact model share.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use worlds::tabular::Model;
use worlds::{Action, Array, Environment, Options};

/// The options with the given pairs.
pub fn with(options: Options, pairs: &[(&str, &str)]) -> Options {
    pairs.iter().fold(options, |options, (key, value)| options.with(*key, value))
}

/// The current observation.
pub fn seen<W: Environment>(world: &W) -> Vec<f32> {
    let mut array = world.spec().input().zeros(1);
    world.observe(0, 0, &mut array);
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => panic!("cells are numbers"),
    }
}

/// Equal but for rounding.
pub fn close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-9, "{left} is not {right}");
}

/// All distributions of the model sum to 1, without impossible outcomes.
pub fn check_probabilities(model: &Model) {
    close(model.start().iter().sum(), 1.0);
    for state in 0..model.states() {
        for action in 0..model.actions() {
            let outcomes = model.outcomes(state, action);
            close(outcomes.iter().map(|outcome| outcome.probability).sum(), 1.0);
            assert!(outcomes.iter().all(|outcome| outcome.probability > 0.0));
        }
    }
}

/// Frequencies of outcomes while walking at random lie within five standard errors of the model's
/// probabilities, and no outcome is seen that the model excludes.
pub fn check_walk<W: Environment>(world: &mut W, model: &Model, cell: impl Fn(&W) -> usize) {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let pair = |state: usize, action: usize| state * model.actions() + action;
    let mut counts = vec![vec![0_u32; 2]; model.states() * model.actions()];
    world.reset(&mut random);
    for _ in 0..400_000 {
        let before = cell(world);
        let action = random.random_range(0..model.actions());
        let step = world.step(Action::Discrete(action as u32), &mut random);
        let outcomes = model.outcomes(before, action);
        let index = if step.terminated {
            outcomes.iter().position(|outcome| outcome.terminal)
        } else {
            let after = cell(world);
            outcomes.iter().position(|outcome| !outcome.terminal && outcome.state == after)
        };
        let index = index.expect("the model knows every outcome");
        assert_eq!(step.reward, outcomes[index].reward as f32);
        counts[pair(before, action)][index] += 1;
        if step.terminated {
            world.reset(&mut random);
        }
    }
    for state in 0..model.states() {
        for action in 0..model.actions() {
            let counts = &counts[pair(state, action)];
            let total = f64::from(counts.iter().sum::<u32>());
            for (count, outcome) in counts.iter().zip(model.outcomes(state, action)) {
                let p = outcome.probability;
                let error = (p * (1.0 - p) / total.max(1.0)).sqrt();
                let difference = f64::from(*count) - p * total;
                assert!(difference.abs() <= 5.0 * error * total + 1e-6);
            }
        }
    }
}

/// A copy restored from a walk that is under way sees and gets the same from there on.
pub fn check_continuation<W: Environment>(mut world: W, mut copy: W, actions: u32, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let walk = |world: &mut W, random: &mut ChaCha8Rng| -> Vec<(Vec<f32>, f32, bool)> {
        (0..60)
            .map(|_| {
                let action = Action::Discrete(random.random_range(0..actions));
                let step = world.step(action, random);
                let values = seen(world);
                if step.terminated {
                    world.reset(random);
                }
                (values, step.reward, step.terminated)
            })
            .collect()
    };
    world.reset(&mut random);
    walk(&mut world, &mut random);
    copy.restore(&world.save()).unwrap();
    let mut copied_random = random.clone();
    assert_eq!(seen(&world), seen(&copy));
    assert_eq!(walk(&mut world, &mut random), walk(&mut copy, &mut copied_random));
    assert_eq!(world.save(), copy.save());
    let bytes = world.save();
    assert!(copy.restore(&bytes[..bytes.len() - 1]).is_err());
}
