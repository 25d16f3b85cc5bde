//! An exported policy, computed from its JSON and arrays alone, acts as the policy does.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, task::World};
use serde_json::Value;
use worlds::{Actions, Array, Layout, Observations, Spec};

use crate::{
    harness::Trial,
    interpreter::{self, Arrays},
};

const ROWS: usize = 24;

#[test]
fn policies_of_vectors() {
    let off_policy: &[&str] = &["hidden=[8]", "batch=16", "start_steps=100"];
    let tcrl: &[&str] = &["hidden=[8]", "latent_size=4", "batch=8", "random_episodes=1", "update_every=10"];
    let encoded = "encoder={kind=\"mlp\",hidden=[16],output=8,activation=\"elu\",norm=\"layer\"}";
    follows("ppo", "cartpole", &["rollout=32", "hidden=[8]"], 400);
    follows("ppo", "pendulum", &["rollout=32", "hidden=[8, 8]", "normalise_observations=true"], 400);
    follows("sac", "pendulum", off_policy, 200);
    follows("sac", "pendulum", &[off_policy, &[encoded, "latent=\"tcrl\""]].concat(), 200);
    follows("td3", "pendulum", off_policy, 200);
    let swings = "data:pendulum/scripted,skill=0.5,steps=400 in pendulum";
    follows("bc", swings, &["hidden=[8]", "fit=gaussian"], 200);
    follows("td3-bc", swings, &["hidden=[8]", "batch=16"], 200);
    follows("iql", "data:cartpole/scripted,skill=0.5,steps=400 in cartpole", &["hidden=[8]"], 400);
    follows("prdc", swings, &["agent.hidden=[8]", "agent.batch=16"], 200);
    follows("tcrl", "pendulum", tcrl, 400);
    follows("tcrl", "pendulum", &[tcrl, &["raw=true"]].concat(), 400);
    follows("dqn", "cartpole", &["learning_starts=100", "hidden=16", "batch=8"], 400);
}

#[test]
fn policies_of_planes() {
    let small: &[&str] = &["learning_starts=200", "hidden=32", "batch=8", "train_every=20"];
    follows("dqn", "minatar-breakout", small, 400);
    follows("rainbow", "minatar-breakout", small, 400);
    follows("spr", "minatar-breakout", &[small, &["hidden=128"]].concat(), 400);
    let flat = "encoder={kind=\"mlp\",hidden=[16],output=8,flatten=true}";
    follows("rainbow", "minatar-breakout", &[small, &[flat, "dueling=false"]].concat(), 400);
}

#[test]
fn decoded_latent_policies() {
    let data = "data:maze-levels,levels=20/scripted,steps=300 in maze-levels";
    let small =
        ["encoder={kind=\"planes\",channels=[8]}", "hidden=32", "models.updates=0", "models.warm_up=0"];
    let decoded = ["policy.updates=800", "policy.learning_rate=3e-3", "decoder.updates=800"];
    follows("lapo", data, &[&small[..], &decoded].concat(), 1_600);
    follows("lapo", data, &[&small[..], &["variant=cloning", "policy.updates=400"]].concat(), 400);
}

#[test]
fn every_convolutional_encoder() {
    let kinds = ["nature\"", "drq\"", "dreamer\",depth=4", "impala\",width=1", "planes\",channels=[4,2]"];
    for kind in kinds {
        let encoder = format!("encoder={{kind=\"{kind}}}");
        follows("td3", "pendulum+pixels=48", &["hidden=[8]", "capacity=100", &encoder], 0);
    }
}

#[test]
fn a_policy_that_plans_says_that_its_file_does_not() {
    let small = ["hidden=[8]", "latent_size=4", "planner=\"mppi\""];
    let trial = Trial::new("tcrl", "pendulum", &small, 100, 1);
    let exported = trial.method.policy().expect("a policy").export().expect("an actor");
    assert!(exported.recipe["note"].as_str().expect("a sentence").contains("planner"));
}

/// Checks that the interpreter's actions are those of the policy after so many steps.
#[track_caller]
fn follows(id: &str, world: &str, settings: &[&str], steps: u64) {
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

/// Observations that differ much: vectors of numbers; images whose channels differ in brightness,
/// beyond what worlds of binary planes show.
/// What copies of a world show first: a network that has learnt from recorded images says little of
/// others.
fn seen(world: &str) -> Vec<Array> {
    let world = World::new(world).expect("the world exists");
    let mut outcome = worlds::Outcome::new(&world.spec, ROWS);
    world.make(ROWS, 5).expect("the world exists").reset(&mut outcome);
    outcome.observations.fields
}

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
