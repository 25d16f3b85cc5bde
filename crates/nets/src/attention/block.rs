//! The block that transformers are made of.

use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use settings::Choice;

use super::{Attention, Heads, Mask};
use crate::NetsError;
use crate::init::{self, Init};
use crate::mlp::Activation;
use crate::noise;
use crate::norm::RmsNorm;
use crate::position::Rotary;

/// What normalises the input of attention and of the feed-forward layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Normalisation {
    /// Layer normalisation.
    #[default]
    Layer,
    /// Division by the root mean square.
    Rms,
}

/// The layers that follow attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum FeedForward {
    /// W2 gelu(W1 x).
    #[default]
    Gelu,
    /// W2 (silu(W1 x) ∘ W3 x) (Shazeer, 2020).
    SwiGlu,
}

/// Shape of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockConfig {
    /// Width of the sequence and heads of its attention.
    pub heads: Heads,
    /// Width inside the feed-forward layers.
    pub hidden: usize,
    /// Normalisation before each half.
    pub norm: Normalisation,
    /// Kind of feed-forward layers.
    pub feed_forward: FeedForward,
    /// Share of attention weights and of each half's output that is dropped in training, in [0, 1).
    pub dropout: f64,
    /// How weights are drawn; GPT-2's normal of standard deviation 0.02 unless said otherwise.
    pub init: Init,
}

impl BlockConfig {
    /// The block of GPT-2 (Radford et al., 2019): layer normalisation, GELU layers of four times the
    /// width, as many heads of keys as of queries, no dropout.
    pub fn new(width: usize, heads: usize) -> Self {
        Self {
            heads: Heads { width, queries: heads, keys: heads },
            hidden: 4 * width,
            norm: Normalisation::Layer,
            feed_forward: FeedForward::Gelu,
            dropout: 0.0,
            init: Init::Normal { std: 0.02 },
        }
    }

    /// With this share dropped in training.
    pub fn with_dropout(self, dropout: f64) -> Self {
        Self { dropout, ..self }
    }

    /// Checks the shape.
    ///
    /// # Errors
    /// [`NetsError::Setting`] names the first setting that is out of range.
    pub fn validate(&self) -> Result<(), NetsError> {
        let Heads { width, queries, keys } = self.heads;
        let setting = |name, value: String, need| Err(NetsError::Setting { name, value, need });
        if queries == 0 || width == 0 || !width.is_multiple_of(queries) {
            return setting("heads", queries.to_string(), "at least 1 and a divisor of `width`");
        }
        if keys == 0 || !queries.is_multiple_of(keys) {
            return setting("key_heads", keys.to_string(), "at least 1 and a divisor of `heads`");
        }
        if self.hidden == 0 {
            return setting("hidden", "0".to_owned(), "at least 1");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return setting("dropout", self.dropout.to_string(), "at least 0 and below 1");
        }
        Ok(())
    }

    /// Draws the block's weights.
    ///
    /// # Errors
    /// As [`BlockConfig::validate`].
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Result<Block, NetsError> {
        self.validate()?;
        let (width, hidden) = (self.heads.width, self.hidden);
        let attention = Attention::new(self.heads, self.init, device, random);
        let mut linear = |input, output| init::linear(input, output, self.init, device, random);
        let gate = match self.feed_forward {
            FeedForward::Gelu => None,
            FeedForward::SwiGlu => Some(linear(width, hidden)),
        };
        Ok(Block {
            attention_norm: Norm::new(self.norm, width, device),
            attention,
            feed_norm: Norm::new(self.norm, width, device),
            rise: linear(width, hidden),
            gate,
            fall: linear(hidden, width),
            dropout: self.dropout,
        })
    }
}

/// One of the normalisations.
#[derive(Module, Debug)]
enum Norm {
    Layer(LayerNorm),
    Rms(RmsNorm),
}

impl Norm {
    fn new(kind: Normalisation, width: usize, device: &Device) -> Self {
        match kind {
            Normalisation::Layer => Norm::Layer(init::layer_norm(width, device)),
            Normalisation::Rms => Norm::Rms(RmsNorm::new(width, device)),
        }
    }

    fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        match self {
            Norm::Layer(norm) => norm.forward(input),
            Norm::Rms(norm) => norm.forward(input),
        }
    }
}

/// x + attention(norm(x)), then y + feed-forward(norm(y)).
#[derive(Module, Debug)]
pub struct Block {
    attention_norm: Norm,
    attention: Attention,
    feed_norm: Norm,
    rise: Linear,
    gate: Option<Linear>,
    fall: Linear,
    #[module(skip)]
    dropout: f64,
}

impl Block {
    /// `[B, T, width] -> [B, T, width]`. Dropout takes place where a generator is given.
    pub fn forward(
        &self,
        input: Tensor<3>,
        mask: &Mask,
        rotary: Option<&Rotary>,
        mut random: Option<&mut ChaCha8Rng>,
    ) -> Tensor<3> {
        let normal = self.attention_norm.forward(input.clone());
        let dropped =
            random.as_deref_mut().filter(|_| self.dropout > 0.0).map(|random| (self.dropout, random));
        let read = self.attention.forward(normal.clone(), normal, mask, rotary, dropped);
        let middle = input + self.thin(read, random.as_deref_mut());
        let fed = self.feed(self.feed_norm.forward(middle.clone()));
        middle + self.thin(fed, random)
    }

    fn feed(&self, input: Tensor<3>) -> Tensor<3> {
        let risen = self.rise.forward(input.clone());
        let hidden = match &self.gate {
            None => Activation::Gelu.forward(risen),
            Some(gate) => Activation::Silu.forward(gate.forward(input)) * risen,
        };
        self.fall.forward(hidden)
    }

    fn thin(&self, values: Tensor<3>, random: Option<&mut ChaCha8Rng>) -> Tensor<3> {
        match random {
            Some(random) if self.dropout > 0.0 => {
                values.clone() * noise::dropout(values.dims(), self.dropout, &values.device(), random)
            }
            _ => values,
        }
    }
}
