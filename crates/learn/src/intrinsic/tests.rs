//! What bonuses say of what is new and what is not.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use nets::host;
use rand::{RngExt, SeedableRng};

use super::*;

fn place(size: usize) -> Place {
    Place { layout: Layout::Vector { size }, device: Device::flex(), seed: 3 }
}

/// The part of this name under these settings, by the registry.
fn part(text: &str, size: usize) -> Box<dyn Intrinsic> {
    let mut bonus = Bonus::default();
    bonus.read(&text.parse().unwrap()).unwrap();
    bonus.build(&place(size)).unwrap().unwrap()
}

#[test]
fn the_nth_visit_of_a_cell_earns_one_over_the_root_of_n() {
    let mut counts = part("name = \"counts\"\nwidth = 0.5", 2);
    let here = Array::Float(vec![0.1, 1.1]);
    let there = Array::Float(vec![0.1, 1.6]);
    for visit in 1..=4 {
        counts.visit(&here, 1).unwrap();
        assert_eq!(counts.novelty(&here, 1).unwrap(), [1.0 / (visit as f32).sqrt()]);
    }
    // In the same cell, in another one, and of both at once.
    assert_eq!(counts.novelty(&Array::Float(vec![-0.2, 0.9]), 1).unwrap(), [0.5]);
    assert_eq!(counts.novelty(&there, 1).unwrap(), [1.0]);
    let both = Array::Float(vec![0.1, 1.6, 0.1, 1.1]);
    assert_eq!(counts.novelty(&both, 2).unwrap(), [1.0, 0.5]);
    assert!(counts.novelty(&both, 3).unwrap_err().to_string().contains("4 values where 6"));
}

#[test]
fn sim_hash_tells_directions_apart_and_not_lengths() {
    let mut counts = part("name = \"counts\"\ncells = \"sim-hash\"\nbits = 64", 3);
    counts.visit(&Array::Float(vec![1.0, -2.0, 0.5]), 1).unwrap();
    counts.visit(&Array::Float(vec![2.0, -4.0, 1.0]), 1).unwrap();
    let seen = Array::Float(vec![3.0, -6.0, 1.5, -1.0, 2.0, -0.5]);
    assert_eq!(counts.novelty(&seen, 2).unwrap(), [0.5_f32.sqrt(), 1.0]);
}

#[test]
fn counted_visits_are_saved_and_taken_back() {
    let mut counts = part("name = \"counts\"", 1);
    let seen = Array::Byte(vec![0, 1, 1, 7]);
    counts.visit(&seen, 4).unwrap();
    let mut other = part("name = \"counts\"", 1);
    other.load("", &BTreeMap::new(), &counts.state()).unwrap();
    assert_eq!(other.novelty(&seen, 4).unwrap(), counts.novelty(&seen, 4).unwrap());
    assert_eq!(other.state(), counts.state());
    let torn = &counts.state()[1..];
    assert!(other.load("", &BTreeMap::new(), torn).unwrap_err().to_string().contains("counted visits"));
}

/// Visits and learns from what lies on the left side, `steps` times.
fn learn_left(distillation: &mut dyn Intrinsic, steps: usize) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut losses = Vec::new();
    for _ in 0..steps {
        let left: Vec<f32> = (0..32).map(|_| -random.random::<f32>()).collect();
        let left = Array::Float(left);
        distillation.visit(&left, 16).unwrap();
        losses.push(distillation.learn(&left, 16, &mut random).unwrap().unwrap());
    }
    losses
}

#[test]
fn what_was_learned_from_is_familiar_and_the_rest_is_new() {
    let mut distillation = part("name = \"rnd\"\nhidden = [32]\noutputs = 8\nlearning_rate = 3e-3", 2);
    let losses = learn_left(distillation.as_mut(), 300);
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    assert!(mean(&losses[290..]) < 0.1 * mean(&losses[..10]), "{losses:?}");
    let seen = Array::Float(vec![-0.5, -0.5, 1.5, 1.5]);
    let novelty = distillation.novelty(&seen, 2).unwrap();
    assert!(novelty[1] > 5.0 * novelty[0], "{novelty:?}");
}

#[test]
fn distillation_goes_on_as_if_it_had_never_been_saved() {
    let settings = "name = \"rnd\"\nhidden = [8]\noutputs = 4\nshare = 0.5";
    let mut distillation = part(settings, 2);
    learn_left(distillation.as_mut(), 3);
    let mut arrays = Vec::new();
    distillation.save("bonus", &mut arrays);
    let arrays: BTreeMap<_, _> = arrays.into_iter().map(|array| (array.name.clone(), array)).collect();
    let mut bonus = Bonus::default();
    bonus.read(&settings.parse().unwrap()).unwrap();
    // Another seed: the random network comes from what was saved.
    let mut other = bonus.build(&Place { seed: 4, ..place(2) }).unwrap().unwrap();
    other.load("bonus", &arrays, &distillation.state()).unwrap();
    let rest = [learn_left(distillation.as_mut(), 3), learn_left(other.as_mut(), 3)];
    assert_eq!(rest[0], rest[1]);
}

#[test]
fn no_gradient_enters_what_is_copied() {
    let leaf = |values: [f32; 4]| {
        Tensor::<2>::from_data([[values[0], values[1]], [values[2], values[3]]], &Device::flex().autodiff())
            .require_grad()
    };
    let (prediction, target) = (leaf([1.0, 2.0, 3.0, 4.0]), leaf([1.0, 0.0, 0.0, 0.0]));
    let error = prediction_error(prediction.clone(), target.clone());
    assert_eq!(host(error.clone().inner()), [2.0, 12.5]);
    let gradients = error.sum().backward();
    assert_eq!(host(prediction.grad(&gradients).unwrap()), [0.0, 2.0, 3.0, 4.0]);
    assert!(target.grad(&gradients).is_none());
}

#[test]
fn a_bonus_is_refused_in_a_sentence() {
    let refusal = |text: &str| {
        let mut bonus = Bonus::default();
        let read = bonus.read(&text.parse().unwrap());
        read.and_then(|()| bonus.check()).unwrap_err().to_string()
    };
    assert_eq!(refusal("name = \"novelty\""), "`name` is novelty: it must be `none`, `counts` or `rnd`");
    assert_eq!(refusal("name = \"rnd\"\nscale = -1.0"), "`scale` is -1: it must be at least 0");
    assert_eq!(
        refusal("scale = 2.0"),
        "`scale` is 2.0: that is a setting of `counts` or `rnd`, and no bonus is chosen: set `.name` too"
    );
}
