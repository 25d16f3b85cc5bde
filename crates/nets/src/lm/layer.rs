//! One layer: attention, then SwiGLU, each behind a normalisation and added to its input.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

use super::cache::Cache;
use super::config::LmConfig;
use crate::attention::{self, Mask};
use crate::init::{Init, linear_values, parameter};
use crate::noise;
use crate::norm::RmsNorm;
use crate::position::Rotary;

/// A linear map, with a bias in some models.
#[derive(Module, Debug)]
pub(super) struct Projection {
    /// `[input, output]`.
    pub weight: Param<Tensor<2>>,
    pub bias: Option<Param<Tensor<1>>>,
}

impl Projection {
    fn new(shape: [usize; 2], std: f64, bias: bool, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let [input, output] = shape;
        let (weight, zeros) = linear_values(input, output, Init::Normal { std }, random);
        Self {
            weight: parameter(weight, shape, device),
            bias: bias.then(|| parameter(zeros, [output], device)),
        }
    }

    /// `[B, T, input] -> [B, T, output]`, as one product of matrices.
    fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let [rows, length, width] = input.dims();
        let product = input.reshape([rows * length, width]).matmul(self.weight.val());
        let sum = match &self.bias {
            None => product,
            Some(bias) => product + bias.val().unsqueeze::<2>(),
        };
        let output = sum.dims()[1];
        sum.reshape([rows, length, output])
    }
}

/// A layer's weights. Queries, keys and values are one matrix, in this order, and so are the gate and
/// the other factor of the feed-forward layers.
#[derive(Module, Debug)]
pub(super) struct Layer {
    pub attention_norm: RmsNorm,
    pub query_key_value: Projection,
    pub query_norm: Option<RmsNorm>,
    pub key_norm: Option<RmsNorm>,
    pub output: Projection,
    pub feed_norm: RmsNorm,
    pub gate_rise: Projection,
    pub fall: Projection,
    #[module(skip)]
    heads: [usize; 2],
    #[module(skip)]
    dropout: f64,
}

/// What all layers of a pass share.
pub(super) struct Surroundings<'a> {
    pub rotary: Rotary,
    pub mask: Mask,
    pub cache: Option<&'a mut Cache>,
    pub dropout: Option<&'a mut ChaCha8Rng>,
}

impl Layer {
    pub fn new(config: &LmConfig, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let LmConfig { width, heads, key_heads, head_width, hidden, bias, .. } = *config;
        let norm = |width| RmsNorm::with_epsilon(width, config.norm_epsilon, device);
        let head_norm = || config.query_key_norm.then(|| norm(head_width));
        let (std, small) = (0.02, 0.02 / (2.0 * config.layers as f64).sqrt());
        let inner = (heads + 2 * key_heads) * head_width;
        Self {
            attention_norm: norm(width),
            query_key_value: Projection::new([width, inner], std, bias, device, random),
            query_norm: head_norm(),
            key_norm: head_norm(),
            output: Projection::new([heads * head_width, width], small, false, device, random),
            feed_norm: norm(width),
            gate_rise: Projection::new([width, 2 * hidden], std, false, device, random),
            fall: Projection::new([hidden, width], small, false, device, random),
            heads: [heads, key_heads],
            dropout: config.dropout,
        }
    }

    /// `[B, T, width] -> [B, T, width]`; `index` is the layer's place in the cache.
    pub fn forward(&self, input: Tensor<3>, index: usize, around: &mut Surroundings<'_>) -> Tensor<3> {
        let read = self.attend(self.attention_norm.forward(input.clone()), index, around);
        let middle = input + self.thin(read, around);
        let fed = self.feed(self.feed_norm.forward(middle.clone()));
        middle + self.thin(fed, around)
    }

    fn attend(&self, input: Tensor<3>, index: usize, around: &mut Surroundings<'_>) -> Tensor<3> {
        let [rows, length, _] = input.dims();
        let [heads, key_heads] = self.heads;
        let all = attention::split(self.query_key_value.forward(input), heads + 2 * key_heads);
        let mut query = all.clone().narrow(1, 0, heads);
        let mut key = all.clone().narrow(1, heads, key_heads);
        let value = all.narrow(1, heads + key_heads, key_heads);
        if let (Some(query_norm), Some(key_norm)) = (&self.query_norm, &self.key_norm) {
            (query, key) = (query_norm.forward(query), key_norm.forward(key));
        }
        let (query, key) = (around.rotary.turn(query), around.rotary.turn(key));
        let (key, value) = match around.cache.as_deref_mut() {
            None => (key, value),
            Some(cache) => cache.extend(index, key, value),
        };
        let rate = self.dropout;
        let dropout = around.dropout.as_deref_mut().filter(|_| rate > 0.0).map(|random| (rate, random));
        let read = attention::read(query, key, value, &around.mask, dropout);
        let width = heads * read.dims()[3];
        self.output.forward(read.swap_dims(1, 2).reshape([rows, length, width]))
    }

    fn feed(&self, input: Tensor<3>) -> Tensor<3> {
        let both = self.gate_rise.forward(input);
        let hidden = both.dims()[2] / 2;
        let (gate, rise) = (both.clone().narrow(2, 0, hidden), both.narrow(2, hidden, hidden));
        self.fall.forward(activation::silu(gate) * rise)
    }

    fn thin(&self, values: Tensor<3>, around: &mut Surroundings<'_>) -> Tensor<3> {
        match around.dropout.as_deref_mut() {
            Some(random) if self.dropout > 0.0 => {
                values.clone() * noise::dropout(values.dims(), self.dropout, &values.device(), random)
            }
            _ => values,
        }
    }
}
