//! What the tests of this crate share: random tensors, golden numbers, finite differences.

use burn::tensor::{Device, Tensor, TensorData};
pub(crate) use nets::host as values;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Uniform values in [-1, 1).
pub(crate) fn random_values(seed: u64, count: usize) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// The same as a tensor of the given shape on the CPU.
pub(crate) fn random_tensor<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
    let values = random_values(seed, shape.iter().product());
    tensor(&values, shape)
}

/// A tensor of these values on the CPU.
pub(crate) fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

/// The lines of `text` that begin with `name`, as numbers.
pub(crate) fn numbers(text: &str, name: &str) -> Vec<Vec<f64>> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines
        .filter(|(found, _)| *found == name)
        .map(|(_, rest)| {
            let parts = rest.split_whitespace();
            parts.map(|part| part.parse().unwrap()).collect()
        })
        .collect()
}

/// Asserts that two slices agree within `tolerance`.
pub(crate) fn assert_close(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(found) - expected).abs();
        assert!(error <= tolerance * expected.abs().max(1.0), "at {index}: {found} instead of {expected}");
    }
}

/// Asserts that the gradient of the scalar `function` at `point [n]` agrees with central
/// differences.
pub(crate) fn check_gradient(point: &[f32], function: impl Fn(Tensor<1>) -> Tensor<1>) {
    let leaf = tensor(point, [point.len()]).autodiff().require_grad();
    let gradients = function(leaf.clone()).backward();
    let found = leaf.grad(&gradients).map_or(vec![0.0; point.len()], values);
    let step = 1e-2f32;
    for (index, &found) in found.iter().enumerate() {
        let at = |offset: f32| {
            let mut moved = point.to_vec();
            moved[index] += offset;
            f64::from(values(function(tensor(&moved, [moved.len()])))[0])
        };
        // Fourth-order differences: a wide step keeps f32's rounding small.
        let near = at(step) - at(-step);
        let far = at(2.0 * step) - at(-2.0 * step);
        let expected = (8.0 * near - far) / (12.0 * f64::from(step));
        let error = (f64::from(found) - expected).abs();
        assert!(error < 2e-3 * expected.abs().max(1.0), "at {index}: {found} instead of {expected}");
    }
}
