//! Hyper-parameters of the decision transformer.

use learn::optim::AdamSettings;
use nets::attention::BlockConfig;
use settings::{Config, Refusal};

/// Hyper-parameters of the decision transformer.
///
/// The paper's values for control from vectors (its table 9).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DecisionTransformerConfig {
    /// Steps that the transformer reads, K.
    #[setting(10, paper = 20, min = 1)]
    pub context: usize,
    /// Width of the transformer.
    #[setting(64, paper = 128, min = 1)]
    pub width: usize,
    /// Number of blocks.
    #[setting(2, paper = 3, min = 1)]
    pub layers: usize,
    /// Heads of each block.
    #[setting(1, min = 1)]
    pub heads: usize,
    /// Share of activations dropped in training.
    #[setting(0.1, min = 0.0, below = 1.0)]
    pub dropout: f64,
    /// Windows per update.
    #[setting(32, paper = 64, min = 1)]
    pub batch: usize,
    /// Step size of AdamW, after the warm-up.
    #[setting(1e-3, paper = 1e-4, min = 0.0)]
    pub learning_rate: f64,
    /// Decoupled weight decay.
    #[setting(1e-4, min = 0.0)]
    pub weight_decay: f64,
    /// Updates over which the step size rises from 0.
    #[setting(100, paper = 10_000)]
    pub warmup: u64,
    /// Limit of the gradient's norm; 0 for none.
    #[setting(0.25, min = 0.0)]
    pub gradient_clip: f32,
    /// Return asked for in acting; the data's highest where it is missing.
    #[setting(None)]
    pub target_return: Option<f64>,
    /// What returns are divided by; the data's largest return in size where it is missing.
    #[setting(None, above = 0.0)]
    pub return_scale: Option<f64>,
}

impl DecisionTransformerConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        match self.width.is_multiple_of(self.heads) {
            true => Ok(()),
            false => Err(Refusal::new("heads", self.heads, format!("a divisor of `.width`, {}", self.width))),
        }
    }

    /// One block of the transformer.
    pub(super) fn block(&self) -> BlockConfig {
        BlockConfig::new(self.width, self.heads).with_dropout(self.dropout)
    }

    /// The optimiser.
    pub(super) fn adam(&self) -> AdamSettings {
        let Self { learning_rate, weight_decay, .. } = *self;
        AdamSettings { weight_decay, decoupled: true, ..AdamSettings::new(learning_rate) }
    }
}
