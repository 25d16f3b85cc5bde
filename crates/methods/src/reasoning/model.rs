//! The decoder that is trained on the spot.

use nets::lm::{LmConfig, RopeConfig};
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
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self { width: 96, layers: 3, heads: 4, hidden: 288, context: 256 }
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
        if !self.width.is_multiple_of(2 * self.heads) {
            return Err(format!(
                "`model.width` is {}: it must be a multiple of twice `model.heads`, {}",
                self.width,
                2 * self.heads
            ));
        }
        Ok(())
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
