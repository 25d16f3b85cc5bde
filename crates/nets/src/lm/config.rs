//! Which decoder.

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::decoder::Decoder;
use crate::{NetsError, position};

/// The shape of a decoder of the Llama family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LmConfig {
    /// Number of tokens.
    pub vocabulary: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Number of layers.
    pub layers: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values, a divisor of `heads`.
    pub key_heads: usize,
    /// Elements of one head, even; width/heads in most models.
    pub head_width: usize,
    /// Width inside the feed-forward layers.
    pub hidden: usize,
    /// Rotary positions.
    pub rope: RopeConfig,
    /// Added to the mean square in every normalisation.
    pub norm_epsilon: f64,
    /// Whether the embedding also gives the logits.
    pub tied: bool,
    /// Whether queries, keys and values have biases, as in Qwen 2.
    pub bias: bool,
    /// Whether queries and keys are normalised head by head, as in Qwen 3.
    pub query_key_norm: bool,
    /// Most tokens in a sequence.
    pub context: usize,
    /// Share of attention weights and of each half layer's output that is dropped where dropout is on,
    /// in [0, 1).
    pub dropout: f64,
}

/// Rotary positions (Su et al., 2021).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RopeConfig {
    /// Element i of a head of width d turns by base^(-2i / d) per position.
    pub base: f64,
    /// How low frequencies are lowered further, for contexts longer than those of the first training.
    pub scaling: Option<Llama3Scaling>,
}

/// The scaling of Llama 3.1: frequencies of wave lengths above context/low are divided by `factor`,
/// those below context/high stay, and those between are mixed linearly in context/wave length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Llama3Scaling {
    /// What low frequencies are divided by.
    pub factor: f64,
    /// Turns per original context up to which a frequency is low.
    pub low: f64,
    /// Turns per original context from which on a frequency stays; above `low`.
    pub high: f64,
    /// Tokens of the context of the first training.
    pub original_context: usize,
}

impl LmConfig {
    /// The small decoder that is trained on the spot: 4 layers of width 128 with 4 heads and 384
    /// hidden units, 512 tokens of context, logits from the embedding. 0.85 million parameters beside
    /// the embedding's.
    pub fn small(vocabulary: usize) -> Self {
        Self {
            vocabulary,
            width: 128,
            layers: 4,
            heads: 4,
            key_heads: 4,
            head_width: 32,
            hidden: 384,
            rope: RopeConfig { base: 10_000.0, scaling: None },
            norm_epsilon: 1e-5,
            tied: true,
            bias: false,
            query_key_norm: false,
            context: 512,
            dropout: 0.0,
        }
    }

    /// Checks the shape.
    ///
    /// # Errors
    /// [`NetsError::Setting`] names the first setting that is out of range.
    pub fn validate(&self) -> Result<(), NetsError> {
        let counts = [
            ("vocabulary", self.vocabulary),
            ("width", self.width),
            ("layers", self.layers),
            ("heads", self.heads),
            ("hidden", self.hidden),
            ("context", self.context),
        ];
        for (name, value) in counts {
            expect(name, value, value > 0, "at least 1")?;
        }
        let divides = self.key_heads > 0 && self.heads.is_multiple_of(self.key_heads);
        expect("key_heads", self.key_heads, divides, "at least 1 and a divisor of `heads`")?;
        let even = self.head_width > 0 && self.head_width.is_multiple_of(2);
        expect("head_width", self.head_width, even, "even and at least 2")?;
        let positive = |value: f64| value.is_finite() && value > 0.0;
        expect("norm_epsilon", self.norm_epsilon, positive(self.norm_epsilon), "above 0")?;
        expect("dropout", self.dropout, (0.0..1.0).contains(&self.dropout), "at least 0 and below 1")?;
        expect("rope.base", self.rope.base, positive(self.rope.base), "above 0")?;
        let Some(scaling) = &self.rope.scaling else {
            return Ok(());
        };
        expect("rope.scaling.factor", scaling.factor, positive(scaling.factor), "above 0")?;
        expect("rope.scaling.low", scaling.low, positive(scaling.low), "above 0")?;
        let above = scaling.high.is_finite() && scaling.high > scaling.low;
        expect("rope.scaling.high", scaling.high, above, "above `low`")?;
        let original = scaling.original_context;
        expect("rope.scaling.original_context", original, original > 0, "at least 1")
    }

    /// Draws the weights: N(0, 0.02²), those that write into the residual stream divided by
    /// sqrt(2 layers) (Radford et al., 2019); gains 1 and biases 0.
    ///
    /// # Errors
    /// As [`LmConfig::validate`].
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Result<Decoder, NetsError> {
        self.validate()?;
        Ok(Decoder::new(self.clone(), true, device, random))
    }

    /// What pairs of elements of a head turn by per position.
    pub fn frequencies(&self) -> Vec<f64> {
        let plain = position::frequencies(self.head_width, self.rope.base);
        match &self.rope.scaling {
            None => plain,
            Some(scaling) => plain.into_iter().map(|frequency| scaling.apply(frequency)).collect(),
        }
    }
}

impl Llama3Scaling {
    fn apply(&self, frequency: f64) -> f64 {
        let turns = self.original_context as f64 * frequency / std::f64::consts::TAU;
        let kept = ((turns - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        (1.0 - kept) * frequency / self.factor + kept * frequency
    }
}

fn expect(
    name: &'static str,
    value: impl ToString,
    holds: bool,
    need: &'static str,
) -> Result<(), NetsError> {
    if holds { Ok(()) } else { Err(NetsError::Setting { name, value: value.to_string(), need }) }
}
