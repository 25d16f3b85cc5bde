//! A small perceptron as a probe: what a representation holds, but not in straight lines.

use burn::tensor::{Device, Int, Tensor, TensorData};
use nets::{argmax, distribution::Categorical, host, mlp::MlpConfig};
use rand_chacha::ChaCha8Rng;

use super::Halves;
use crate::{
    error::LearnError,
    optim::{AdamSettings, Trained, update},
};

/// Steps of Adam on all examples at once.
const STEPS: usize = 300;

/// Their size.
const LEARNING_RATE: f64 = 1e-2;

/// Predictions for the tested half, `[N, outputs]`, of a perceptron fitted to `targets [N, outputs]` of
/// the other by squared error, in units of their standard deviation.
pub(super) fn numbers(
    halves: &Halves,
    targets: &[f32],
    outputs: usize,
    hidden: usize,
    random: &mut ChaCha8Rng,
) -> Result<Vec<f32>, LearnError> {
    let targets = tensor(targets, outputs);
    let mean = targets.clone().mean_dim(0);
    let centred = targets - mean.clone();
    let scale = centred.clone().square().mean_dim(0).sqrt();
    let scale = scale.clone() + scale.equal_elem(0.0).float();
    let standard = (centred / scale.clone()).autodiff();
    let loss = |output: Tensor<2>| (output - standard.clone()).square().mean();
    Ok(host(fitted(halves, outputs, hidden, random, loss)? * scale + mean))
}

/// Predicted classes of the tested half by a perceptron fitted to `labels [N]` of the other.
pub(super) fn classes(
    halves: &Halves,
    labels: &[usize],
    classes: usize,
    hidden: usize,
    random: &mut ChaCha8Rng,
) -> Result<Vec<usize>, LearnError> {
    let labels: Vec<i64> = labels.iter().map(|&label| label as i64).collect();
    let count = labels.len();
    let device = Device::flex().autodiff();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), &device);
    let loss = |output: Tensor<2>| Categorical::new(output).log_prob(labels.clone()).mean().neg();
    let scores = host(fitted(halves, classes, hidden, random, loss)?);
    Ok(scores.chunks_exact(classes).map(argmax).collect())
}

fn fitted(
    halves: &Halves,
    outputs: usize,
    hidden: usize,
    random: &mut ChaCha8Rng,
    loss: impl Fn(Tensor<2>) -> Tensor<1>,
) -> Result<Tensor<2>, LearnError> {
    let network = MlpConfig::new(halves.width, &[hidden], outputs).init(&Device::flex().autodiff(), random);
    let mut network = Trained::new(network, AdamSettings::new(LEARNING_RATE));
    let input = tensor(&halves.fitted_features, halves.width).autodiff();
    for _ in 0..STEPS {
        let loss = loss(network.module().forward(input.clone()));
        update("probe", loss, &mut [&mut network], None)?;
    }
    Ok(network.inference().forward(tensor(&halves.tested_features, halves.width)))
}

fn tensor(values: &[f32], width: usize) -> Tensor<2> {
    let shape = [values.len() / width, width];
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}
