//! Temporal-difference targets and the losses that fit them, per sample.

mod categorical;

use burn::tensor::{Int, Tensor, TensorData};

pub use categorical::{Projection, Support, categorical_cross_entropy, categorical_target, project};

/// `r + discount * next_value`, all `[B]`, without gradient.
pub fn target(reward: Tensor<1>, discount: Tensor<1>, next_value: Tensor<1>) -> Tensor<1> {
    (reward + discount * next_value).detach()
}

/// The entry of `values [B, A]` at `actions [B]`.
pub fn at_action(values: Tensor<2>, actions: Tensor<1, Int>) -> Tensor<1> {
    values.gather(1, actions.unsqueeze_dim(1)).squeeze_dim(1)
}

/// The distribution of `values [B, A, N]` at `actions [B]`, as `[B, N]`.
pub fn distribution_at_action(values: Tensor<3>, actions: Tensor<1, Int>) -> Tensor<2> {
    let [rows, _, atoms] = values.dims();
    let index = actions.reshape([rows, 1, 1]).expand([rows, 1, atoms]);
    values.gather(1, index).squeeze_dim(1)
}

/// The action of the largest value in each row of `values [B, A]`, the first among equals.
pub fn greedy(values: Tensor<2>) -> Tensor<1, Int> {
    values.argmax(1).squeeze_dim(1)
}

/// Double Q-learning's next value (van Hasselt et al., 2016, equation 4): the target network's
/// value `[B, A]` of the action that the online network's value `[B, A]` is largest for.
pub fn double_q(target_values: Tensor<2>, online_values: Tensor<2>) -> Tensor<1> {
    at_action(target_values, greedy(online_values))
}

/// The smallest of the members' values `[E, B]` of each pair, as `[B]`: under twin critics, the value
/// of clipped double Q-learning (Fujimoto et al., 2018, equation 10).
pub fn least(values: Tensor<2>) -> Tensor<1> {
    values.min_dim(0).squeeze_dim(0)
}

/// Squared error per element; no factor one half.
pub fn squared_error<const D: usize>(prediction: Tensor<D>, target: Tensor<D>) -> Tensor<D> {
    (prediction - target).square()
}

/// How far the members' values `[E, B]` of the same pairs are from the `target [B]` that all of them
/// have: the sum of their mean squared errors.
pub fn ensemble_error(values: Tensor<2>, target: Tensor<1>) -> Tensor<1> {
    let members = values.dims()[0];
    squared_error(values, target.unsqueeze_dim(0)).mean().mul_scalar(members as f64)
}

/// Huber loss per element: half the square of the error up to `delta`, then
/// `delta (|error| - delta / 2)`.
pub fn huber<const D: usize>(prediction: Tensor<D>, target: Tensor<D>, delta: f32) -> Tensor<D> {
    huber_of(prediction - target, delta)
}

fn huber_of<const D: usize>(error: Tensor<D>, delta: f32) -> Tensor<D> {
    // With c the error clipped to [-delta, delta] this is c (error - c / 2) on both branches.
    let clipped = error.clone().clamp(-delta, delta);
    clipped.clone() * (error - clipped.mul_scalar(0.5))
}

/// Quantile regression with the Huber loss (Dabney et al., 2018, equation 10): sum over the N
/// levels `tau_i = (i + 1/2) / N` of `theta [B, N]`, mean over the M `targets [B, M]` with
/// probabilities `weights [B, M]` (1/M each for a quantile target). `kappa` is above 0. Returns
/// `[B]`; no gradient enters the targets.
pub fn quantile_huber(theta: Tensor<2>, targets: Tensor<2>, weights: Tensor<2>, kappa: f32) -> Tensor<1> {
    let levels = theta.dims()[1];
    let midpoints: Vec<f32> = (0..levels).map(|level| (level as f32 + 0.5) / levels as f32).collect();
    let tau = TensorData::new(midpoints, [1, levels, 1]);
    let tau = Tensor::<3>::from_data(tau, &theta.device().without_autodiff());
    let error = targets.detach().unsqueeze_dim::<3>(1) - theta.unsqueeze_dim::<3>(2);
    let below = error.clone().detach().lower_elem(0.0).float();
    let side = (tau - below).abs();
    let loss = side * huber_of(error, kappa).div_scalar(kappa);
    let weighted = loss * weights.detach().unsqueeze_dim::<3>(1);
    weighted.sum_dim(2).sum_dim(1).squeeze_dim::<2>(2).squeeze_dim(1)
}

/// Expectile regression's loss of an error `u` = target - prediction per element: `|tau - 1(u < 0)|
/// u²` (Newey and Powell, 1987). With `tau` in (0, 1) above one half the prediction lies above the
/// mean of the targets, near 1 at their largest.
pub fn expectile<const D: usize>(error: Tensor<D>, tau: f64) -> Tensor<D> {
    let below = error.clone().detach().lower_elem(0.0).float();
    // tau where the target lies above, 1 - tau where it lies below.
    let side = below.mul_scalar(1.0 - 2.0 * tau).add_scalar(tau);
    side * error.square()
}

/// The weight of a demonstrated action by its advantage, `min(exp(beta A), limit)` of `[B]`,
/// without gradient (Kostrikov et al., 2022, equation 7).
pub fn advantage_weight(advantage: Tensor<1>, beta: f64, limit: f64) -> Tensor<1> {
    // Clamped in the exponent too, where an overflow would be infinite.
    let exponent = advantage.detach().mul_scalar(beta).clamp_max(limit.ln());
    exponent.exp()
}

#[cfg(test)]
mod tests;
