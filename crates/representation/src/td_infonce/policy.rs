//! What acts on an observation and a goal.

use agents::{baseline::sac::actor::SquashedActor, export, latent_actor::Actor};
use burn::tensor::{Device, Tensor};
use learn::batch;
use nets::{host, parameters};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError};
use worlds::{ActionSpace, Actions, Observations, Spec};

/// A squashed Gaussian policy of the observation followed by the goal.
#[derive(Clone)]
pub struct GoalPolicy {
    actor: SquashedActor,
    space: ActionSpace,
    /// Index of the field that holds the goal.
    goal: usize,
    device: Device,
}

impl GoalPolicy {
    /// A policy from an inference copy.
    pub fn new(actor: SquashedActor, spec: &Spec, goal: usize, device: &Device) -> Self {
        Self { actor, space: spec.action.clone(), goal, device: device.clone() }
    }

    /// Actions in [-1, 1] for observations with their goals.
    pub fn choose(
        &self,
        observations: &Observations,
        mode: Mode,
        random: &mut ChaCha8Rng,
    ) -> Result<Actions> {
        let rows = observations.rows;
        let part = |index: usize| match observations.fields.get(index) {
            Some(worlds::Array::Float(values)) => Ok(batch::matrix(values, rows, &self.device)),
            _ => Err(RunError::Task("a policy of goals reads a vector and a goal".to_owned())),
        };
        let input = Tensor::cat(vec![part(0)?, part(self.goal)?], 1);
        let actions = match mode {
            Mode::Greedy => self.actor.greedy(input),
            Mode::Sample => self.actor.sample(input, random),
        };
        Ok(Actions::Continuous(host(actions)))
    }
}

impl Policy for GoalPolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let actions = self.choose(observations, mode, random)?;
        Ok(ActionScale::new(&self.space).to_world(&actions))
    }

    fn export(&self) -> Result<Exported> {
        let mut layers = self.actor.layers("actor");
        layers.push(export::to_world(&self.space));
        let note = "The greedy action. The input is the observation followed by the goal.";
        export::exported(layers, parameters::export(&self.actor, "actor"), note)
    }
}
