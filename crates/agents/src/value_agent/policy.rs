//! Acting by values.

use burn::tensor::{Device, Tensor};
use learn::batch;
use nets::{
    parameters,
    recipe::{self, Layer},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result};
use worlds::{Actions, Layout, Observations};

use super::{loss::Values, network::QNetwork};
use crate::export;

/// How the network's numbers become actions.
#[derive(Clone)]
pub struct Actor {
    /// What the numbers mean.
    pub values: Values,
    /// Whether the head's layers are noisy.
    pub noisy: bool,
    /// Layout of the observations.
    pub layout: Layout,
    /// Where the network lives.
    pub device: Device,
}

impl Actor {
    /// An action per row: the best, or with probability `epsilon` any; with `noise` the best under
    /// a fresh draw of the head's noise.
    pub fn act(
        &self,
        network: &QNetwork,
        observations: &Observations,
        epsilon: f64,
        noise: bool,
        random: &mut ChaCha8Rng,
    ) -> Actions {
        let observed = batch::observe(observations.input(), &self.layout, observations.rows, &self.device);
        let noise = (self.noisy && noise).then(|| network.head().sample_noise(random));
        let values = self.values.expected(network.forward(&observed, noise.as_ref()));
        let count = values.dims()[1];
        let mut choose = |values: &[f32]| match epsilon > 0.0 && random.random::<f64>() < epsilon {
            true => random.random_range(0..count as u32),
            false => argmax(values),
        };
        Actions::Discrete(host(values).chunks_exact(count).map(&mut choose).collect())
    }
}

/// Acts with a copy of the network.
#[derive(Clone)]
pub struct ValuePolicy {
    /// The copy.
    pub network: QNetwork,
    /// How it acts.
    pub actor: Actor,
    /// Probability of a uniformly random action when sampling.
    pub epsilon: f64,
}

impl Policy for ValuePolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let (epsilon, noise) = match mode {
            Mode::Greedy => (0.0, false),
            Mode::Sample => (self.epsilon, true),
        };
        Ok(self.actor.act(&self.network, observations, epsilon, noise, random))
    }

    fn export(&self) -> Result<Exported> {
        let mut layers: Vec<Layer> = recipe::input(&self.actor.layout).into_iter().collect();
        layers.extend(self.network.layers("policy"));
        if let Values::Categorical(support) = &self.actor.values {
            layers.push(Layer::Expectation { support: support.locations() });
        }
        layers.push(Layer::Argmax);
        let note = "The best action: before argmax stand the expected returns of all actions. Layers that \
                    explored by noise are given without it.";
        export::exported(layers, parameters::export(&self.network, "policy"), note)
    }
}

/// Index of the largest value, the first among equals.
pub fn argmax(values: &[f32]) -> u32 {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best as u32
}

/// A tensor's values on the host, row-major.
pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}
