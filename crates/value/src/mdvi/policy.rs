//! Acting by a network's numbers: the best of them, or draws from their softmax.

use agents::value_agent::{
    network::QNetwork,
    policy::{Actor, ValuePolicy},
};
use nets::{distribution::Categorical, host, noise};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result};
use worlds::{Actions, Observations};

/// How numbers become actions.
#[derive(Clone)]
pub struct Chooser {
    /// Reads observations and knows the best action.
    pub actor: Actor,
    /// What the numbers are multiplied by to be logits of a softmax; nothing to act greedily but
    /// for a share of random actions.
    pub scale: Option<f32>,
}

impl Chooser {
    /// An action per row; `epsilon` is the share of random ones without a softmax.
    pub fn act(
        &self,
        network: &QNetwork,
        observations: &Observations,
        epsilon: f64,
        random: &mut ChaCha8Rng,
    ) -> Actions {
        let Some(scale) = self.scale else {
            return self.actor.act(network, observations, epsilon, false, random);
        };
        let Actor { interface, values, .. } = &self.actor;
        let numbers = values.expected(network.forward(&interface.observe(observations), None));
        let policy = Categorical::new(numbers.mul_scalar(scale));
        let drawn = policy.sample(noise::uniform([observations.rows], &interface.device, random));
        Actions::Discrete(host(drawn.float()).into_iter().map(|action| action as u32).collect())
    }
}

/// Acts with a copy of the network.
#[derive(Clone)]
pub struct NetworkPolicy {
    /// The copy, and the best actions.
    pub values: ValuePolicy,
    /// Draws.
    pub chooser: Chooser,
}

impl Policy for NetworkPolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        match mode {
            Mode::Greedy => self.values.act(observations, mode, random),
            Mode::Sample => Ok(self.chooser.act(&self.values.network, observations, 0.0, random)),
        }
    }

    fn export(&self) -> Result<Exported> {
        self.values.export()
    }
}
