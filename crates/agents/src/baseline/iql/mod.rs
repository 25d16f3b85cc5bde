//! Implicit Q-learning (Kostrikov et al., 2022, arXiv 2110.06169): a state value fitted to an upper
//! expectile of the recorded actions' values stands in for the maximum over actions, so that no
//! action outside the data is ever valued; the policy clones recorded actions, weighted by the
//! exponential of their advantage.
//!
//! Over indices the same three losses serve, with one-hot actions and a categorical policy.

mod config;
mod method;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor};
use learn::{
    batch::Transitions,
    optim::{AdamSettings, Trained},
    policy_gradient::weighted_likelihood,
    td,
};
use nets::{
    ema,
    heads::Critic,
    mlp::{Mlp, MlpConfig},
};
use run::{Result, Run, data::Data};
use settings::Refusal;
use worlds::ActionSpace;

pub use self::config::IqlConfig;
use super::bc::actor::{Fit, FittedActor};
use crate::{
    device,
    networks::width,
    offline::{policy::flat, rewards::Rewards},
    recorded::{OFFSET, Recorded},
    update::update,
};

/// Implicit Q-learning.
pub struct Iql {
    config: IqlConfig,
    device: Device,
    recorded: Recorded,
    space: ActionSpace,
    rewards: Rewards,
    actor: Trained<FittedActor>,
    value: Trained<Mlp>,
    critic: Trained<Critic>,
    target_critic: Critic,
}

impl Iql {
    /// Builds the networks for a data set of vectors.
    ///
    /// # Errors
    /// The data has no actions or cannot be normalised, or its rewards do not fit the settings.
    pub fn new(config: IqlConfig, data: &Data, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let recorded = Recorded::new(data, config.normalise.then_some(OFFSET))?;
        let inside = |refusal: Refusal| refusal.inside("rewards");
        let rewards = config.rewards.of(recorded.set()).map_err(inside)?;
        let (states, space) = (recorded.reading().layout().size(), recorded.action()?.clone());
        let training = device.clone().autodiff();
        let random = run.random("init");
        let actor = FittedActor::new(states, &config.hidden, &space, Fit::Gaussian, &training, random);
        let value = MlpConfig::new(states, &config.hidden, 1).init(&training, random);
        let shape = MlpConfig::new(states + width(&space), &config.hidden, 1);
        let critic = Critic::new(&shape, 2, None, &training, random);
        let adam = AdamSettings::new(config.learning_rate);
        Ok(Self {
            target_critic: ema::target_of(&critic),
            actor: Trained::new(actor, adam),
            value: Trained::new(value, adam),
            critic: Trained::new(critic, adam),
            config,
            device,
            recorded,
            space,
            rewards,
        })
    }

    /// One update of value, policy and critics on a batch (algorithm 1); the target networks follow.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let (batch, gamma) = (self.config.batch, self.config.gamma);
        let mut batch = self.recorded.transitions(batch, 1, gamma, run.random("replay"), &self.device)?;
        batch.reward = self.rewards.apply(batch.reward);
        // min_i Q_i'(s, a) of the recorded action: a constant to the value and to the policy.
        let recorded = self.target_critic.forward(flat(&batch.observations), self.actions(&batch));
        let recorded = td::least(recorded);
        self.improve_value(&batch, recorded.clone(), run)?;
        self.improve_actor(&batch, recorded, run)?;
        self.improve_critic(&batch, run)?;
        let tau = self.config.tau;
        self.target_critic = ema::update(self.target_critic.clone(), self.critic.inference(), tau);
        run.count_updates("agent", 1);
        run.count_steps(1);
        Ok(())
    }

    /// The state value as an expectile of the recorded actions' target values `[B]` (equation 5).
    fn improve_value(&mut self, batch: &Transitions, recorded: Tensor<1>, run: &mut Run) -> Result<()> {
        let value = values(self.value.module(), flat(&batch.observations).autodiff());
        let mean = value.clone().inner().mean();
        let loss = td::expectile(recorded.autodiff() - value, self.config.expectile).mean();
        let done = update(run, "value", loss, &mut [&mut self.value], None)?;
        run.log("loss/value", f64::from(done.loss))?;
        run.log("diag/value", f64::from(mean.into_scalar::<f32>()))
    }

    /// Weighted cloning (equation 7).
    fn improve_actor(&mut self, batch: &Transitions, recorded: Tensor<1>, run: &mut Run) -> Result<()> {
        let states = flat(&batch.observations);
        let advantage = recorded - values(self.value.inference(), states.clone());
        let weight = td::advantage_weight(advantage.clone(), self.config.beta, self.config.limit);
        let log_prob = self.actor.module().loss(states.autodiff(), &batch.actions).neg();
        let loss = weighted_likelihood(log_prob, weight.clone().autodiff()).mean();
        if self.config.cosine {
            let done = run.steps() as f64 / run.total_steps().max(1) as f64;
            let share = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
            self.actor.set_learning_rate(share * self.config.learning_rate);
        }
        let done = update(run, "actor", loss, &mut [&mut self.actor], None)?;
        run.log("loss/actor", f64::from(done.loss))?;
        run.log("diag/advantage", f64::from(advantage.mean().into_scalar::<f32>()))?;
        run.log("diag/weight", f64::from(weight.mean().into_scalar::<f32>()))
    }

    /// One-step targets from the state value (equation 6).
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let next = values(self.value.inference(), flat(&batch.next));
        let target = td::target(batch.reward.clone(), batch.discount.clone(), next).autodiff();
        let (states, actions) = (flat(&batch.observations).autodiff(), self.actions(batch).autodiff());
        let loss = td::ensemble_error(self.critic.module().forward(states, actions), target);
        let done = update(run, "critic", loss, &mut [&mut self.critic], None)?;
        run.log("loss/critic", f64::from(done.loss))
    }

    /// The recorded actions as vectors, one-hot for indices.
    fn actions(&self, batch: &Transitions) -> Tensor<2> {
        batch.actions.vectors(width(&self.space))
    }
}

/// State values `[B]`.
fn values(network: &Mlp, states: Tensor<2>) -> Tensor<1> {
    let [rows, _] = states.dims();
    network.forward(states).reshape([rows])
}
