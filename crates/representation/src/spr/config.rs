//! Hyper-parameters of the objective, and of the agent that carries it.

use agents::{
    baseline::rainbow::RainbowConfig,
    value_agent::config::{Copies, ValueAgentConfig, ValueSettings},
};
use learn::{objective::Latent, schedule::Schedule};
use nets::encoder::EncoderConfig;
use settings::{Choice, Config};

use super::SprObjective;

/// Which form of the objective; all but the first take one of its parts away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum SprVariant {
    /// The paper's: K predicted steps, augmented images, targets without gradient.
    #[default]
    Spr,
    /// No prediction: the latent must agree with that of another augmentation of the same image
    /// (BYOL; Grill et al., 2020).
    K0,
    /// No augmentation: the target encoder follows slowly, and features are dropped.
    NoAug,
    /// Targets carry gradient and there is no predictor.
    NoStopgrad,
}

/// Hyper-parameters of the objective.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct SprSettings {
    /// `spr`, or without one of its parts: `k0` (no prediction, as BYOL), `no-aug` (no
    /// augmentation, slow target encoder, dropout), `no-stopgrad` (targets carry gradient, no
    /// predictor).
    #[setting(SprVariant::Spr)]
    pub variant: SprVariant,
    /// Predicted steps, K; for no prediction there is the variant `k0`.
    #[setting(3, paper = 5, min = 1)]
    pub steps: usize,
    /// Weight of the loss beside the value loss, lambda; 0 keeps the augmentation alone.
    #[setting(2.0, min = 0.0)]
    pub weight: f64,
    /// Whether observations must be images; set it to false to run on vectors, with a perceptron
    /// as transition model and without augmentation.
    #[setting(true)]
    pub images: bool,
    /// Whether images are shifted and their intensity changed.
    #[setting(true)]
    pub augmentation: bool,
    /// Pixels that an image is padded by before it is cropped back at random.
    #[setting(1, paper = 4)]
    pub shift: usize,
    /// Scale of the factor that an image is multiplied by, 1 + scale clip(N(0, 1), -2, 2).
    #[setting(0.05, min = 0.0, below = 0.5)]
    pub intensity: f32,
    /// Channels (or features) between the transition model's two layers.
    #[setting(16, paper = 64, min = 1)]
    pub hidden: usize,
    /// Share of the online encoder that flows into the target encoder at every update in `no-aug`;
    /// with augmentation the two are equal.
    #[setting(0.01, above = 0.0, max = 1.0)]
    pub target_rate: f64,
    /// Probability with which an encoder's features are dropped in `no-aug`.
    #[setting(0.5, min = 0.0, below = 1.0)]
    pub dropout: f64,
}

/// Hyper-parameters of SPR: Rainbow's, with the objective in `latent`.
#[derive(Clone, Debug, Config)]
pub struct SprConfig {
    /// The agent.
    #[setting(
        flatten,
        laptop = RainbowConfig { agent: laptop(), ..RainbowConfig::default() },
        paper = RainbowConfig { agent: paper(), noise_scale: 0.1, ..RainbowConfig::paper() }
    )]
    pub rainbow: RainbowConfig,
}

fn laptop() -> ValueAgentConfig {
    let rainbow = RainbowConfig::default().agent;
    ValueAgentConfig {
        copies: Copies { worlds: 1, updates: 1 },
        values: ValueSettings {
            learning_starts: 500,
            train_every: 2,
            epsilon: Schedule::linear(1.0, 0.0, 501),
            target_every: 1,
            learning_rate: 5e-4,
            hidden: 64,
            encoder: EncoderConfig::Planes { channels: vec![16, 16] },
            ..rainbow.values
        },
        n_step: 10,
        latent: Latent::of::<SprObjective>(&SprSettings::default()),
        ..rainbow
    }
}

fn paper() -> ValueAgentConfig {
    let rainbow = RainbowConfig::paper().agent;
    ValueAgentConfig {
        copies: Copies { worlds: 1, updates: 2 },
        values: ValueSettings {
            learning_starts: 2_000,
            train_every: 1,
            epsilon: Schedule::linear(1.0, 0.0, 2_001),
            capacity: 100_000,
            target_every: 1,
            learning_rate: 1e-4,
            hidden: 256,
            ..rainbow.values
        },
        n_step: 10,
        latent: Latent::of::<SprObjective>(&SprSettings::paper()),
        ..rainbow
    }
}
