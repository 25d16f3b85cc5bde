//! The exploration noise of DrQ-v2 (Yarats et al., 2022).

use super::{BOUND, gaussian::HALF_LOG_TAU};
use crate::gradient::straight_through;
use burn::tensor::Tensor;

/// N(mean, std²) clamped to ±(1 - 1e-6): actions around a bounded mean, not squashed.
#[derive(Clone, Debug)]
pub struct TruncatedNormal {
    /// Means in (-1, 1), `[B, D]`.
    pub mean: Tensor<2>,
    /// Standard deviation, one for all, above 0; a schedule shrinks it during training.
    pub std: f64,
}

impl TruncatedNormal {
    /// Around `mean [B, D]` with standard deviation `std`.
    pub fn new(mean: Tensor<2>, std: f64) -> Self {
        Self { mean, std }
    }

    /// mean + std noise for `noise [B, D]` of N(0, 1), the deviation first clipped to ±`clip` where
    /// given, the sum clamped to ±(1 - 1e-6). The gradient goes to the mean as if nothing had been
    /// clamped.
    pub fn sample(&self, noise: Tensor<2>, clip: Option<f64>) -> Tensor<2> {
        let mut deviation = noise.mul_scalar(self.std);
        if let Some(clip) = clip {
            deviation = deviation.clamp(-clip, clip);
        }
        let value = self.mean.clone() + deviation;
        straight_through(value.clone().clamp(-BOUND, BOUND), value)
    }

    /// Log-density per dimension, `[B, D]`, of the normal before clamping.
    pub fn log_prob(&self, value: Tensor<2>) -> Tensor<2> {
        let standard = (value - self.mean.clone()).div_scalar(self.std);
        standard.square().mul_scalar(-0.5).sub_scalar(self.std.ln() + HALF_LOG_TAU)
    }

    /// The mean.
    pub fn mode(&self) -> Tensor<2> {
        self.mean.clone()
    }
}
