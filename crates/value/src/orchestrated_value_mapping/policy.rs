//! Acting by the aggregate of mapped values.

use agents::{
    export,
    value_agent::{
        network::{Interface, QNetwork},
        policy::epsilon_greedy,
    },
};
use nets::{
    parameters,
    recipe::{self, Layer},
};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result};
use serde_json::json;
use worlds::{Actions, Observations};

use super::channels::Channels;

/// How a network's stored forms become actions.
#[derive(Clone)]
pub struct Actor {
    /// The channels that the network's numbers per action stand for.
    pub channels: Channels,
    /// What it sees and chooses among.
    pub interface: Interface,
}

impl Actor {
    /// An action per row: the best by the aggregate, or with probability `epsilon` any.
    pub fn act(
        &self,
        network: &QNetwork,
        observations: &Observations,
        epsilon: f64,
        random: &mut ChaCha8Rng,
    ) -> Actions {
        let output = network.forward(&self.interface.observe(observations), None);
        epsilon_greedy(output, epsilon, random, |stored| self.channels.greedy(stored))
    }
}

/// Acts with a copy of the network.
#[derive(Clone)]
pub struct MapPolicy {
    /// The copy.
    pub network: QNetwork,
    /// How it acts.
    pub actor: Actor,
    /// Probability of a uniformly random action when sampling.
    pub epsilon: f64,
}

impl Policy for MapPolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let epsilon = if mode == Mode::Greedy { 0.0 } else { self.epsilon };
        Ok(self.actor.act(&self.network, observations, epsilon, random))
    }

    fn export(&self) -> Result<Exported> {
        let mut layers: Vec<Layer> = recipe::input(&self.actor.interface.layout).into_iter().collect();
        layers.extend(self.network.layers("policy"));
        let note = "The layers give the stored values of all channels, channels fastest, then actions. The value of \
                    an action is the sum of weight times inverse(stored) over `channels`; the best action is the one \
                    of the largest value, the first among equals. Inverses, with y the stored value: identity y; \
                    log exp((y - d)/c); log-linear the same up to y = 0, then (y + c) exp(-d/c)/c; square-root \
                    max(y + 0.1, 0)^2 - 0.01.";
        let mut exported = export::exported(layers, parameters::export(&self.network, "policy"), note)?;
        let channels = &self.actor.channels;
        let described = channels
            .weights()
            .iter()
            .zip(channels.mappings())
            .map(|(weight, mapping)| json!({ "weight": weight, "mapping": mapping }));
        exported.recipe["channels"] = described.collect();
        Ok(exported)
    }
}
