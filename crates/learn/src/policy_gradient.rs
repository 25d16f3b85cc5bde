//! Losses of policies and of the values trained beside them, per sample.

use burn::tensor::Tensor;

use crate::td;

/// REINFORCE (Williams, 1992): `-advantage * log_prob`, all `[B]`; no gradient enters the
/// advantage.
pub fn score(log_prob: Tensor<1>, advantage: Tensor<1>) -> Tensor<1> {
    (advantage.detach() * log_prob).neg()
}

/// The clipped surrogate and what it says about the step, all `[B]`.
#[derive(Clone, Debug)]
pub struct Surrogate {
    /// The loss, to be minimised.
    pub loss: Tensor<1>,
    /// `ratio - 1 - log ratio`, an estimate of KL(old || new) that is never negative; no gradient.
    pub divergence: Tensor<1>,
    /// 1 where the ratio lies outside the clip range, else 0; no gradient.
    pub clipped: Tensor<1>,
}

/// PPO's clipped surrogate (Schulman et al., 2017, equation 7):
/// `-min(ratio A, clip(ratio, 1 - low, 1 + high) A)` with `ratio = exp(log_prob - log_prob_old)`.
/// No gradient enters the old log-probability or the advantage.
pub fn clipped(
    log_prob: Tensor<1>,
    log_prob_old: Tensor<1>,
    advantage: Tensor<1>,
    low: f32,
    high: f32,
) -> Surrogate {
    let advantage = advantage.detach();
    let log_ratio = log_prob - log_prob_old.detach();
    let ratio = log_ratio.clone().exp();
    let inside = ratio.clone().clamp(1.0 - low, 1.0 + high);
    let loss = (ratio.clone() * advantage.clone()).min_pair(inside.clone() * advantage).neg();
    let (ratio, log_ratio) = (ratio.detach(), log_ratio.detach());
    Surrogate {
        loss,
        clipped: ratio.clone().not_equal(inside.detach()).float(),
        divergence: ratio.sub_scalar(1.0) - log_ratio,
    }
}

/// Half the squared error of `value` to `target`, or of the value moved at most `clip` from
/// `value_old`, whichever is larger (the value loss of PPO's published implementation). All `[B]`.
pub fn value_clip(value: Tensor<1>, value_old: Tensor<1>, target: Tensor<1>, clip: f32) -> Tensor<1> {
    let (value_old, target) = (value_old.detach(), target.detach());
    let near = value_old.clone() + (value.clone() - value_old).clamp(-clip, clip);
    let plain = (value - target.clone()).square();
    plain.max_pair((near - target).square()).mul_scalar(0.5)
}

/// Entropy of categorical distributions from `log_probabilities [B, A]`, in nats, as `[B]`.
pub fn entropy(log_probabilities: Tensor<2>) -> Tensor<1> {
    let probabilities = log_probabilities.clone().exp();
    // An impossible action has log-probability -inf and contributes 0.
    let finite = log_probabilities.clamp_min(f32::MIN);
    (probabilities * finite).sum_dim(1).squeeze_dim::<1>(1).neg()
}

/// The next value of soft actor-critic (Haarnoja et al., 2018, equation 3): the smallest of the
/// critics' `values [E, B]` minus `temperature * log_prob [B]`, as `[B]`, without gradient.
pub fn soft_value(values: Tensor<2>, log_prob: Tensor<1>, temperature: f32) -> Tensor<1> {
    (td::least(values) - log_prob.mul_scalar(temperature)).detach()
}

/// The actor's loss of soft actor-critic (equation 9): `temperature * log_prob [B]` minus the
/// smallest of the critics' `values [E, B]` at a reparameterised action, as `[B]`. Apply its gradient
/// to the actor alone.
pub fn soft_pathwise(values: Tensor<2>, log_prob: Tensor<1>, temperature: f32) -> Tensor<1> {
    log_prob.mul_scalar(temperature) - td::least(values)
}

/// The deterministic policy gradient's loss (Silver et al., 2014): `-Q [B]` at the actor's
/// action. Apply its gradient to the actor alone.
pub fn pathwise(value: Tensor<1>) -> Tensor<1> {
    value.neg()
}

/// The same divided by the batch's mean |Q|, which gets no gradient and is at least `floor`
/// (Fujimoto and Gu, 2021, equation 5): the loss's scale then does not depend on the reward's.
pub fn pathwise_normalised(value: Tensor<1>, floor: f32) -> Tensor<1> {
    let scale = value.clone().detach().abs().mean().clamp_min(floor);
    value.neg() / scale
}

/// Weighted maximum likelihood: `-weight log_prob`, both `[B]`; no gradient enters the weights
/// (advantage-weighted regression, Peng et al., 2019, equation 6).
pub fn weighted_likelihood(log_prob: Tensor<1>, weights: Tensor<1>) -> Tensor<1> {
    (weights.detach() * log_prob).neg()
}

/// Target policy smoothing (Fujimoto et al., 2018, equation 14): `actions [B, D]` plus `noise`
/// clipped to `[-clip, clip]`, clipped to the box [-1, 1], without gradient. `noise [B, D]` has
/// its final standard deviation.
pub fn smoothed_action(actions: Tensor<2>, noise: Tensor<2>, clip: f32) -> Tensor<2> {
    (actions + noise.clamp(-clip, clip)).clamp(-1.0, 1.0).detach()
}

