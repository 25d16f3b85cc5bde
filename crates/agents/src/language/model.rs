//! The decoder that is trained on the spot.

use nets::lm::{LmConfig, LoraConfig, RopeConfig};
use settings::{Config, Refusal};

/// Shape of the embedded decoder, of the Llama family; a published model brings its own.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct ModelConfig {
    /// Width of the residual stream, a multiple of twice the heads.
    #[setting(96, min = 1)]
    pub width: usize,
    /// Number of layers.
    #[setting(3, min = 1)]
    pub layers: usize,
    /// Attention heads.
    #[setting(4, min = 1)]
    pub heads: usize,
    /// Width inside the feed-forward layers.
    #[setting(288, min = 1)]
    pub hidden: usize,
    /// Most tokens in a prompt and its answer.
    #[setting(256, min = 1)]
    pub context: usize,
    /// Rank of low-rank adapters that are trained in place of the weights, on every linear map; 0 trains
    /// all weights. Of a published model too.
    #[setting(0)]
    pub lora_rank: usize,
    /// They are multiplied by this over their rank.
    #[setting(32.0, above = 0)]
    pub lora_alpha: f64,
}

impl ModelConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let unit = 2 * self.heads;
        match self.width.is_multiple_of(unit) {
            true => Ok(()),
            false => Err(Refusal::new("width", self.width, format!("a multiple of twice `.heads`, {unit}"))),
        }
    }

    /// The adapters to be trained, where not all weights are.
    pub fn lora(&self) -> Option<LoraConfig> {
        let lora = LoraConfig { rank: self.lora_rank, alpha: self.lora_alpha, ..LoraConfig::default() };
        (self.lora_rank > 0).then_some(lora)
    }

    /// The complete shape for a vocabulary.
    pub fn shape(&self, vocabulary: usize) -> LmConfig {
        LmConfig {
            width: self.width,
            layers: self.layers,
            heads: self.heads,
            key_heads: self.heads,
            head_width: self.width / self.heads,
            hidden: self.hidden,
            context: self.context,
            rope: RopeConfig { base: 10_000.0, scaling: None },
            ..LmConfig::small(vocabulary)
        }
    }
}
