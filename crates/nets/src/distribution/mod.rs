//! Distributions over actions and latents. Noise is passed in; log-densities of vectors come back
//! one number per dimension, and the caller chooses sum or mean.

mod categorical;
mod gaussian;
mod one_hot;
mod tanh_normal;
mod truncated;

pub use categorical::Categorical;
pub use gaussian::DiagonalGaussian;
pub use one_hot::OneHotCategorical;
pub use tanh_normal::{Correction, TanhNormal};
pub use truncated::TruncatedNormal;

/// Largest magnitude of a bounded action where its density is asked for: tanh's inverse and the
/// density are infinite at ±1.
pub const BOUND: f64 = 1.0 - 1e-6;
