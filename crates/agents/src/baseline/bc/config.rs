//! Hyper-parameters of behaviour cloning.

use nets::encoder::EncoderConfig;
use settings::Config;

use super::actor::Fit;

/// Hyper-parameters of behaviour cloning.
///
/// The networks of the methods that it is compared with.
#[derive(Clone, Debug, Config)]
pub struct BcConfig {
    /// What is fitted to actions of a box: their `mean`, or a `gaussian`. Indices have a categorical
    /// distribution.
    #[setting(Fit::Mean)]
    pub fit: Fit,
    /// Share of the episodes that is cloned, those of the highest returns first; 1 clones all of
    /// them and needs no rewards.
    #[setting(1.0, above = 0.0, max = 1.0)]
    pub top: f64,
    /// Steps of an update.
    #[setting(128, paper = 256, min = 1)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3, paper = 3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Widths of the policy's hidden layers.
    #[setting([64, 64], paper = [256, 256], min = 1)]
    pub hidden: Vec<usize>,
    /// From observations to latents; identity for vectors, convolutions for images.
    #[setting(EncoderConfig::Identity)]
    pub encoder: EncoderConfig,
    /// Whether vectors are normalised by the data's mean and deviation plus 0.001.
    #[setting(true)]
    pub normalise: bool,
    /// Discount of `eval/discounted`; nothing is learnt with it.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
}
