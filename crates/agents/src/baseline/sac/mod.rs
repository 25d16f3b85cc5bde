//! Soft actor-critic (Haarnoja et al., 2018, arXiv 1812.05905): twin critics, an entropy bonus
//! whose temperature is tuned to a target entropy, a squashed Gaussian actor.
//!
//! With `latent` set, a representation objective trains the encoder and actor and critics read its
//! latents as constants; without, the critics' loss trains the encoder of images.

pub mod actor;
mod config;
mod method;
#[cfg(test)]
mod tests;

use learn::{
    batch::Transitions,
    duals::Temperature,
    optim::Trained,
    policy_gradient::{soft_pathwise, soft_value},
    td,
};
use nets::{ema, heads::Critic, mlp::MlpConfig, noise};
use run::{Result, Run, RunError, task::World};

use self::actor::SquashedActor;
pub use self::config::SacConfig;
use crate::{
    latent_actor::Actor,
    latent_agent::LatentAgent,
    update::{failure, update},
};

/// Soft actor-critic.
pub struct Sac {
    agent: LatentAgent,
    actor: Trained<SquashedActor>,
    critic: Trained<Critic>,
    target_critic: Critic,
    temperature: Temperature,
    tune_temperature: bool,
}

impl Sac {
    /// Builds the agent, its actor and its critics.
    ///
    /// # Errors
    /// The objective or the encoder does not fit the world.
    pub fn new(config: SacConfig, world: &World, run: &mut Run) -> Result<Self> {
        let SacConfig { off_policy, temperature, tune_temperature, hidden } = config;
        let adam = off_policy.adam();
        let agent = LatentAgent::new(off_policy, world, run)?;
        let (latent, size) = (agent.representation().size(), world.continuous().unwrap_or(0));
        let training = agent.device().clone().autodiff();
        let shape = MlpConfig::new(latent, &hidden, size);
        let actor = SquashedActor::new(&shape, &training, run.random("init"));
        let shape = MlpConfig::new(latent + size, &hidden, 1);
        let critic = Critic::new(&shape, 2, None, &training, run.random("init"));
        let temperature = Temperature::new(temperature, -(size as f32), adam).map_err(RunError::part)?;
        Ok(Self {
            target_critic: ema::target_of(&critic),
            actor: Trained::new(actor, adam),
            critic: Trained::new(critic, adam),
            temperature,
            tune_temperature,
            agent,
        })
    }

    /// Algorithm 1: acts by the policy, stores the transitions, and takes the updates that are due.
    fn iterate(&mut self, run: &mut Run) -> Result<()> {
        let actor = self.actor.inference();
        self.agent.act(run, |latent, random| actor.sample(latent, random))?;
        (0..self.agent.due(run)).try_for_each(|_| self.update(run))
    }

    /// One update of critics, actor and temperature on a batch; the target networks follow.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let batch = self.agent.draw(run)?;
        self.improve_critic(&batch, run)?;
        self.improve_actor(&batch, run)?;
        let tau = self.agent.config().tau;
        self.target_critic = ema::update(self.target_critic.clone(), self.critic.inference(), tau);
        self.agent.representation_mut().follow();
        run.count_updates("agent", 1);
        Ok(())
    }

    /// Soft Bellman backup with the smaller of the target critics (equations 5 and 6).
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        // y = r + gamma (min_i Q_i'(s', a') - alpha log pi(a'|s')), a' ~ pi; no gradient.
        let next = self.agent.representation().encode(&batch.next);
        let noise = noise::normal([rows, self.dimensions()], self.agent.device(), run.random("noise"));
        let (action, log_prob) = self.actor.inference().act(next.clone(), noise);
        let values = self.target_critic.forward(next, action);
        let value = soft_value(values, log_prob, self.temperature.value());
        let target = td::target(batch.reward.clone(), batch.discount.clone(), value).autodiff();
        let latent = self.agent.representation().encode_for_critic(&batch.observations);
        let values = self.critic.module().forward(latent, batch.actions.vectors(0).autodiff());
        let q = values.clone().inner().mean();
        // Half the sum of both critics' mean squared errors.
        let loss = td::ensemble_error(values, target).mul_scalar(0.5);
        let mut parts = self.agent.representation_mut().critic_parts();
        parts.push(&mut self.critic);
        let done = update(run, "critic", loss, &mut parts, None)?;
        run.log("loss/critic", f64::from(done.loss))?;
        run.log("diag/q", f64::from(q.into_scalar::<f32>()))
    }

    /// The actor climbs the smaller critic and its own entropy (equation 7), the latent a constant;
    /// the temperature keeps the entropy near its target (equation 18).
    fn improve_actor(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        let latent = self.agent.representation().encode(&batch.observations).autodiff();
        let noise =
            noise::normal([rows, self.dimensions()], self.agent.device(), run.random("noise")).autodiff();
        let (action, log_prob) = self.actor.module().act(latent.clone(), noise);
        let entropy = log_prob.clone().inner().mean().neg();
        // The critics pass the gradient on to the action; their own parameters take no step.
        let values = self.critic.module().forward(latent, action);
        let loss = soft_pathwise(values, log_prob, self.temperature.value()).mean();
        let done = update(run, "actor", loss, &mut [&mut self.actor], None)?;
        let entropy = entropy.into_scalar::<f32>();
        if self.tune_temperature {
            self.temperature.update(entropy).map_err(|error| failure(run, error))?;
        }
        run.log("loss/actor", f64::from(done.loss))?;
        run.log("diag/entropy", f64::from(entropy))?;
        run.log("diag/temperature", f64::from(self.temperature.value()))
    }

    fn dimensions(&self) -> usize {
        self.actor.module().dimensions()
    }
}
