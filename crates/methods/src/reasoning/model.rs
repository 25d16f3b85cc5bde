//! The decoder that is trained on the spot.

use nets::lm::{LmConfig, LoraConfig, RopeConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shape of the embedded decoder, of the Llama family; a published model brings its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Width of the residual stream, a multiple of twice the heads.
    pub width: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width inside the feed-forward layers.
    pub hidden: usize,
    /// Most tokens in a prompt and its answer.
    pub context: usize,
    /// Rank of low-rank adapters that are trained in place of the weights, on every linear map; 0 trains
    /// all weights. Of a published model too.
    pub lora_rank: usize,
    /// They are multiplied by this over their rank.
    pub lora_alpha: f64,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self { width: 96, layers: 3, heads: 4, hidden: 288, context: 256, lora_rank: 0, lora_alpha: 32.0 }
    }
}

impl ModelConfig {
    /// Checks the shape.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    pub fn validate(&self) -> std::result::Result<(), String> {
        let wrong = |error| format!("`model`: {error}");
        self.shape(1).validate().map_err(wrong)?;
        self.lora().map_or(Ok(()), |lora| lora.validate()).map_err(wrong)?;
        if !self.width.is_multiple_of(2 * self.heads) {
            return Err(format!(
                "`model.width` is {}: it must be a multiple of twice `model.heads`, {}",
                self.width,
                2 * self.heads
            ));
        }
        Ok(())
    }

    /// The adapters to be trained, where not all weights are.
    pub fn lora(&self) -> Option<LoraConfig> {
        let lora = LoraConfig { rank: self.lora_rank, alpha: self.lora_alpha, ..LoraConfig::default() };
        (self.lora_rank > 0).then_some(lora)
    }

    /// The complete shape for a vocabulary.
    pub fn shape(&self, vocabulary: usize) -> LmConfig {
        let head_width = self.width / self.heads.max(1);
        LmConfig {
            width: self.width,
            layers: self.layers,
            heads: self.heads,
            key_heads: self.heads,
            head_width: head_width.max(2) / 2 * 2,
            hidden: self.hidden,
            context: self.context,
            rope: RopeConfig { base: 10_000.0, scaling: None },
            ..LmConfig::small(vocabulary)
        }
    }
}
