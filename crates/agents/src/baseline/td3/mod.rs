//! Twin delayed deep deterministic policy gradient (Fujimoto et al., 2018, arXiv 1802.09477): twin
//! critics against overestimation, a smoothed target action, an actor that is updated less often.
//!
//! With `latent` set, a representation objective trains the encoder and actor and critics read its
//! latents as constants; without, the critics' loss trains the encoder of images.

mod config;
mod method;
#[cfg(test)]
mod tests;
pub mod twins;

use burn::{module::Module, tensor::Tensor};
use learn::{batch::Transitions, policy_gradient::pathwise, td};
use nets::{heads::DeterministicActor, noise, recipe::Layer};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, task::World};

pub use self::config::Td3Config;
use self::twins::{Twins, first};
use crate::{latent_actor::Actor, latent_agent::LatentAgent, update::update};

/// Twin delayed deep deterministic policy gradient.
pub struct Td3 {
    exploration_noise: f64,
    agent: LatentAgent,
    twins: Twins,
}

impl Td3 {
    /// Builds the agent, its actor and its critics.
    ///
    /// # Errors
    /// The objective or the encoder does not fit the world.
    pub fn new(config: Td3Config, world: &World, run: &mut Run) -> Result<Self> {
        let Td3Config { off_policy, exploration_noise, twins, hidden } = config;
        let adam = off_policy.adam();
        let agent = LatentAgent::new(off_policy, world, run)?;
        let shape = [agent.representation().size(), world.continuous().unwrap_or(0)];
        let training = agent.device().clone().autodiff();
        let twins = Twins::new(twins, shape, &hidden, adam, &training, run.random("init"));
        Ok(Self { exploration_noise, agent, twins })
    }

    /// Algorithm 1: acts with noise, stores the transitions, and takes the updates that are due.
    fn iterate(&mut self, run: &mut Run) -> Result<()> {
        let (actor, deviation) = (self.twins.actor.inference(), self.exploration_noise);
        self.agent.act(run, |latent, random| with_noise(actor.forward(latent), deviation, random))?;
        (0..self.agent.due(run)).try_for_each(|_| self.update(run))
    }

    /// One update of the critics on a batch, and every so many of them one of the actor, after which
    /// the target networks follow.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let batch = self.agent.draw(run)?;
        self.improve_critic(&batch, run)?;
        if self.twins.actor_is_due() {
            self.improve_actor(&batch, run)?;
            self.twins.follow(self.agent.config().tau);
        }
        self.agent.representation_mut().follow();
        run.count_updates("agent", 1);
        Ok(())
    }

    /// Clipped double Q-learning with a smoothed target action.
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let next = self.agent.representation().encode(&batch.next);
        let target = self.twins.target(batch, next, run.random("noise")).autodiff();
        let latent = self.agent.representation().encode_for_critic(&batch.observations);
        let values = self.twins.critic.module().forward(latent, batch.actions.vectors(0).autodiff());
        let q = values.clone().inner().mean();
        let loss = td::ensemble_error(values, target);
        let mut parts = self.agent.representation_mut().critic_parts();
        parts.push(&mut self.twins.critic);
        let done = update(run, "critic", loss, &mut parts, None)?;
        run.log("loss/critic", f64::from(done.loss))?;
        run.log("diag/q", f64::from(q.into_scalar::<f32>()))
    }

    /// The deterministic policy gradient through the first critic, the latent a constant.
    fn improve_actor(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let latent = self.agent.representation().encode(&batch.observations).autodiff();
        let action = self.twins.actor.module().forward(latent.clone());
        let loss = pathwise(first(self.twins.critic.module().forward(latent, action))).mean();
        let done = update(run, "actor", loss, &mut [&mut self.twins.actor], None)?;
        run.log("loss/actor", f64::from(done.loss))
    }
}

/// Actions with normal noise, inside [-1, 1].
fn with_noise(action: Tensor<2>, deviation: f64, random: &mut ChaCha8Rng) -> Tensor<2> {
    let noise = noise::normal(action.dims(), &action.device(), random);
    (action + noise.mul_scalar(deviation)).clamp(-1.0, 1.0)
}

/// The actor with the noise that it explores with.
#[derive(Module, Debug)]
struct NoisyActor {
    actor: DeterministicActor,
    #[module(skip)]
    deviation: f64,
}

impl Actor for NoisyActor {
    fn greedy(&self, latent: Tensor<2>) -> Tensor<2> {
        self.actor.forward(latent)
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        self.actor.layers(&format!("{prefix}.actor"))
    }

    fn sample(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<2> {
        with_noise(self.actor.forward(latent), self.deviation, random)
    }
}
