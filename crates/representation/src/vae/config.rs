//! Hyper-parameters of the objective.

use settings::{Choice, Config};

/// What stands between latent and decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum CodeKind {
    /// A draw around the latent, which costs its divergence from N(0, 1).
    Gaussian,
    /// The latent itself, which costs its squared length.
    Point,
}

/// Hyper-parameters of the objective.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct VaeSettings {
    /// `gaussian`: a variational autoencoder; `point`: the deterministic one of SAC+AE.
    #[setting(CodeKind::Gaussian, paper = CodeKind::Point)]
    pub code: CodeKind,
    /// Weight of the squared error, the mean over the numbers of an observation.
    #[setting(1.0, min = 0.0)]
    pub weight: f64,
    /// Weight of KL(code ‖ N(0, 1)), summed over dimensions, in `gaussian`.
    #[setting(1e-4, min = 0.0)]
    pub kl_weight: f64,
    /// Weight of half the squared length of the latent, in `point`.
    #[setting(1e-6, min = 0.0)]
    pub latent_weight: f64,
    /// Width of the latent of vectors, which have no encoder of their own.
    #[setting(50, min = 1)]
    pub size: usize,
    /// Width of the hidden layer of the decoder, and of the encoder of vectors.
    #[setting(64, paper = 1024, min = 1)]
    pub hidden: usize,
    /// Channels in which the decoder makes images.
    #[setting(16, paper = 32, min = 1)]
    pub channels: usize,
    /// Adam's step size of the decoder.
    #[setting(1e-3, above = 0.0)]
    pub learning_rate: f64,
    /// Weight decay of the decoder, as a penalty on the squared weights.
    #[setting(1e-7, min = 0.0)]
    pub weight_decay: f64,
    /// Share of the online encoder that flows into its target copy at every update.
    #[setting(0.05, above = 0.0, max = 1.0)]
    pub target_rate: f64,
}
