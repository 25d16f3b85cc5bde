//! Noise from the run's generator. Nothing in this crate draws from a global or a backend's
//! generator, so that two runs in one process do not disturb each other and resume is exact.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// `count` independent draws from N(0, 1), in f64 (Box and Muller, 1958). An odd count still
/// consumes a whole pair from the generator.
pub fn normal_values(count: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
        let (sine, cosine) = (TAU * random.random::<f64>()).sin_cos();
        values.push(radius * cosine);
        values.push(radius * sine);
    }
    values.truncate(count);
    values
}

/// A tensor of independent N(0, 1) draws of the given shape; no gradient is tracked.
pub fn normal<const D: usize>(shape: [usize; D], device: &Device, random: &mut ChaCha8Rng) -> Tensor<D> {
    let values = normal_values(shape.iter().product(), random);
    let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A tensor of independent draws from [0, 1) of the given shape; no gradient is tracked.
pub fn uniform<const D: usize>(shape: [usize; D], device: &Device, random: &mut ChaCha8Rng) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| random.random::<f32>()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A dropout mask of the given shape to multiply activations by: 0 with probability `rate`, which is
/// below 1, else 1/(1 - rate), so that the mean stays.
pub fn dropout<const D: usize>(
    shape: [usize; D],
    rate: f64,
    device: &Device,
    random: &mut ChaCha8Rng,
) -> Tensor<D> {
    let kept = (1.0 / (1.0 - rate)) as f32;
    let count = shape.iter().product();
    let values: Vec<f32> =
        (0..count).map(|_| if random.random::<f64>() < rate { 0.0 } else { kept }).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}
