//! Independent normal distributions.

use burn::tensor::Tensor;

/// ln(2π)/2.
pub(super) const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_7;

/// N(mean, std²) in each dimension of `[B, D]`.
#[derive(Clone, Debug)]
pub struct DiagonalGaussian {
    /// Means, `[B, D]`.
    pub mean: Tensor<2>,
    /// Logarithms of the standard deviations, `[B, D]`.
    pub log_std: Tensor<2>,
}

impl DiagonalGaussian {
    /// From means and log standard deviations, both `[B, D]`.
    pub fn new(mean: Tensor<2>, log_std: Tensor<2>) -> Self {
        Self { mean, log_std }
    }

    /// N(0, 1) in as many dimensions, without a gradient.
    pub fn standard_like(&self) -> Self {
        let zero = self.mean.clone().detach().zeros_like();
        Self { mean: zero.clone(), log_std: zero }
    }

    /// Standard deviations, `[B, D]`.
    pub fn std(&self) -> Tensor<2> {
        self.log_std.clone().exp()
    }

    /// mean + std noise for `noise [B, D]` from N(0, 1), with gradients to both parameters.
    pub fn sample(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + self.std() * noise
    }

    /// Log-density per dimension, `[B, D]`.
    pub fn log_prob(&self, value: Tensor<2>) -> Tensor<2> {
        let standard = (value - self.mean.clone()) * self.log_std.clone().neg().exp();
        standard.square().mul_scalar(-0.5) - self.log_std.clone().add_scalar(HALF_LOG_TAU)
    }

    /// Entropy in nats per dimension, `[B, D]`.
    pub fn entropy(&self) -> Tensor<2> {
        self.log_std.clone().add_scalar(0.5 + HALF_LOG_TAU)
    }

    /// The mean.
    pub fn mode(&self) -> Tensor<2> {
        self.mean.clone()
    }

    /// KL(self ‖ other) in nats per dimension, `[B, D]`.
    pub fn kl(&self, other: &Self) -> Tensor<2> {
        let log_ratio = self.log_std.clone() - other.log_std.clone();
        let shift = (self.mean.clone() - other.mean.clone()) * other.log_std.clone().neg().exp();
        let spread = log_ratio.clone().mul_scalar(2.0).exp() + shift.square();
        spread.sub_scalar(1.0).mul_scalar(0.5) - log_ratio
    }
}
