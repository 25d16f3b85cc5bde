//! Initial weights, drawn eagerly from the run's generator.

use crate::noise::normal_values;
use burn::module::Param;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How a layer's weights are drawn. Biases start at zero, except under [`Init::FanIn`], which draws
/// them like the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Init {
    /// Orthonormal rows or columns (whichever are fewer) times `gain` (Saxe et al., 2014).
    Orthogonal {
        /// Factor on the orthonormal matrix, for instance sqrt(2) before a ReLU.
        gain: f64,
    },
    /// Uniform on ±1/sqrt(fan in), the bias likewise: PyTorch's default for linear and
    /// convolutional layers.
    FanIn,
    /// Uniform on ±sqrt(6/(fan in + fan out)) (Glorot and Bengio, 2010).
    Xavier,
    /// Uniform on ±sqrt(6/fan in) (He et al., 2015), for layers before a ReLU.
    KaimingUniform,
    /// N(0, std²).
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// N(0, std²) conditioned on lying within two standard deviations.
    TruncatedNormal {
        /// Standard deviation before truncation.
        std: f64,
    },
    /// All zeros.
    Zero,
}

/// Number of inputs and outputs one weight connects.
#[derive(Clone, Copy)]
struct Fans {
    input: usize,
    output: usize,
}

impl Init {
    /// Weights of a `rows x columns` matrix, row-major.
    fn matrix(self, rows: usize, columns: usize, fans: Fans, random: &mut ChaCha8Rng) -> Vec<f32> {
        let count = rows * columns;
        match self {
            Init::Orthogonal { gain } => orthogonal(rows, columns, gain, random),
            Init::FanIn => uniform(count, 1.0 / (fans.input as f64).sqrt(), random),
            Init::Xavier => {
                let bound = (6.0 / (fans.input + fans.output) as f64).sqrt();
                uniform(count, bound, random)
            }
            Init::KaimingUniform => uniform(count, (6.0 / fans.input as f64).sqrt(), random),
            Init::Normal { std } => {
                let values = normal_values(count, random);
                values.into_iter().map(|value| (value * std) as f32).collect()
            }
            Init::TruncatedNormal { std } => truncated(count, std, random),
            Init::Zero => vec![0.0; count],
        }
    }

    /// Biases of a layer with `count` outputs.
    fn bias(self, count: usize, fan_in: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
        match self {
            Init::FanIn => uniform(count, 1.0 / (fan_in as f64).sqrt(), random),
            _ => vec![0.0; count],
        }
    }
}

pub(crate) fn uniform(count: usize, bound: f64, random: &mut ChaCha8Rng) -> Vec<f32> {
    (0..count).map(|_| (bound * (2.0 * random.random::<f64>() - 1.0)) as f32).collect()
}

fn truncated(count: usize, std: f64, random: &mut ChaCha8Rng) -> Vec<f32> {
    let mut values = Vec::with_capacity(count);
    while values.len() < count {
        for value in normal_values(count - values.len(), random) {
            if value.abs() <= 2.0 {
                values.push((value * std) as f32);
            }
        }
    }
    values
}

/// Gaussian vectors made orthonormal by Gram-Schmidt in f64, which is a uniform draw from the
/// orthonormal frames. Each vector is projected twice: once is not enough in floating point.
fn orthogonal(rows: usize, columns: usize, gain: f64, random: &mut ChaCha8Rng) -> Vec<f32> {
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut frame = normal_values(count * length, random);
    for index in 0..count {
        let (done, rest) = frame.split_at_mut(index * length);
        let vector = &mut rest[..length];
        for _ in 0..2 {
            for other in done.chunks_exact(length) {
                let overlap = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= overlap * b);
            }
        }
        let norm = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|value| *value /= norm);
    }
    let at = |row: usize, column: usize| match rows <= columns {
        true => frame[row * length + column],
        false => frame[column * length + row],
    };
    let entries = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    entries.map(|(row, column)| (gain * at(row, column)) as f32).collect()
}

/// Inner product in eight partial sums, which the compiler can turn into vector instructions.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left_chunks, right_chunks) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest: f64 = left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left_chunks.zip(right_chunks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// A trainable parameter holding `values` in `shape`.
pub(crate) fn parameter<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_data(TensorData::new(values, shape), device)
}

