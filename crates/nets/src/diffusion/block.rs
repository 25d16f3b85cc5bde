//! Pieces of the temporal network, on maps `[H, C, B]`: rows, channels, samples.
//!
//! With the samples last, the window of rows that a kernel sees is a stretch of adjacent memory, so
//! that a convolution is one selection of rows and one batched matrix product, both forwards and
//! backwards; the CPU backend's own convolutions take a multiple of that.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use crate::init::{self, Init, parameter};
use crate::mish::mish;

/// A one-dimensional convolution over the rows, zero outside the map.
#[derive(Module, Debug)]
pub struct Convolution1d {
    /// `[C', K C]`: for every output channel the kernel's taps, channels fastest.
    weight: Param<Tensor<2>>,
    /// `[C', 1]`.
    bias: Param<Tensor<2>>,
    #[module(skip)]
    kernel: usize,
    #[module(skip)]
    stride: usize,
}

impl Convolution1d {
    /// A kernel of odd size, centred on every `stride`-th row.
    pub fn new(
        [input, output]: [usize; 2],
        kernel: usize,
        stride: usize,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let (weight, bias) = init::linear_values(kernel * input, output, Init::FanIn, random);
        Self {
            weight: parameter(weight, [output, kernel * input], device),
            bias: parameter(bias, [output, 1], device),
            kernel,
            stride,
        }
    }

    /// `[H, C, B] -> [ceil(H/stride), C', B]`.
    pub fn forward(&self, map: Tensor<3>) -> Tensor<3> {
        let [rows, channels, samples] = map.dims();
        let windows = match (self.kernel, self.stride) {
            (1, 1) => map,
            _ => {
                let out = rows.div_ceil(self.stride);
                let flat = map.reshape([rows, channels * samples]);
                let outside = Tensor::zeros([1, channels * samples], &flat.device());
                let padded = Tensor::cat(vec![flat, outside], 0);
                let taps = self.taps(rows, out, &padded.device());
                let taps = padded.select(0, taps);
                taps.reshape([out, self.kernel * channels, samples])
            }
        };
        let [out, ..] = windows.dims();
        let weight: Tensor<3> = self.weight.val().unsqueeze_dim(0);
        let product = weight.matmul(windows);
        let [_, output, _] = product.dims();
        let bias = self.bias.val().expand([output, samples]).reshape([1, output * samples]);
        (product.reshape([out, output * samples]) + bias).reshape([out, output, samples])
    }

    /// The row that each tap of each window reads; `rows` where it lies outside the map.
    fn taps(&self, rows: usize, out: usize, device: &Device) -> Tensor<1, Int> {
        let half = self.kernel / 2;
        let tap = |(window, tap): (usize, usize)| {
            let row = (window * self.stride + tap).checked_sub(half).filter(|row| *row < rows);
            row.unwrap_or(rows) as i64
        };
        let pairs = (0..out).flat_map(|window| (0..self.kernel).map(move |tap| (window, tap)));
        let indices: Vec<i64> = pairs.map(tap).collect();
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count]), device)
    }
}

/// Added to the variance in group normalisation.
const EPSILON: f64 = 1e-5;

/// Group normalisation (Wu and He, 2018): the channels of a group, over all rows of a sample, have
/// mean 0 and variance 1; then a gain and an offset per channel.
#[derive(Module, Debug)]
pub struct GroupNorm {
    gamma: Param<Tensor<3>>,
    beta: Param<Tensor<2>>,
    #[module(skip)]
    groups: usize,
}

impl GroupNorm {
    /// `groups` divides `channels`.
    pub fn new(channels: usize, groups: usize, device: &Device) -> Self {
        Self {
            gamma: parameter(vec![1.0; channels], [groups, channels / groups, 1], device),
            beta: parameter(vec![0.0; channels], [channels, 1], device),
            groups,
        }
    }

    /// Normalises `map [H, C, B]`.
    pub fn forward(&self, map: Tensor<3>) -> Tensor<3> {
        let [rows, channels, samples] = map.dims();
        let flat = map.reshape([rows, channels * samples]);
        let grouped = [self.groups, channels / self.groups, samples];
        let mean = |values: Tensor<2>| values.mean_dim(0).reshape(grouped).mean_dim(1);
        let spread = |values: Tensor<3>| values.expand(grouped).reshape([1, channels * samples]);
        let centred = flat.clone() - spread(mean(flat));
        let variance = mean(centred.clone().square());
        let scale = variance.add_scalar(EPSILON).sqrt().recip() * self.gamma.val();
        let offset = self.beta.val().expand([channels, samples]).reshape([1, channels * samples]);
        (centred * spread(scale) + offset).reshape([rows, channels, samples])
    }
}

/// Convolution, group normalisation, Mish.
#[derive(Module, Debug)]
pub(super) struct ConvBlock {
    convolution: Convolution1d,
    norm: GroupNorm,
}

impl ConvBlock {
    pub(super) fn new(
        [input, output]: [usize; 2],
        kernel: usize,
        groups: usize,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        Self {
            convolution: Convolution1d::new([input, output], kernel, 1, device, random),
            norm: GroupNorm::new(output, groups, device),
        }
    }

    pub(super) fn forward(&self, map: Tensor<3>) -> Tensor<3> {
        mish(self.norm.forward(self.convolution.forward(map)))
    }
}

/// Two blocks of convolution, normalisation and Mish with the embedding of step and condition added
/// between them, beside a residual connection (Janner et al., 2022).
#[derive(Module, Debug)]
pub struct ResidualBlock {
    first: ConvBlock,
    second: ConvBlock,
    embedding: Linear,
    residual: Option<Convolution1d>,
}

impl ResidualBlock {
    /// From `input` to `output` channels, told an embedding of `embedding` numbers.
    pub fn new(
        [input, output]: [usize; 2],
        embedding: usize,
        [kernel, groups]: [usize; 2],
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        Self {
            first: ConvBlock::new([input, output], kernel, groups, device, random),
            second: ConvBlock::new([output, output], kernel, groups, device, random),
            embedding: init::linear(embedding, output, Init::FanIn, device, random),
            residual: (input != output).then(|| Convolution1d::new([input, output], 1, 1, device, random)),
        }
    }

    /// `map [H, C, B]` with `embedding [B, e]`, to which Mish has been applied.
    pub fn forward(&self, map: Tensor<3>, embedding: &Tensor<2>) -> Tensor<3> {
        let hidden = self.first.forward(map.clone());
        let [rows, channels, samples] = hidden.dims();
        let told = self.embedding.forward(embedding.clone()).transpose().reshape([1, channels * samples]);
        let hidden = hidden.reshape([rows, channels * samples]) + told;
        let hidden = self.second.forward(hidden.reshape([rows, channels, samples]));
        hidden
            + match &self.residual {
                Some(residual) => residual.forward(map),
                None => map,
            }
    }
}
