//! Acting by values.

use burn::tensor::{Tensor, activation};
use learn::td::Support;
use nets::{
    argmax, host, parameters,
    recipe::{self, Layer},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result};
use worlds::{Actions, Observations};

use super::network::{Interface, QNetwork};
use crate::export;

/// What the network's numbers per action mean.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// One number: the value.
    Scalar,
    /// Logits of a distribution of returns (Bellemare et al., 2017).
    Categorical(Support),
}

impl Values {
    /// Numbers per action.
    pub fn atoms(&self) -> usize {
        match self {
            Values::Scalar => 1,
            Values::Categorical(support) => support.atoms,
        }
    }

    /// Expected returns `[B, A]` of the network's output `[B, A, N]`.
    pub fn expected(&self, output: Tensor<3>) -> Tensor<2> {
        match self {
            Values::Scalar => output.squeeze_dim(2),
            Values::Categorical(support) => support.action_values(activation::softmax(output, 2)),
        }
    }

    /// The layers from observations to expected returns, whose arrays lie under `prefix`.
    pub fn layers(&self, network: &QNetwork, interface: &Interface, prefix: &str) -> Vec<Layer> {
        let mut layers: Vec<Layer> = recipe::input(&interface.layout).into_iter().collect();
        layers.extend(network.layers(prefix));
        if let Values::Categorical(support) = self {
            layers.push(Layer::Expectation { support: support.locations() });
        }
        layers
    }
}

/// An action per row of `numbers` `[B, A, ...]`: what `best` says of a row, or with probability
/// `epsilon` any of the A.
pub fn epsilon_greedy<const D: usize>(
    numbers: Tensor<D>,
    epsilon: f64,
    random: &mut ChaCha8Rng,
    best: impl Fn(&[f32]) -> usize,
) -> Actions {
    let shape = numbers.dims();
    let choose = |row: &[f32]| match epsilon > 0.0 && random.random::<f64>() < epsilon {
        true => random.random_range(0..shape[1] as u32),
        false => best(row) as u32,
    };
    let width: usize = shape[1..].iter().product();
    Actions::Discrete(host(numbers).chunks_exact(width).map(choose).collect())
}

/// How the network's numbers become actions.
#[derive(Clone)]
pub struct Actor {
    /// What the numbers mean.
    pub values: Values,
    /// Whether the head's layers are noisy.
    pub noisy: bool,
    /// What it sees and chooses among.
    pub interface: Interface,
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
        let observed = self.interface.observe(observations);
        let noise = (self.noisy && noise).then(|| network.head().sample_noise(random));
        let values = self.values.expected(network.forward(&observed, noise.as_ref()));
        epsilon_greedy(values, epsilon, random, argmax)
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
        let mut layers = self.actor.values.layers(&self.network, &self.actor.interface, "policy");
        layers.push(Layer::Argmax);
        let note = "The best action: before argmax stand the expected returns of all actions. Layers that \
                    explored by noise are given without it.";
        export::exported(layers, parameters::export(&self.network, "policy"), note)
    }
}
