//! The loops over host memory against the tensor operations.

use super::*;
use crate::{host, noise};
use rand::SeedableRng;

const CELLS: [Cell; 4] = [Cell::Gru, Cell::GruResetBefore, Cell::GruNormalised, Cell::Lstm];

/// Values and gradients of the states by one of the two ways.
fn run(layer: &Recurrent, by_loops: bool) -> [Vec<f32>; 5] {
    let device = Device::flex().autodiff();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (rows, length) = (19, 4);
    let (width, size) = (layer.cell.gates() * layer.hidden(), layer.state_size());
    let projected = noise::normal([rows, length, width], &device, &mut random).require_grad();
    let first = noise::normal([rows, size], &device, &mut random).require_grad();
    let begins = noise::uniform([rows, length], &device, &mut random).lower_elem(0.3).float();
    let cotangent = noise::normal([rows, length, size], &device, &mut random);
    let states = match by_loops {
        true => super::host::sequence(layer, &projected, Some(&begins), &first).expect("the CPU"),
        false => layer.by_tensors(projected.clone(), Some(begins.inner()), first.clone()),
    };
    let gradients = (states.clone() * cotangent).sum().backward();
    let of = |parameter: Tensor<1>| host(parameter.grad(&gradients).expect("it has a gradient"));
    let vector = match (&layer.candidate, &layer.norm) {
        (Some(candidate), _) => of(candidate.val()),
        (_, Some(norm)) => of(norm.gamma.val()),
        _ => Vec::new(),
    };
    [
        host(states),
        host(projected.grad(&gradients).expect("it has a gradient")),
        host(first.grad(&gradients).expect("it has a gradient")),
        host(layer.recurrent.val().grad(&gradients).expect("it has a gradient")),
        [vector, of(layer.start.as_ref().expect("it is learned").val())].concat(),
    ]
}

#[test]
fn loops_and_tensor_operations_agree() {
    for cell in CELLS {
        let device = Device::flex().autodiff();
        let config = RecurrentConfig::new(cell, 1, 21).with_learned_start();
        let layer = config.init(&device, &mut ChaCha8Rng::seed_from_u64(2));
        for (found, expected) in run(&layer, true).iter().zip(&run(&layer, false)) {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                let bound = 2e-5 * expected.abs().max(1.0);
                assert!((found - expected).abs() < bound, "{cell:?}: {found}, expected {expected}");
            }
        }
    }
}
