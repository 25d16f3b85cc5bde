//! One layer: attention, then SwiGLU, each behind a normalisation and added to its input.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

use super::cache::Cache;
use super::config::LmConfig;
use super::projection::Projection;
use crate::attention::{self, Mask};
use crate::init::Init;
use crate::noise;
use crate::norm::RmsNorm;
use crate::position::Rotary;

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
    pub gate_up: Projection,
    pub down: Projection,
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
    /// Draws the weights, or leaves them zero where they are about to be read.
    pub fn new(config: &LmConfig, drawn: bool, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let LmConfig { width, heads, key_heads, head_width, hidden, bias, .. } = *config;
        let norm = |width| RmsNorm::with_epsilon(width, config.norm_epsilon, device);
        let head_norm = || config.query_key_norm.then(|| norm(head_width));
        let init = |std| if drawn { Init::Normal { std } } else { Init::Zero };
        let (usual, small) = (init(0.02), init(0.02 / (2.0 * config.layers as f64).sqrt()));
        let inner = (heads + 2 * key_heads) * head_width;
        Self {
            attention_norm: norm(width),
            query_key_value: Projection::new([width, inner], usual, bias, device, random),
            query_norm: head_norm(),
            key_norm: head_norm(),
            output: Projection::new([heads * head_width, width], small, false, device, random),
            feed_norm: norm(width),
            gate_up: Projection::new([width, 2 * hidden], usual, false, device, random),
            down: Projection::new([hidden, width], small, false, device, random),
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
        let all = attention::split(self.project(&self.query_key_value, input), heads + 2 * key_heads);
        let mut query = all.clone().narrow(1, 0, heads);
        let mut key = all.clone().narrow(1, heads, key_heads);
        let value = all.narrow(1, heads + key_heads, key_heads);
        if let (Some(query_norm), Some(key_norm)) = (&self.query_norm, &self.key_norm) {
            (query, key) = (query_norm.forward(query), key_norm.forward(key));
        }
        let (query, key) = (around.rotary.turn(query), around.rotary.turn(key));
        let (key, value) = match around.cache.as_deref_mut() {
            None => (key, value),
            Some(cache) => cache.extend(index, [key, value]).into(),
        };
        let rate = self.dropout;
        let dropout = around.dropout.as_deref_mut().filter(|_| rate > 0.0).map(|random| (rate, random));
        let read = attention::read(query, key, value, &around.mask, dropout);
        let width = heads * read.dims()[3];
        self.project(&self.output, read.swap_dims(1, 2).reshape([rows, length, width]))
    }

    fn feed(&self, input: Tensor<3>) -> Tensor<3> {
        let both = self.project(&self.gate_up, input);
        let hidden = both.dims()[2] / 2;
        let (gate, rise) = (both.clone().narrow(2, 0, hidden), both.narrow(2, hidden, hidden));
        self.project(&self.down, activation::silu(gate) * rise)
    }

    /// `[B, T, input] -> [B, T, output]`, as one product of matrices.
    fn project(&self, projection: &Projection, input: Tensor<3>) -> Tensor<3> {
        let [rows, length, width] = input.dims();
        let output = projection.forward(input.reshape([rows * length, width]));
        let width = output.dims()[1];
        output.reshape([rows, length, width])
    }

    /// All its linear maps.
    pub fn projections_mut(&mut self) -> [&mut Projection; 4] {
        [&mut self.query_key_value, &mut self.output, &mut self.gate_up, &mut self.down]
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

/// Whether any of the module's parameters gets gradients.
pub(super) fn is_trained(module: &impl Module) -> bool {
    let mut finder = Finder(false);
    module.visit(&mut finder);
    finder.0
}

struct Finder(bool);

impl ModuleVisitor for Finder {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0 |= param.val().is_tracked();
    }
}
