//! The loss of all networks together.

use agents::trajectories::Steps;
use burn::tensor::Tensor;
use learn::{
    information::{Latent, energy_bound},
    reduce, td,
};
use nets::{distribution::Categorical, gradient, noise};
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError};

use super::networks::Networks;
use crate::doc_control::config::DocControlConfig;

/// The terms of the loss, each a mean over the batch.
pub struct Terms {
    /// -log pi(a | history, z), but for a constant.
    pub policy: Tensor<1>,
    /// (V(history, z) - return to go)².
    pub value: Tensor<1>,
    /// KL(q(z | future) ‖ sg(p(z | history))).
    pub posterior: Tensor<1>,
    /// KL(sg(q) ‖ p), which fits the prior.
    pub prior: Tensor<1>,
    /// The bound on the information that z has of chance, descended by z and ascended by f.
    pub bound: Tensor<1>,
}

/// The terms for windows of `context` - 1 steps before the present and `future` steps from it on. `z` is
/// drawn once per window, from its future, and stands for all of it.
pub fn terms(
    networks: &Networks,
    config: &DocControlConfig,
    steps: &Steps,
    noises: &mut ChaCha8Rng,
    mut dropout: Option<&mut ChaCha8Rng>,
) -> Result<Terms> {
    let (past, count) = (config.deep.context - 1, config.deep.future);
    let [rows, length] = steps.mask.dims();
    let window = steps.window(tokens(steps)).autodiff();
    let future = steps.window(future_tokens(steps)).autodiff().narrow(past, count);
    let (states, actions) = networks.history(&window, dropout.as_deref_mut());
    let width = states.dims()[2];
    let part = |values: Tensor<3>| values.narrow(1, past, count).reshape([rows * count, width]);
    let (states, actions) = (part(states), part(actions));
    let q = networks.posterior(&future, dropout.as_deref_mut());
    let p = networks.prior(&window.narrow(0, past + 1), dropout);
    let noise = noise::normal(q.mean.dims(), &steps.mask.device(), noises).autodiff();
    let code = q.sample(noise);
    let latent = code.dims()[1];
    let spread = |code: Tensor<2>| {
        code.unsqueeze_dim::<3>(1).expand([rows, count, latent]).reshape([rows * count, latent])
    };
    let mask = steps.mask.clone().narrow(1, past, count).reshape([rows * count]).autodiff();
    let spread_code = spread(code.clone());

    let outputs = networks.act(states.clone(), spread_code.clone());
    let taken = steps.actions.clone().narrow(1, past, count);
    let dimensions = taken.dims()[2];
    let taken = taken.reshape([rows * count, dimensions]).autodiff();
    let imitation: Tensor<1> = match steps.taken.indices() {
        Some(_) => (Categorical::new(outputs).log_probabilities() * taken).sum_dim(1).neg().squeeze_dim(1),
        None => td::squared_error(outputs, taken).sum_dim(1).mul_scalar(0.5).squeeze_dim(1),
    };
    let to_go = steps.to_go.clone().narrow(1, past, count).reshape([rows * count]).autodiff();
    let value = td::squared_error(networks.value(states, spread_code), to_go);

    // The energy reads histories as constants and codes against the gradient.
    let reversed = spread(gradient::reverse(code, config.lambda));
    let reward = steps.reward.clone().narrow(1, past, count).reshape([rows * count, 1]).autodiff();
    let inputs = steps.observations.dims()[2];
    let next = steps.observations.clone().narrow(1, past + 1, count).reshape([rows * count, inputs]);
    let (one, other) = networks.features(actions.detach(), reversed, reward, next.autodiff());
    let bound = bound(one, other, mask.clone(), rows, count)?;
    debug_assert_eq!(length, past + count);
    Ok(Terms {
        policy: reduce::masked_mean(imitation, mask.clone()),
        value: reduce::masked_mean(value, mask.clone()),
        posterior: reduce::mean(q.divergence(&p.constant())),
        prior: reduce::mean(q.constant().divergence(&p)),
        bound: reduce::masked_mean(bound, mask),
    })
}

/// `[B k]`: the energy's bound of every row and step, compared with what followed in the other rows at
/// the same step; features are `[B k, e]`.
fn bound(one: Tensor<2>, other: Tensor<2>, mask: Tensor<1>, rows: usize, count: usize) -> Result<Tensor<1>> {
    let width = one.dims()[1];
    let pair: Tensor<1> = (one.clone() * other.clone()).sum_dim(1).squeeze_dim(1);
    let by_step = |features: Tensor<2>| features.reshape([rows, count, width]).swap_dims(0, 1);
    // [k, B, B]: energies of the codes of a step with all that followed.
    let scores = by_step(one).matmul(by_step(other).swap_dims(1, 2));
    let others = scores.swap_dims(0, 1).reshape([rows * count, rows]);
    let valid = mask.reshape([rows, count]).swap_dims(0, 1).reshape([1, count, rows]);
    let valid = valid.expand([rows, count, rows]).reshape([rows * count, rows]);
    energy_bound(pair, others, Some(valid)).map_err(RunError::part)
}

/// Tokens of a history: the reward that led to the state, the state, the action.
fn tokens(steps: &Steps) -> Vec<Tensor<3>> {
    let [rows, length] = steps.mask.dims();
    let none = Tensor::zeros([rows, 1], &steps.reward.device());
    let before = Tensor::cat(vec![none, steps.reward.clone()], 1).narrow(1, 0, length);
    vec![before.unsqueeze_dim(2), states(steps), steps.actions.clone()]
}

/// Tokens of a future: the reward that came of the action, the state, the action.
fn future_tokens(steps: &Steps) -> Vec<Tensor<3>> {
    vec![steps.reward.clone().unsqueeze_dim(2), states(steps), steps.actions.clone()]
}

fn states(steps: &Steps) -> Tensor<3> {
    let length = steps.mask.dims()[1];
    steps.observations.clone().narrow(1, 0, length)
}
