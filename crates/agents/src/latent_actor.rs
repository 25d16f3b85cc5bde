//! Policies of continuous-control agents: an encoder and an actor that reads its latent.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::batch;
use nets::{
    encoder::Encoder,
    host, parameters,
    recipe::{self, Layer},
};
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result};
use worlds::{ActionSpace, Actions, Layout, Observations, Spec};

use crate::export;

/// An actor that chooses actions in [-1, 1] from latents.
pub trait Actor: Module + 'static {
    /// The best action of every row, `[B, d] -> [B, dimensions]`.
    fn greedy(&self, latent: Tensor<2>) -> Tensor<2>;

    /// The layers of [`Actor::greedy`], whose arrays lie under `prefix`.
    fn layers(&self, prefix: &str) -> Vec<Layer>;

    /// An action of every row drawn as in training.
    fn sample(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<2>;
}

/// Acts with copies of an encoder and an actor.
#[derive(Clone)]
pub struct LatentPolicy<A: Actor> {
    encoder: Encoder,
    actor: A,
    layout: Layout,
    space: ActionSpace,
    device: Device,
}

impl<A: Actor> LatentPolicy<A> {
    /// A policy from inference copies.
    pub fn new(encoder: Encoder, actor: A, spec: &Spec, device: &Device) -> Self {
        Self {
            encoder,
            actor,
            layout: spec.input().clone(),
            space: spec.action.clone(),
            device: device.clone(),
        }
    }
}

impl<A: Actor> Policy for LatentPolicy<A> {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let observed = batch::observe(observations.input(), &self.layout, observations.rows, &self.device);
        let latent = self.encoder.forward(&observed);
        let actions = match mode {
            Mode::Greedy => self.actor.greedy(latent),
            Mode::Sample => self.actor.sample(latent, random),
        };
        let actions = Actions::Continuous(host(actions));
        Ok(ActionScale::new(&self.space).to_world(&actions))
    }

    fn export(&self) -> Result<Exported> {
        let mut layers: Vec<Layer> = recipe::input(&self.layout).into_iter().collect();
        layers.extend(self.encoder.layers("encoder"));
        layers.extend(self.actor.layers("actor"));
        layers.push(export::to_world(&self.space));
        let mut arrays = parameters::export(&self.encoder, "encoder");
        arrays.extend(parameters::export(&self.actor, "actor"));
        export::exported(layers, arrays, "The greedy action, without the noise of training.")
    }
}