#[cfg(test)]
mod tests {
    use burn::tensor::activation::log_softmax;

    use super::*;
    use crate::testing::{assert_close, check_gradient, random_values, tensor, values};

    #[test]
    fn the_surrogate_on_both_sides_of_the_clip() {
        let ratio = [0.5f32, 0.5, 1.1, 1.5, 1.5];
        let log_prob: Vec<f32> = ratio.iter().map(|ratio| ratio.ln()).collect();
        let advantage = tensor(&[1.0, -1.0, 2.0, 1.0, -1.0], [5]);
        let found = clipped(tensor(&log_prob, [5]), tensor(&[0.0; 5], [5]), advantage, 0.2, 0.3);
        let expected = [-0.5, 0.8, -2.2, -1.3, 1.5];
        assert_close(&values(found.loss), &expected, 1e-6);
        assert_eq!(values(found.clipped), [1.0, 1.0, 0.0, 1.0, 1.0]);
        let expected = ratio.map(|ratio| f64::from(ratio) - 1.0 - f64::from(ratio).ln());
        assert_close(&values(found.divergence), &expected, 1e-6);
    }

    #[test]
    fn a_clipped_sample_has_no_gradient_and_at_the_old_policy_it_is_the_score() {
        let advantage = tensor(&[1.0, -1.0, -2.0, 1.5], [4]);
        let gradient = |log_prob: [f32; 4], loss: &dyn Fn(Tensor<1>) -> Tensor<1>| {
            let leaf = tensor(&log_prob, [4]).autodiff().require_grad();
            let gradients = loss(leaf.clone()).sum().backward();
            values(leaf.grad(&gradients).unwrap())
        };
        let old = || tensor(&[0.0; 4], [4]);
        let surrogate = |leaf| clipped(leaf, old(), advantage.clone(), 0.2, 0.2).loss;
        let at_old = gradient([0.0; 4], &surrogate);
        assert_eq!(at_old, gradient([0.0; 4], &|leaf| score(leaf, advantage.clone())));
        let far = gradient([1.0, -1.0, 1.0, -1.0], &surrogate);
        assert_eq!([far[0], far[1]], [0.0, 0.0]);
        assert!(far[2] > 0.0 && far[3] < 0.0);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let fixed = |seed| tensor(&random_values(seed, 3), [3]);
        check_gradient(&[0.05, -0.5, 0.6], |leaf| {
            clipped(leaf, tensor(&[0.0; 3], [3]), fixed(1), 0.2, 0.2).loss.sum()
        });
        check_gradient(&random_values(2, 3), |leaf| value_clip(leaf, fixed(3), fixed(4), 0.25).sum());
        check_gradient(&random_values(5, 6), |leaf| entropy(log_softmax(leaf.reshape([2, 3]), 1)).sum());
        let apart = [0.3, -0.5, 0.9, -0.2, 0.4, 0.1, 0.8, -0.9, 0.5];
        check_gradient(&apart, |leaf| {
            let twins = leaf.clone().narrow(0, 0, 6).reshape([2, 3]);
            soft_pathwise(twins, leaf.narrow(0, 6, 3), 0.3).square().sum()
        });
    }

    #[test]
    fn entropies() {
        let uniform = tensor(&[0.25f32.ln(); 4], [1, 4]);
        assert_close(&values(entropy(uniform)), &[4f64.ln()], 1e-6);
        let certain = tensor(&[0.0, f32::NEG_INFINITY], [1, 2]);
        assert_eq!(values(entropy(certain)), [0.0]);
    }

    #[test]
    fn small_cases() {
        let (high, log_prob) = (tensor(&[2.0, 3.0], [2]), tensor(&[-1.0, 2.0], [2]));
        let twins = || tensor(&[1.0, 5.0, 2.0, 3.0], [2, 2]);
        assert_eq!(values(soft_value(twins(), log_prob.clone(), 0.5)), [1.5, 2.0]);
        assert_eq!(values(soft_pathwise(twins(), log_prob, 0.5)), [-1.5, -2.0]);
        assert_eq!(values(pathwise_normalised(high.clone(), 1e-6)), [-0.8, -1.2]);
        assert_eq!(values(weighted_likelihood(high.clone(), tensor(&[2.0, 0.5], [2]))), [-4.0, -1.5]);
        assert_eq!(values(pathwise(high)), [-2.0, -3.0]);
        let noise = tensor(&[0.9, -0.1, 0.2], [1, 3]);
        let actions = tensor(&[0.0, 0.5, 0.9], [1, 3]);
        let found = values(smoothed_action(actions, noise, 0.5));
        assert_close(&found, &[0.5, 0.4, 1.0], 1e-6);
        let loss =
            value_clip(tensor(&[1.0, 1.0], [2]), tensor(&[0.0, 0.0], [2]), tensor(&[2.0, 0.0], [2]), 0.2);
        assert_close(&values(loss), &[0.5 * 1.8 * 1.8, 0.5], 1e-6);
    }
}
