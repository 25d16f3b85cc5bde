//! Several perceptrons of one shape computed at once: twin critics and ensembles.

use crate::init::{self, parameter};
use crate::mlp::{Activation, MlpConfig, Norm};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

const EPSILON: f64 = 1e-5;

/// E independent perceptrons as batched matrix products.
///
/// For twin critics this costs the same time as two [`crate::mlp::Mlp`]s, while optimiser and
/// target update handle half as many tensors.
#[derive(Module, Debug)]
pub struct EnsembleMlp {
    /// Weights of each layer, `[E, in, out]`.
    weights: Vec<Param<Tensor<3>>>,
    /// Biases of each layer, `[E, 1, out]`.
    biases: Vec<Param<Tensor<3>>>,
    /// Gains of the hidden layers' normalisation, `[E, 1, hidden]`; empty without it.
    gains: Vec<Param<Tensor<3>>>,
    /// Offsets of the hidden layers' normalisation.
    offsets: Vec<Param<Tensor<3>>>,
    #[module(skip)]
    activation: Activation,
}

impl EnsembleMlp {
    /// `members` perceptrons of one shape, their weights drawn one member after the other, as
    /// [`MlpConfig::init`] draws them.
    pub fn new(config: &MlpConfig, members: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let layers = config.layers();
        let mut weights = vec![Vec::new(); layers.len()];
        let mut biases = vec![Vec::new(); layers.len()];
        for _ in 0..members {
            for (index, &(input, output, init)) in layers.iter().enumerate() {
                let (weight, bias) = init::linear_values(input, output, init, random);
                weights[index].extend(weight);
                biases[index].extend(bias);
            }
        }
        let shapes = layers.iter().map(|&(input, output, _)| (input, output));
        let constant = |value: f32| -> Vec<Param<Tensor<3>>> {
            let widths = match config.norm {
                Norm::None => [].iter(),
                Norm::Layer => config.hidden.iter(),
            };
            let row = |&width| parameter(vec![value; members * width], [members, 1, width], device);
            widths.map(row).collect()
        };
        Self {
            weights: shapes
                .clone()
                .zip(weights)
                .map(|((input, output), values)| parameter(values, [members, input, output], device))
                .collect(),
            biases: shapes
                .zip(biases)
                .map(|((_, output), values)| parameter(values, [members, 1, output], device))
                .collect(),
            gains: constant(1.0),
            offsets: constant(0.0),
            activation: config.activation,
        }
    }

    /// The same input for all members: `[B, in] -> [E, B, out]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<3> {
        self.forward_each(input.unsqueeze_dim(0))
    }

    /// An input of its own for each member: `[E, B, in] -> [E, B, out]`.
    pub fn forward_each(&self, input: Tensor<3>) -> Tensor<3> {
        let last = self.weights.len() - 1;
        let mut value = input;
        for (index, (weight, bias)) in self.weights.iter().zip(&self.biases).enumerate() {
            value = value.matmul(weight.val()) + bias.val();
            if index < last {
                if let (Some(gain), Some(offset)) = (self.gains.get(index), self.offsets.get(index)) {
                    value = standardise(value) * gain.val() + offset.val();
                }
                value = self.activation.forward(value);
            }
        }
        value
    }

    /// Number of members E.
    pub fn members(&self) -> usize {
        self.weights[0].dims()[0]
    }
}

/// (x - mean)/sqrt(variance + 1e-5) over the last dimension.
fn standardise(value: Tensor<3>) -> Tensor<3> {
    let centred = value.clone() - value.mean_dim(2);
    let variance = centred.clone().square().mean_dim(2);
    centred / variance.add_scalar(EPSILON).sqrt()
}
