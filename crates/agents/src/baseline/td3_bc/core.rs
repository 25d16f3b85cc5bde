//! Actor and critics that learn from recorded transitions, with the actor pulled towards an action
//! that its caller names: the recorded one in TD3+BC, a near pair's in PRDC.

use burn::tensor::{Device, Tensor};
use learn::{
    batch::Transitions,
    imitation,
    optim::{AdamSettings, Trained, update},
    policy_gradient::{pathwise_normalised, smoothed_action},
    td,
};
use nets::{
    ema,
    heads::{Critic, DeterministicActor},
    mlp::MlpConfig,
    noise,
};
use run::{Policy, Result, Run, RunError, Snapshot, data::Data};
use worlds::Observations;

use super::Td3BcConfig;
use crate::{
    baseline::bc::actor::width,
    device,
    failure::failure,
    offline::{
        policy::{RecordedPolicy, flat},
        rewards::Rewards,
    },
    recorded::Recorded,
    state::{Arrays, load_module, load_trained, save_module, save_trained},
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

/// Actor, twin critics, their slow copies, and the data they learn from.
pub struct Core {
    config: Td3BcConfig,
    device: Device,
    recorded: Recorded,
    rewards: Rewards,
    actor: Trained<DeterministicActor>,
    slow_actor: DeterministicActor,
    critic: Trained<Critic>,
    slow_critic: Critic,
    critic_updates: u64,
}

impl Core {
    /// Networks for a data set of vectors and continuous actions.
    ///
    /// # Errors
    /// The data cannot be normalised or has no transitions, or its rewards do not fit the settings.
    pub fn new(config: Td3BcConfig, data: &Data, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let recorded = Recorded::new(data, config.normalise.then_some(super::OFFSET))?;
        tell_constants(&recorded, run)?;
        let rewards = config.rewards.of(recorded.set())?;
        let (states, actions) = (recorded.reading().layout().size(), width(recorded.action()?));
        let training = device.clone().autodiff();
        let shape = MlpConfig::new(states, &config.hidden, actions);
        let actor = DeterministicActor::new(&shape, None, &training, run.random("init"));
        let shape = MlpConfig::new(states + actions, &config.hidden, 1);
        let critic = Critic::new(&shape, 2, None, &training, run.random("init"));
        let adam = AdamSettings::new(config.learning_rate);
        Ok(Self {
            slow_actor: ema::target_of(&actor),
            slow_critic: ema::target_of(&critic),
            actor: Trained::new(actor, adam),
            critic: Trained::new(critic, adam),
            critic_updates: 0,
            config,
            device,
            recorded,
            rewards,
        })
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
        self.critic_updates += 1;
        if self.critic_updates.is_multiple_of(self.config.delay) {
            self.improve_actor(&batch, run, target)?;
            let tau = self.config.tau;
            self.slow_actor = ema::update(self.slow_actor.clone(), self.actor.inference(), tau);
            self.slow_critic = ema::update(self.slow_critic.clone(), self.critic.inference(), tau);
        }
        run.count_updates("agent", 1);
        run.count_steps(1);
        Ok(())
    }

    /// Clipped double Q-learning with a smoothed target action (Fujimoto et al., 2018, algorithm 1).
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        let next = flat(&batch.next);
        let action = self.slow_actor.forward(next.clone());
        let noise = noise::normal(action.dims(), &self.device, run.random("noise"))
            .mul_scalar(self.config.target_noise);
        let action = smoothed_action(action, noise, self.config.target_clip as f32);
        let value = self.slow_critic.forward(next, action).min_dim(0).reshape([rows]);
        let target = td::target(batch.reward.clone(), batch.discount.clone(), value).autodiff();
        let states = flat(&batch.observations).autodiff();
        let values = self.critic.module().forward(states, batch.actions.vectors(0).autodiff());
        // The sum of the two mean squared errors.
        let loss = td::squared_error(values, target.reshape([1, rows])).mean().mul_scalar(2.0);
        let done =
            update("critic", loss, &mut [&mut self.critic], None).map_err(|error| failure(run, error))?;
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
        let action = self.actor.module().forward(states.clone().autodiff());
        let proposal = Proposal { states, proposed: action.clone().inner(), taken: batch.actions.vectors(0) };
        let target = target(&proposal, run)?;
        let states = proposal.states.autodiff();
        let value = first(self.critic.module().forward(states, action.clone()));
        let q = value.clone().inner().mean();
        let loss = actor_loss(value, action, target, self.config.alpha);
        let done =
            update("actor", loss, &mut [&mut self.actor], None).map_err(|error| failure(run, error))?;
        run.log("loss/actor", f64::from(done.loss))?;
        run.log("diag/q", f64::from(q.into_scalar::<f32>()))
    }

    /// The first critic's value of the actor's action for each of these observations.
    ///
    /// # Errors
    /// The observations are not those of the data.
    pub fn values(&self, observations: &Observations) -> Result<Vec<f64>> {
        let states = flat(&self.recorded.reading().observe(observations, &self.device)?);
        let action = self.actor.inference().forward(states.clone());
        let values = first(self.critic.inference().forward(states, action));
        Ok(values.into_data().iter::<f64>().collect())
    }

    /// The actor, which acts alike whether it samples or not.
    ///
    /// # Errors
    /// The data set has no actions.
    pub fn policy(&self) -> Result<Box<dyn Policy>> {
        let actor = self.actor.inference().clone();
        let space = self.recorded.action()?;
        Ok(Box::new(RecordedPolicy::new(actor, self.recorded.reading(), space, &self.device)))
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("critic", &self.critic)]);
        save_module(snapshot, "slow-actor", &self.slow_actor);
        save_module(snapshot, "slow-critic", &self.slow_critic);
        snapshot.put("critic_updates", &self.critic_updates)?;
        self.recorded.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another agent.
    pub fn load(&mut self, snapshot: &Snapshot, arrays: &Arrays) -> Result<()> {
        self.recorded.check(snapshot)?;
        load_trained(arrays, &mut [("actor", &mut self.actor), ("critic", &mut self.critic)])?;
        self.slow_actor = load_module(arrays, "slow-actor", self.slow_actor.clone())?;
        self.slow_critic = load_module(arrays, "slow-critic", self.slow_critic.clone())?;
        self.critic_updates = snapshot.get("critic_updates")?;
        Ok(())
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
        if deviation <= super::OFFSET * (1.0 + 1e-6) {
            run.note(format!(
                "element {element} of `{name}` is the same in all of the data: its deviation is taken to be {}",
                super::OFFSET
            ));
        }
    }
    Ok(())
}

/// The first member's values, `[E, B] -> [B]`.
fn first(values: Tensor<2>) -> Tensor<1> {
    let [_, rows] = values.dims();
    values.narrow(0, 0, 1).reshape([rows])
}
