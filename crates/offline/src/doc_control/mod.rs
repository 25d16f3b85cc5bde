//! Dichotomy of control (Yang, Schuurmans, Abbeel, Nachum, 2023, "Dichotomy of Control: Separating
//! What You Can Control from What You Cannot").
//!
//! A policy conditioned on a high return copies lucky actions. Here it is conditioned on a code z of
//! the future whose posterior, by a penalty on the information I(z; r_t, s_(t+1) | history, a_t),
//! knows nothing of chance; of some codes from a prior the one of highest value is acted on. Then the
//! value promised is the return obtained.
//!
//! This file is the deep form: transformers over (reward, state, action), and codes that stand for
//! some steps of the future. Rewards, not returns to go, are tokens of the history; the reward of a
//! step stands with the state it led to, so that what is read at a state knows nothing of the step's
//! own. The information is reduced by a game: an energy f ascends its bound, and codes descend it by
//! gradient reversal. (The released trainer minimises one sum in all of its parts, which taken
//! literally rewards informative codes.)
//!
//! On a table (`tabular`) a code stands for one step, as in the released code, and returns, the gap
//! between promise and return, and the information are exact. The gap compares V(s_0, z) with the
//! return of acting by z for as long as z stands (one step) and as the data's behaviour afterwards:
//! that is what V is the mean of. Compared on a table are the decision transformer (action
//! frequencies given the highest return) and behaviour cloning.

mod cells;
mod config;
mod measure;
mod method;
mod networks;
mod parameters;
mod policy;
mod tabular;
#[cfg(test)]
mod tests;

use agents::{
    trajectories::{Steps, Trajectories},
    update::update,
};
use burn::tensor::{Device, Tensor};
use learn::{
    information::{Latent, energy_bound},
    optim::Trained,
    reduce, td,
};
use nets::{distribution::Categorical, gradient, host, noise};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, RunError};

pub use self::config::{Constraint, DeepConfig, DocControlConfig, Form, TabularConfig};
use self::{networks::Networks, policy::CodePolicy, tabular::Tabular};

/// Dichotomy of control.
pub struct DocControl {
    learner: Learner,
}

/// One of the forms.
enum Learner {
    Tabular(Box<Tabular>),
    /// Action frequencies, and the return they were conditioned on, if any.
    Counts(worlds::tabular::Policy, Option<f64>),
    Deep(Box<Deep>),
}

/// The deep form.
struct Deep {
    config: DocControlConfig,
    data: Trajectories,
    device: Device,
    networks: Trained<Networks>,
}

/// The terms of the loss, each a mean over the batch.
struct Terms {
    /// -log pi(a | history, z), but for a constant.
    policy: Tensor<1>,
    /// (V(history, z) - return to go)².
    value: Tensor<1>,
    /// KL(q(z | future) ‖ sg(p(z | history))).
    posterior: Tensor<1>,
    /// KL(sg(q) ‖ p), which fits the prior.
    prior: Tensor<1>,
    /// The bound on the information that z has of chance, descended by z and ascended by f.
    bound: Tensor<1>,
}

impl Deep {
    /// One update of all networks: imitation + value + beta KL(q ‖ sg(p)) + KL(sg(q) ‖ p) - bound.
    fn learn(&mut self, run: &mut Run) -> Result<()> {
        let deep = &self.config.deep;
        let steps = self.data.draw(deep.batch, run.random("replay"), &self.device)?;
        // Dropout has a stream of its own, so that its share changes no other draw.
        let mut dropout = run.random("dropout").clone();
        let drop = (deep.dropout > 0.0).then_some(&mut dropout);
        let terms = terms(self.networks.module(), &self.config, &steps, run.random("codes"), drop)?;
        *run.random("dropout") = dropout;
        let named = [
            ("loss/policy", terms.policy.clone()),
            ("loss/value", terms.value.clone()),
            ("loss/posterior", terms.posterior.clone()),
            ("loss/prior", terms.prior.clone()),
            ("diag/energy_bound", terms.bound.clone()),
        ];
        let total = terms.policy + terms.value + terms.posterior * deep.beta + terms.prior - terms.bound;
        let clip = (deep.gradient_clip > 0.0).then_some(deep.gradient_clip);
        let done = update(run, "total", total, &mut [&mut self.networks], clip)?;
        for (name, term) in named {
            run.log(name, f64::from(term.inner().into_scalar::<f32>()))?;
        }
        run.log("loss/total", f64::from(done.loss))?;
        run.count_updates("networks", 1);
        run.count_steps(1);
        Ok(())
    }
}

/// The terms for windows of `context` - 1 steps before the present and `future` steps from it on. `z` is
/// drawn once per window, from its future, and stands for all of it.
fn terms(
    networks: &Networks,
    config: &DocControlConfig,
    steps: &Steps,
    noises: &mut ChaCha8Rng,
    mut dropout: Option<&mut ChaCha8Rng>,
) -> Result<Terms> {
    let (past, count) = (config.deep.context - 1, config.deep.future);
    let [rows, _] = steps.mask.dims();
    let window = steps.window(tokens(steps)).autodiff();
    let future = steps.window(future_tokens(steps)).autodiff().narrow(past, count);
    let (states, actions) = networks.history(&window, dropout.as_deref_mut());
    let width = states.dims()[2];
    let part = |values: Tensor<3>| values.narrow(1, past, count).reshape([rows * count, width]);
    let (states, actions) = (part(states), part(actions));

    // z ~ q(z | future), reparameterised, beside its prior p(z | history).
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

    // pi(a | history, s, z) and V(history, s, z): gradients reach the code from both.
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
    Ok(Terms {
        policy: reduce::masked_mean(imitation, mask.clone()),
        value: reduce::masked_mean(value, mask.clone()),
        posterior: reduce::mean(q.divergence(&p.constant())),
        prior: reduce::mean(q.constant().divergence(&p)),
        bound: reduce::masked_mean(bound, mask),
    })
}

/// `[B k]`: the energy's bound of every row and step, f(r, s', z) - ln of the mean of exp f over what
/// followed in the other rows at the same step; features are `[B k, e]`.
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

impl CodePolicy {
    /// Acting: codes from p(z | history), of which the one with the largest V(history, s, z) is kept in
    /// every row that holds none.
    fn choose(&mut self, state: &Tensor<2>, rows: usize, random: &mut ChaCha8Rng) {
        let DeepConfig { context, latent, .. } = self.config.deep;
        let candidates = self.config.candidates;
        let window = self.rolling.window(rows, &self.device);
        let steps = window.mask.dims()[1];
        let kept = steps.min(context);
        let prior = self.networks.prior(&window.narrow(steps - kept, kept), None);
        let spread = |values: Tensor<2>| {
            let width = values.dims()[1];
            let values = values.unsqueeze_dim::<3>(1).expand([rows, candidates, width]);
            values.reshape([rows * candidates, width])
        };
        let noise = noise::normal([rows * candidates, latent], &self.device, random);
        let codes = spread(prior.mean.clone()) + spread(prior.std()) * noise;
        let values = host(self.networks.value(spread(state.clone()), codes.clone()));
        let codes = host(codes);
        for (row, values) in values.chunks(candidates).enumerate() {
            if !self.rows[row].code.is_empty() {
                continue;
            }
            let best = nets::argmax(values);
            if self.rolling.time(row) == 1 {
                self.promised.push(values[best]);
            }
            let start = (row * candidates + best) * latent;
            self.rows[row].code = codes[start..start + latent].to_vec();
            self.rows[row].held = 0;
        }
    }
}
