//! Cloning the actions of a demonstrator: losses per sample.

use burn::tensor::Tensor;
use nets::distribution::DiagonalGaussian;

/// Squared error of `actions [B, D]` to the demonstrated `targets [B, D]`, the mean over the
/// dimensions, as `[B]`; no gradient enters the targets.
pub fn squared_error(actions: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (actions - targets.detach()).square().mean_dim(1).squeeze_dim(1)
}

/// Minus the log-density of the demonstrated `actions [B, D]`, the sum over the dimensions, as
/// `[B]`.
pub fn negative_log_likelihood(distribution: &DiagonalGaussian, actions: Tensor<2>) -> Tensor<1> {
    distribution.log_prob(actions).sum_dim(1).squeeze_dim::<1>(1).neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, check_gradient, random_values, tensor, values};

    #[test]
    fn small_cases() {
        let (actions, targets) =
            (tensor(&[0.0, 1.0, 0.5, 0.5], [2, 2]), tensor(&[1.0, 1.0, 0.5, -0.5], [2, 2]));
        assert_eq!(values(squared_error(actions, targets)), [0.5, 0.5]);
        let standard = DiagonalGaussian::new(tensor(&[0.0; 2], [1, 2]), tensor(&[0.0; 2], [1, 2]));
        let expected = (2.0 * std::f64::consts::PI).ln() + 0.5 * (1.0 + 4.0);
        let found = values(negative_log_likelihood(&standard, tensor(&[1.0, -2.0], [1, 2])));
        assert_close(&found, &[expected], 1e-6);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let fixed = |seed| tensor(&random_values(seed, 4), [2, 2]);
        check_gradient(&random_values(1, 4), |leaf| squared_error(leaf.reshape([2, 2]), fixed(2)).sum());
        check_gradient(&random_values(3, 8), |leaf| {
            let part = |start| leaf.clone().narrow(0, start, 4).reshape([2, 2]);
            negative_log_likelihood(&DiagonalGaussian::new(part(0), part(4)), fixed(4)).sum()
        });
    }
}
