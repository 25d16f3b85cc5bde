//! Linear layers with learned noise for exploration (Fortunato et al., 2018).

use crate::init::{Init, linear_values, parameter};
use crate::noise::normal;
use crate::recipe::{self, Layer};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Factorised noise of one layer: f(x) = sign(x) sqrt|x| of normal draws, one per input and one
/// per output.
#[derive(Clone, Debug)]
pub struct NoisyNoise {
    /// `[1, input]`.
    input: Tensor<2>,
    /// `[1, output]`.
    output: Tensor<2>,
}

/// y = x (W + S ∘ εin εoutᵀ) + b + s ∘ εout with learned means W, b and scales S, s.
#[derive(Module, Debug)]
pub struct NoisyLinear {
    /// Mean weights, `[input, output]`.
    weight: Param<Tensor<2>>,
    /// Mean biases, `[1, output]`.
    bias: Param<Tensor<2>>,
    /// Scales of the weights' noise, `[input, output]`.
    weight_scale: Param<Tensor<2>>,
    /// Scales of the biases' noise, `[1, output]`.
    bias_scale: Param<Tensor<2>>,
}

impl NoisyLinear {
    /// Means uniform on ±1/sqrt(input), scales `sigma`/sqrt(input); the paper's `sigma` is 0.5.
    pub fn new(input: usize, output: usize, sigma: f64, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let (weight, bias) = linear_values(input, output, Init::FanIn, random);
        let scale = (sigma / (input as f64).sqrt()) as f32;
        Self {
            weight: parameter(weight, [input, output], device),
            bias: parameter(bias, [1, output], device),
            weight_scale: parameter(vec![scale; input * output], [input, output], device),
            bias_scale: parameter(vec![scale; output], [1, output], device),
        }
    }

    /// Noise for one forward pass of a whole batch, on the layer's own device.
    pub fn sample_noise(&self, random: &mut ChaCha8Rng) -> NoisyNoise {
        let device = self.weight.val().device();
        let [input, output] = self.weight.dims();
        let mut factor = |size| {
            let draws = normal([1, size], &device, random);
            draws.clone().sign() * draws.abs().sqrt()
        };
        NoisyNoise { input: factor(input), output: factor(output) }
    }

    /// `[B, input] -> [B, output]`; without noise the means alone, as in evaluation.
    ///
    /// The noise enters as x ∘ εin before and ∘ εout after a second product, so that no noisy copy
    /// of the weights is made.
    pub fn forward(&self, input: Tensor<2>, noise: Option<&NoisyNoise>) -> Tensor<2> {
        let mean = input.clone().matmul(self.weight.val()) + self.bias.val();
        let Some(noise) = noise else { return mean };
        let scaled = (input * noise.input.clone()).matmul(self.weight_scale.val());
        mean + (scaled + self.bias_scale.val()) * noise.output.clone()
    }
}

/// A linear layer with or without noise.
#[derive(Module, Debug)]
pub enum Dense {
    /// Without noise.
    Plain(Linear),
    /// With learned noise.
    Noisy(NoisyLinear),
}

impl Dense {
    /// Noise for one forward pass; `None` for a layer without noise.
    pub fn sample_noise(&self, random: &mut ChaCha8Rng) -> Option<NoisyNoise> {
        match self {
            Dense::Plain(_) => None,
            Dense::Noisy(layer) => Some(layer.sample_noise(random)),
        }
    }

    /// `[B, input] -> [B, output]`; a layer without noise ignores it.
    pub fn forward(&self, input: Tensor<2>, noise: Option<&NoisyNoise>) -> Tensor<2> {
        match self {
            Dense::Plain(layer) => layer.forward(input),
            Dense::Noisy(layer) => layer.forward(input, noise),
        }
    }

    /// The layer without noise, whose arrays lie under `prefix`.
    pub fn layer(&self, prefix: &str) -> Layer {
        match self {
            Dense::Plain(_) => recipe::linear(&format!("{prefix}.Plain")),
            Dense::Noisy(_) => recipe::linear(&format!("{prefix}.Noisy")),
        }
    }
}
