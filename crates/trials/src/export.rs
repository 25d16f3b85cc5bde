//! An exported policy, computed from its JSON and arrays alone, acts as the policy does.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, task::World};
use serde_json::Value;
use worlds::{Actions, Array, Layout, Observations, Spec};

use crate::{
    Trial,
    interpreter::{self, Arrays},
};

/// Observations that are compared.
const ROWS: usize = 24;

/// Checks that the interpreter's actions are those of the policy after so many steps.
///
/// # Panics
/// They are not, or the file does not hold what its layers name.
#[track_caller]
pub fn follows(id: &str, world: &str, settings: &[&str], steps: u64) {
    let mut trial = Trial::new(id, world, settings, 10_000, 3);
    trial.train(steps);
    let mut policy = trial.method.policy().expect("the method has a policy");
    let exported = policy.export().expect("the policy stands alone");
    let (layers, arrays) = read(&exported);
    let recorded = world.starts_with("data:");
    let world = world.split_once(" in ").map_or(world, |(_, world)| world);
    let spec = World::new(world).expect("the world exists").spec;
    let random = &mut ChaCha8Rng::seed_from_u64(5);
    let fields = if recorded { seen(world) } else { vec![draw(&spec, random)] };
    let observations = Observations { rows: ROWS, fields };
    let acted = policy.act(&observations, Mode::Greedy, random).expect("the observations fit");
    let computed: Vec<_> = rows(observations.input(), spec.input().size())
        .map(|row| interpreter::act(&layers, &arrays, &row))
        .collect();
    match acted {
        Actions::Discrete(indices) => agree_on_indices(id, &indices, &computed),
        Actions::Continuous(values) => agree_on_vectors(id, &values, &computed),
    }
}

fn agree_on_indices(id: &str, indices: &[u32], computed: &[(Vec<f64>, Vec<f64>)]) {
    for (&index, (scores, action)) in indices.iter().zip(computed) {
        assert_eq!([f64::from(index)], action[..], "{id}: {scores:?}");
    }
    let distinct: BTreeSet<_> = indices.iter().collect();
    assert!(distinct.len() > 1, "{id} always acts alike, which shows nothing");
}

fn agree_on_vectors(id: &str, values: &[f32], computed: &[(Vec<f64>, Vec<f64>)]) {
    let computed: Vec<f64> = computed.iter().flat_map(|(_, action)| action.iter().copied()).collect();
    assert_eq!(values.len(), computed.len());
    let low = computed.iter().copied().fold(f64::INFINITY, f64::min);
    let spread = computed.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low;
    assert!(spread > 1e-4, "{id} always acts alike, which shows nothing: {computed:?}");
    for (&value, &computed) in values.iter().zip(&computed) {
        let error = (f64::from(value) - computed).abs();
        assert!(error < 1e-3 * spread && error < 1e-5, "{id}: {value} and {computed}");
    }
}

/// The layers as JSON text gives them, and the arrays; all of them are named by a layer.
fn read(exported: &Exported) -> (Value, Arrays) {
    let text = exported.recipe["layers"].to_string();
    let arrays: Arrays = exported
        .weights
        .iter()
        .map(|array| {
            let values = array.values.iter().map(|&value| f64::from(value)).collect();
            (array.name.clone(), (array.shape.clone(), values))
        })
        .collect();
    assert_eq!(arrays.len(), exported.weights.len());
    for name in arrays.keys() {
        assert!(text.contains(&format!("\"{name}\"")), "no layer reads {name}");
    }
    (serde_json::from_str(&text).expect("JSON"), arrays)
}

/// What copies of a world show first: a network that has learnt from recorded images says little of
/// others.
fn seen(world: &str) -> Vec<Array> {
    let world = World::new(world).expect("the world exists");
    let mut outcome = worlds::Outcome::new(&world.spec, ROWS);
    world.make(ROWS, 5).expect("the world exists").reset(&mut outcome);
    outcome.observations.fields
}

/// Observations that differ much: vectors of numbers; images whose channels differ in brightness,
/// beyond what worlds of binary planes show.
fn draw(spec: &Spec, random: &mut ChaCha8Rng) -> Array {
    let size = spec.input().size();
    match *spec.input() {
        Layout::Vector { .. } => {
            Array::Float((0..ROWS * size).map(|_| random.random_range(-3.0..3.0)).collect())
        }
        Layout::Image { channels, .. } => {
            let mut image = || {
                let tops: Vec<f64> = (0..channels).map(|_| 255.0 * random.random::<f64>().powi(3)).collect();
                let share: f64 = random.random();
                let mut pixel = |index: usize| match random.random::<f64>() < share {
                    true => (tops[index % channels] * random.random::<f64>()).round() as u8,
                    false => 0,
                };
                (0..size).map(&mut pixel).collect::<Vec<u8>>()
            };
            Array::Byte((0..ROWS).flat_map(|_| image()).collect())
        }
    }
}

fn rows(array: &Array, size: usize) -> impl Iterator<Item = Vec<f64>> {
    let values: Vec<f64> = match array {
        Array::Float(values) => values.iter().map(|&value| f64::from(value)).collect(),
        Array::Byte(values) => values.iter().map(|&value| f64::from(value)).collect(),
    };
    values.chunks_exact(size).map(<[f64]>::to_vec).collect::<Vec<_>>().into_iter()
}
