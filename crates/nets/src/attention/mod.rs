//! Attention: scaled dot products under a mask, and the pre-norm block of transformers.
//!
//! Sequences are `[B, T, width]`. A position that may see nothing gets zeros, not a number that is
//! none. Dropout masks are drawn from the generator that is passed in, and there are none without.

mod block;
mod mask;

pub use block::{Block, BlockConfig, FeedForward, Normalisation};
pub use mask::Mask;

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

use crate::init::{self, Init};
use crate::noise;
use crate::position::Rotary;

/// Subtracted from the score of what may not be seen: exp of it is 0, and it stays finite.
const UNSEEN: f64 = 1e9;

/// Shape of an attention layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    /// Width of the sequence, a multiple of `queries`.
    pub width: usize,
    /// Number of heads.
    pub queries: usize,
    /// Number of heads of keys and values, a divisor of `queries`: each serves a group of heads
    /// (Ainslie et al., 2023). Equal to `queries` in the usual attention.
    pub keys: usize,
}

/// Multi-head attention (Vaswani et al., 2017, section 3.2).
#[derive(Module, Debug)]
pub struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    key_heads: usize,
}

impl Attention {
    /// Draws the weights by `init`.
    pub fn new(heads: Heads, init: Init, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let Heads { width, queries, keys } = heads;
        let narrow = width / queries.max(1) * keys;
        let mut linear = |output| init::linear(width, output, init, device, random);
        Self {
            query: linear(width),
            key: linear(narrow),
            value: linear(narrow),
            output: linear(width),
            heads: queries,
            key_heads: keys,
        }
    }

    /// What every position of `queries [B, T, width]` reads from `source [B, S, width]`, where
    /// `mask` allows it; for self-attention both are the same. With `rotary`, queries and keys are
    /// turned by their positions. `dropout` is the share of attention weights that is dropped.
    pub fn forward(
        &self,
        queries: Tensor<3>,
        source: Tensor<3>,
        mask: &Mask,
        rotary: Option<&Rotary>,
        dropout: Option<(f64, &mut ChaCha8Rng)>,
    ) -> Tensor<3> {
        let [rows, length, width] = queries.dims();
        let mut query = split(self.query.forward(queries), self.heads);
        let mut key = split(self.key.forward(source.clone()), self.key_heads);
        let value = split(self.value.forward(source), self.key_heads);
        if let Some(rotary) = rotary {
            (query, key) = (rotary.turn(query), rotary.turn(key));
        }
        let read = read(query, key, value, mask, dropout);
        let read = read.swap_dims(1, 2).reshape([rows, length, width]);
        self.output.forward(read)
    }
}

/// What the vectors `query [B, H, T, d]` read of `value [B, K, S, d]` by their products with
/// `key [B, K, S, d]`, where `mask` allows it; K divides H, and every key serves H/K heads in a row.
pub(crate) fn read(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    mask: &Mask,
    dropout: Option<(f64, &mut ChaCha8Rng)>,
) -> Tensor<4> {
    let (groups, scale) = (query.dims()[1] / key.dims()[1], (query.dims()[3] as f64).sqrt());
    let (key, value) = (repeat(key, groups), repeat(value, groups));
    let scores = query.matmul(key.swap_dims(2, 3)).div_scalar(scale);
    let mut weights = mask.weights(scores);
    if let Some((rate, random)) = dropout {
        weights = weights.clone() * noise::dropout(weights.dims(), rate, &weights.device(), random);
    }
    weights.matmul(value)
}

/// `[B, T, heads d] -> [B, heads, T, d]`.
pub(crate) fn split(sequence: Tensor<3>, heads: usize) -> Tensor<4> {
    let [rows, length, width] = sequence.dims();
    sequence.reshape([rows, length, heads, width / heads]).swap_dims(1, 2)
}

/// `[B, H, S, d] -> [B, H groups, S, d]`, every head `groups` times in a row.
fn repeat(heads: Tensor<4>, groups: usize) -> Tensor<4> {
    if groups == 1 {
        return heads;
    }
    let [rows, count, length, width] = heads.dims();
    let expanded = heads.unsqueeze_dim::<5>(2).expand([rows, count, groups, length, width]);
    expanded.reshape([rows, count * groups, length, width])
}

impl Mask {
    /// Attention weights `[B, H, T, S]` of these scores, each row summing to 1 over what is seen, or
    /// 0 everywhere where nothing is.
    fn weights(&self, scores: Tensor<4>) -> Tensor<4> {
        let allowed = self.allowed(&scores);
        let hidden = allowed.clone().sub_scalar(1.0).mul_scalar(UNSEEN);
        activation::softmax(scores + hidden, 3) * allowed
    }
}
