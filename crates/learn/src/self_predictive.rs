//! Agreement of latents predicted by rolling a model forward with the latents of what was seen.

use burn::tensor::Tensor;

/// Cosine of each predicted latent with its target, times the step's weight and mask, as `[B, K]`
/// (Schwarzer et al., 2021, equation 5; Zhao et al., 2023, equation 1).
///
/// `predictions` and `targets` are `[B, K, d]` and the targets get no gradient; `mask [B, K]` is 0
/// from the first step that lies beyond the end of an episode; `weights [K]` are for instance
/// `rho^k`. Norms are at least `floor`, above 0. Minimise its negative: whether that is `-cos`,
/// `1 - cos` or `2 - 2 cos` is the caller's factor and constant.
pub fn rollout_cosine(
    predictions: Tensor<3>,
    targets: Tensor<3>,
    mask: Tensor<2>,
    weights: Tensor<1>,
    floor: f32,
) -> Tensor<2> {
    let cosine = (unit(predictions, floor) * unit(targets.detach(), floor)).sum_dim(2).squeeze_dim::<2>(2);
    cosine * mask * weights.unsqueeze::<2>()
}

/// Squared distance of each predicted latent to its target, summed over d, times the step's
/// weight and mask, as `[B, K]`; the arguments are those of [`rollout_cosine`].
pub fn rollout_squared(
    predictions: Tensor<3>,
    targets: Tensor<3>,
    mask: Tensor<2>,
    weights: Tensor<1>,
) -> Tensor<2> {
    let distance = (predictions - targets.detach()).square().sum_dim(2).squeeze_dim::<2>(2);
    distance * mask * weights.unsqueeze::<2>()
}

/// `latents [B, K, d]` divided by their norms, or by `floor` where that is larger.
fn unit(latents: Tensor<3>, floor: f32) -> Tensor<3> {
    // The floor is applied below the root, whose gradient at 0 is infinite.
    let squares = latents.clone().square().sum_dim(2);
    latents / squares.clamp_min(floor * floor).sqrt()
}

/// `rho^0, ..., rho^(K-1)`.
pub fn geometric_weights(rho: f32, steps: usize) -> Vec<f32> {
    (0..steps).map(|step| rho.powi(step as i32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, check_gradient, random_values, tensor, values};

    #[test]
    fn cosines_of_known_angles_masked_and_weighted() {
        let predictions = tensor(&[1.0, 0.0, 0.0, 3.0, 1.0, 1.0, 0.0, 0.0], [2, 2, 2]);
        let targets = tensor(&[5.0, 0.0, 0.0, -1.0, 2.0, 0.0, 1.0, 0.0], [2, 2, 2]);
        let weights = tensor(&geometric_weights(0.5, 2), [2]);
        let mask = || tensor(&[1.0, 1.0, 1.0, 1.0], [2, 2]);
        let found = rollout_cosine(predictions.clone(), targets.clone(), mask(), weights.clone(), 1e-3);
        assert_close(&values(found), &[1.0, -0.5, 0.5f64.sqrt(), 0.0], 1e-6);
        let cut = tensor(&[1.0, 0.0, 0.0, 0.0], [2, 2]);
        let found = rollout_cosine(predictions.clone(), targets.clone(), cut, weights.clone(), 1e-3);
        assert_eq!(values(found), [1.0, 0.0, 0.0, 0.0]);
        let found = rollout_squared(predictions, targets, mask(), weights);
        assert_eq!(values(found), [16.0, 8.0, 2.0, 0.5]);
    }

    #[test]
    fn the_floor_bounds_short_latents() {
        let short = tensor(&[1e-4, 0.0], [1, 1, 2]);
        let one = || tensor(&[1.0], [1, 1]);
        let found = rollout_cosine(short.clone(), short, one(), tensor(&[1.0], [1]), 1e-3);
        assert_close(&values(found), &[0.01], 1e-6);
    }

    #[test]
    fn gradients_agree_with_finite_differences_also_at_zero_and_targets_get_none() {
        let targets = tensor(&random_values(1, 12), [2, 2, 3]);
        let mask = tensor(&[1.0, 1.0, 1.0, 0.0], [2, 2]);
        let weights = tensor(&[1.0, 0.9], [2]);
        check_gradient(&random_values(2, 12), |leaf| {
            let leaf = leaf.reshape([2, 2, 3]);
            let arguments = (targets.clone(), mask.clone(), weights.clone());
            let (targets, mask, weights) = arguments.clone();
            let squared = rollout_squared(leaf.clone(), targets, mask, weights);
            let (targets, mask, weights) = arguments;
            (rollout_cosine(leaf, targets, mask, weights, 1e-3) + squared).sum()
        });
        let leaf = tensor(&[0.0; 12], [2, 2, 3]).autodiff().require_grad();
        let other = tensor(&[0.5; 12], [2, 2, 3]).autodiff().require_grad();
        let loss = rollout_cosine(leaf.clone(), other.clone(), mask, weights, 1e-3).sum();
        let gradients = loss.backward();
        let found = values(leaf.grad(&gradients).unwrap());
        assert!(found.iter().all(|gradient| gradient.is_finite()));
        let none = other.grad(&gradients).map_or(vec![0.0; 12], values);
        assert_eq!(none, [0.0; 12]);
    }
}
