//! Continuous thoughts that are drawn from diagonal Gaussians: how likely one was, and how well a
//! predicted one fits.
//!
//! Means, log-variances and thoughts are `[B, S, d]` over the slots S. Whether the gradient of a policy
//! runs through a thought is the caller's choice: a *score-function* gradient holds the drawn thought
//! constant and goes through [`log_density`]; a *reparameterised* one goes through [`draw`].

use burn::tensor::Tensor;
use settings::Choice;

/// How log-densities of a thought's dimensions become the thought's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Dimensions {
    /// Their mean, so that a thought weighs as much as a token.
    #[default]
    Mean,
    /// Their sum, the density itself; ratios of it need a clamp.
    Sum,
}

/// Log-density of the `thoughts`, as `[B, S]`. Gradients reach the mean and the log-variance, and the
/// thoughts unless these are detached.
pub fn log_density(
    thoughts: Tensor<3>,
    mean: Tensor<3>,
    log_variance: Tensor<3>,
    dimensions: Dimensions,
) -> Tensor<2> {
    let scaled = (thoughts - mean).square() * log_variance.clone().neg().exp();
    let each = (scaled + log_variance).add_scalar((2.0 * std::f32::consts::PI).ln()).mul_scalar(-0.5);
    match dimensions {
        Dimensions::Mean => each.mean_dim(2).squeeze_dim(2),
        Dimensions::Sum => each.sum_dim(2).squeeze_dim(2),
    }
}

/// `mean + deviation * noise`, with `noise [B, S, d]` standard normal: a thought through which gradients
/// reach both.
pub fn draw(mean: Tensor<3>, log_variance: Tensor<3>, noise: Tensor<3>) -> Tensor<3> {
    mean + log_variance.mul_scalar(0.5).exp() * noise
}

/// Entropy of the Gaussians, the mean over their dimensions, as `[B, S]`.
pub fn entropy(log_variance: Tensor<3>) -> Tensor<2> {
    let constant = (2.0 * std::f32::consts::PI * std::f32::consts::E).ln();
    log_variance.add_scalar(constant).mul_scalar(0.5).mean_dim(2).squeeze_dim(2)
}

/// CoLaR's soft squared error of a reparameterised draw to the `target`, minus `weight` times the
/// entropy, as `[B, S]` (Tan et al., 2025, equation 5); no gradient enters the target.
pub fn soft_squared_error(
    mean: Tensor<3>,
    log_variance: Tensor<3>,
    target: Tensor<3>,
    noise: Tensor<3>,
    weight: f32,
) -> Tensor<2> {
    let error = draw(mean, log_variance.clone(), noise) - target.detach();
    error.square().mean_dim(2).squeeze_dim::<2>(2) - entropy(log_variance).mul_scalar(weight)
}
