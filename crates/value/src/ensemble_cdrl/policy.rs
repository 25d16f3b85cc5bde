//! Acting by the mean values of several networks.

use agents::{
    export,
    value_agent::{
        network::QNetwork,
        policy::{Actor, epsilon_greedy},
    },
};
use nets::{argmax, parameters};
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result};
use serde_json::json;
use worlds::{Actions, Observations};

/// Acts with copies of all agents' networks.
#[derive(Clone)]
pub struct JointPolicy {
    /// The copies.
    pub networks: Vec<QNetwork>,
    /// How each network's numbers are read.
    pub actor: Actor,
    /// Probability of a uniformly random action when sampling.
    pub epsilon: f64,
}

impl Policy for JointPolicy {
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let Actor { values, interface, .. } = &self.actor;
        let observed = interface.observe(observations);
        let each = self.networks.iter().map(|network| values.expected(network.forward(&observed, None)));
        // The best action of the sum is that of the mean.
        let Some(sum) = each.reduce(|sum, values| sum + values) else {
            return Ok(Actions::Discrete(Vec::new()));
        };
        let epsilon = if mode == Mode::Greedy { 0.0 } else { self.epsilon };
        Ok(epsilon_greedy(sum, epsilon, random, argmax))
    }

    fn export(&self) -> Result<Exported> {
        let (mut weights, mut members) = (Vec::new(), Vec::new());
        for (agent, network) in self.networks.iter().enumerate() {
            let prefix = format!("policy.{agent}");
            let layers = self.actor.values.layers(network, &self.actor.interface, &prefix);
            let note = "The expected returns of all actions by one agent.";
            let member = export::exported(layers, parameters::export(network, &prefix), note)?;
            weights.extend(member.weights);
            members.push(member.recipe);
        }
        let recipe = json!({
            "kind": "ensemble",
            "members": members,
            "formula": "the layers of each member give its expected returns of all actions; the best action is \
                        that of the largest mean over members, the first among equals",
        });
        Ok(Exported { weights, recipe })
    }
}
