//! Acting as a policy that was learnt from recorded experience.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use nets::{
    heads::DeterministicActor,
    host,
    observed::Observed,
    parameters,
    recipe::{self, Layer},
};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result};
use worlds::{ActionSpace, Actions, Observations};

use crate::{export, recorded::Reading};

/// Networks that choose actions.
pub trait Acting: Module + Sync + 'static {
    /// An action for every row: indices, or vectors in [-1, 1].
    fn act(&self, observed: &Observed, mode: Mode, random: &mut ChaCha8Rng) -> Actions;

    /// The layers of the greedy action, whose arrays lie under `prefix`, up to logits or a vector in
    /// [-1, 1].
    fn layers(&self, prefix: &str) -> Vec<Layer>;
}

impl Acting for DeterministicActor {
    fn act(&self, observed: &Observed, _mode: Mode, _random: &mut ChaCha8Rng) -> Actions {
        Actions::Continuous(host(self.forward(flat(observed))))
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        DeterministicActor::layers(self, prefix)
    }
}

/// Acts with a copy of networks that read observations as they were recorded.
#[derive(Clone)]
pub struct RecordedPolicy<A: Acting> {
    actor: A,
    reading: Reading,
    space: ActionSpace,
    device: Device,
}

impl<A: Acting> RecordedPolicy<A> {
    /// A policy from inference copies.
    pub fn new(actor: A, reading: &Reading, space: &ActionSpace, device: &Device) -> Self {
        Self { actor, reading: reading.clone(), space: space.clone(), device: device.clone() }
    }
}

impl<A: Acting> Policy for RecordedPolicy<A> {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let observed = self.reading.observe(observations, &self.device)?;
        let actions = self.actor.act(&observed, mode, random);
        Ok(ActionScale::new(&self.space).to_world(&actions))
    }

    fn export(&self) -> Result<Exported> {
        let mut layers: Vec<Layer> = recipe::input(self.reading.layout()).into_iter().collect();
        layers.extend(self.reading.normaliser().map(export::normalise));
        layers.extend(self.actor.layers("actor"));
        layers.push(export::to_world(&self.space));
        let note = "The greedy action. Where the world has a goal, the observation is followed by it.";
        export::exported(layers, parameters::export(&self.actor, "actor"), note)
    }
}

/// Observations as vectors `[B, d]`.
pub fn flat(observed: &Observed) -> Tensor<2> {
    match observed {
        Observed::Flat(states) => states.clone(),
        Observed::Image(images) => images.clone().flatten(1, 3),
    }
}
