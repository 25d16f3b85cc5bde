//! TD3+BC (Fujimoto and Gu, 2021, arXiv 2106.06860): TD3 on a fixed data set whose actor is also
//! pulled towards the recorded action, with the value divided by its own mean magnitude so that one
//! weight fits every scale of rewards, and states normalised by the data's mean and deviation.
//!
//! [`Core`] is shared with methods that pull the actor elsewhere: their callers name the action.

mod config;
mod method;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor};
use learn::{batch::Transitions, imitation, optim::AdamSettings, policy_gradient::pathwise_normalised, td};
use run::{Policy, Result, Run, RunError, Snapshot, data::Data};
use worlds::Observations;

pub use self::{config::Td3BcConfig, method::Td3Bc};
use super::td3::twins::{Twins, first};
use crate::{
    device,
    networks::width,
    offline::{
        policy::{RecordedPolicy, flat},
        rewards::Rewards,
    },
    recorded::{OFFSET, Recorded},
    update::update,
};

/// Least mean |Q| that the actor's loss is divided by.
const LEAST_SCALE: f32 = 1e-6;

/// A batch as the actor sees it when it is about to be improved.
pub struct Proposal {
    /// Normalised states, `[B, d]`.
    pub states: Tensor<2>,
    /// What the actor would do there, in [-1, 1], `[B, a]`; a constant.
    pub proposed: Tensor<2>,
    /// What was done there, in [-1, 1], `[B, a]`.
    pub taken: Tensor<2>,
}

/// Actor and critics with their target networks, and the data they learn from.
pub struct Core {
    config: Td3BcConfig,
    device: Device,
    recorded: Recorded,
    rewards: Rewards,
    twins: Twins,
}

impl Core {
    /// Networks for a data set of vectors and continuous actions, whose rewards are changed as
    /// `rewards` says.
    ///
    /// # Errors
    /// The data cannot be normalised or has no transitions.
    pub fn new(config: Td3BcConfig, rewards: Rewards, data: &Data, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let recorded = Recorded::new(data, config.normalise.then_some(OFFSET))?;
        tell_constants(&recorded, run)?;
        let shape = [recorded.reading().layout().size(), width(recorded.action()?)];
        let adam = AdamSettings::new(config.learning_rate);
        let training = device.clone().autodiff();
        let random = run.random("init");
        let twins = Twins::new(config.twins.clone(), shape, &config.hidden, adam, &training, random);
        Ok(Self { config, device, recorded, rewards, twins })
    }

    /// The data.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// How rewards are changed.
    pub fn rewards(&self) -> &Rewards {
        &self.rewards
    }

    /// Where tensors live, without automatic differentiation.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// One update of the critics and, every `delay`-th time, of the actor, which is pulled towards
    /// what `target` names, by their mean squared difference; `None` leaves it to the critic alone.
    ///
    /// # Errors
    /// A term is not finite, or `target` fails.
    pub fn improve(
        &mut self,
        run: &mut Run,
        target: impl FnOnce(&Proposal, &mut Run) -> Result<Option<Tensor<2>>>,
    ) -> Result<()> {
        let (batch, gamma) = (self.config.batch, self.config.gamma);
        let mut batch = self.recorded.transitions(batch, 1, gamma, run.random("replay"), &self.device)?;
        batch.reward = self.rewards.apply(batch.reward);
        self.improve_critic(&batch, run)?;
        if self.twins.actor_is_due() {
            self.improve_actor(&batch, run, target)?;
            self.twins.follow(self.config.tau);
        }
        run.count_updates("agent", 1);
        run.count_steps(1);
        Ok(())
    }

    /// Clipped double Q-learning with a smoothed target action (Fujimoto et al., 2018, algorithm 1).
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let target = self.twins.target(batch, flat(&batch.next), run.random("noise")).autodiff();
        let states = flat(&batch.observations).autodiff();
        let values = self.twins.critic.module().forward(states, batch.actions.vectors(0).autodiff());
        let loss = td::ensemble_error(values, target);
        let done = update(run, "critic", loss, &mut [&mut self.twins.critic], None)?;
        run.log("loss/critic", f64::from(done.loss))
    }

    /// Minus alpha Q over its mean magnitude, plus the squared distance to the named action
    /// (Fujimoto and Gu, 2021, equations 3 to 5).
    fn improve_actor(
        &mut self,
        batch: &Transitions,
        run: &mut Run,
        target: impl FnOnce(&Proposal, &mut Run) -> Result<Option<Tensor<2>>>,
    ) -> Result<()> {
        let states = flat(&batch.observations);
        let action = self.twins.actor.module().forward(states.clone().autodiff());
        let proposal = Proposal { states, proposed: action.clone().inner(), taken: batch.actions.vectors(0) };
        let target = target(&proposal, run)?;
        let states = proposal.states.autodiff();
        let value = first(self.twins.critic.module().forward(states, action.clone()));
        let q = value.clone().inner().mean();
        let loss = actor_loss(value, action, target, self.config.alpha);
        let done = update(run, "actor", loss, &mut [&mut self.twins.actor], None)?;
        run.log("loss/actor", f64::from(done.loss))?;
        run.log("diag/q", f64::from(q.into_scalar::<f32>()))
    }

    /// The first critic's value of the actor's action for each of these observations.
    ///
    /// # Errors
    /// The observations are not those of the data.
    pub fn values(&self, observations: &Observations) -> Result<Vec<f64>> {
        let states = flat(&self.recorded.reading().observe(observations, &self.device)?);
        let action = self.twins.actor.inference().forward(states.clone());
        let values = first(self.twins.critic.inference().forward(states, action));
        Ok(values.into_data().iter::<f64>().collect())
    }

    /// The actor, which acts alike whether it samples or not.
    ///
    /// # Errors
    /// The data set has no actions.
    pub fn policy(&self) -> Result<Box<dyn Policy>> {
        let actor = self.twins.actor.inference().clone();
        let space = self.recorded.action()?;
        Ok(Box::new(RecordedPolicy::new(actor, self.recorded.reading(), space, &self.device)))
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.twins.save(snapshot)?;
        self.recorded.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another agent.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.recorded.check(snapshot)?;
        self.twins.load(snapshot)
    }
}

/// The loss of an actor whose `action [B, a]` the critic values at `value [B]`; gradients reach it
/// through both. The magnitude of the values and the `target [B, a]` are constants.
pub fn actor_loss(value: Tensor<1>, action: Tensor<2>, target: Option<Tensor<2>>, alpha: f64) -> Tensor<1> {
    let climb = pathwise_normalised(value, LEAST_SCALE).mean().mul_scalar(alpha);
    match target {
        Some(target) => climb + imitation::squared_error(action, target.autodiff()).mean(),
        None => climb,
    }
}

/// Refuses elements of the state that are not finite and tells of those that never change.
fn tell_constants(recorded: &Recorded, run: &mut Run) -> Result<()> {
    let Some(normaliser) = recorded.reading().normaliser() else { return Ok(()) };
    let name = &recorded.set().spec().fields[0].name;
    for (element, deviation) in normaliser.deviation().enumerate() {
        if !deviation.is_finite() {
            return Err(RunError::Task(format!(
                "element {element} of `{name}` is not finite somewhere in the data, so that nothing can be \
                 normalised: repair the data"
            )));
        }
        if deviation <= OFFSET * (1.0 + 1e-6) {
            run.note(format!(
                "element {element} of `{name}` is the same in all of the data: its deviation is taken to be {OFFSET}"
            ));
        }
    }
    Ok(())
}