/// A linear layer y = x W + b with W of shape `[input, output]`. Made on an autodiff device, its
/// parameters are trainable.
pub fn linear(input: usize, output: usize, init: Init, device: &Device, random: &mut ChaCha8Rng) -> Linear {
    let (weight, bias) = linear_values(input, output, init, random);
    Linear {
        weight: parameter(weight, [input, output], device),
        bias: Some(parameter(bias, [output], device)),
    }
}

/// Weights (row-major `[input, output]`) and biases of a linear layer.
pub(crate) fn linear_values(
    input: usize,
    output: usize,
    init: Init,
    random: &mut ChaCha8Rng,
) -> (Vec<f32>, Vec<f32>) {
    let weight = init.matrix(input, output, Fans { input, output }, random);
    let bias = init.bias(output, input, random);
    (weight, bias)
}

/// Shape of a square two-dimensional convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Channels in.
    pub input: usize,
    /// Channels out.
    pub output: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Step of the kernel.
    pub stride: usize,
    /// Zeros added on each side.
    pub padding: usize,
}

impl Convolution {
    /// Side of the output for an input of side `size`; `None` where the kernel does not fit.
    pub fn output_size(&self, size: usize) -> Option<usize> {
        let padded = size + 2 * self.padding;
        (padded >= self.kernel).then(|| (padded - self.kernel) / self.stride + 1)
    }
}

/// A convolution with weights `[output, input, kernel, kernel]`. The matrix that [`Init`] speaks of
/// has one row per output channel.
pub fn conv2d(shape: Convolution, init: Init, device: &Device, random: &mut ChaCha8Rng) -> Conv2d {
    let Convolution { input, output, kernel, stride, padding } = shape;
    let area = kernel * kernel;
    let fans = Fans { input: input * area, output: output * area };
    let weight = init.matrix(output, input * area, fans, random);
    let bias = init.bias(output, fans.input, random);
    Conv2d {
        weight: parameter(weight, [output, input, kernel, kernel], device),
        bias: Some(parameter(bias, [output], device)),
        stride: [stride; 2],
        kernel_size: [kernel; 2],
        dilation: [1; 2],
        groups: 1,
        padding: PaddingConfig2d::Explicit(padding, padding, padding, padding),
    }
}

/// A transposed convolution of kernel and stride 2, from `input` to `output` channels at twice the
/// size, with weights `[input, output, 2, 2]`. Every pixel it makes comes from one pixel, so that
/// the matrix that [`Init`] speaks of has one row per channel read.
pub fn upsampling(
    input: usize,
    output: usize,
    init: Init,
    device: &Device,
    random: &mut ChaCha8Rng,
) -> ConvTranspose2d {
    let fans = Fans { input, output: 4 * output };
    let weight = init.matrix(input, 4 * output, fans, random);
    let bias = init.bias(output, input, random);
    ConvTranspose2d {
        weight: parameter(weight, [input, output, 2, 2], device),
        bias: Some(parameter(bias, [output], device)),
        stride: [2; 2],
        kernel_size: [2; 2],
        dilation: [1; 2],
        groups: 1,
        padding: [0; 2],
        padding_out: [0; 2],
        channels: [input, output],
    }
}

/// Added to the variance in layer normalisation.
pub(crate) const LAYER_NORM_EPSILON: f64 = 1e-5;

/// Layer normalisation over the last dimension of width `size` with gain 1, offset 0 and
/// epsilon 1e-5.
pub fn layer_norm(size: usize, device: &Device) -> LayerNorm {
    layer_norm_with_epsilon(size, LAYER_NORM_EPSILON, device)
}

/// The same with another epsilon.
pub(crate) fn layer_norm_with_epsilon(size: usize, epsilon: f64, device: &Device) -> LayerNorm {
    let mut norm = LayerNormConfig::new(size).with_epsilon(epsilon).init(device);
    norm.gamma = parameter(vec![1.0; size], [size], device);
    norm.beta = Some(parameter(vec![0.0; size], [size], device));
    norm
}
