//! Deep Q-network (Mnih et al., 2015, "Human-level control through deep reinforcement learning").
//!
//! A network learns the value of every discrete action from replayed transitions, by one-step
//! targets from a copy of itself that is renewed now and then; it acts greedily but for a share of
//! random actions. Double Q-learning (van Hasselt et al., 2016), dueling streams (Wang et al.,
//! 2016), several-step returns and prioritised replay (Schaul et al., 2016) are options. The
//! optimiser is Adam where the paper uses RMSProp.

mod config;
mod method;
#[cfg(test)]
mod tests;

use burn::tensor::{Int, Tensor};
use learn::{batch::Transitions, reduce, td};
use run::{Result, Run, task::World};

pub use self::config::DqnConfig;
use crate::{
    networks,
    value_agent::{Losses, ValueAgent, config::ValueAgentConfig, policy::Values, regression},
};

/// Deep Q-network.
pub struct Dqn {
    huber: f32,
    anneal: bool,
    agent: ValueAgent,
}

impl Dqn {
    /// Builds the network, its replay and its worlds.
    ///
    /// # Errors
    /// The objective, the encoder or the replay does not fit the world.
    pub fn new(config: &DqnConfig, world: &World, run: &mut Run) -> Result<Self> {
        let DqnConfig { huber, anneal, ref agent } = *config;
        let mut agent: ValueAgentConfig = agent.clone();
        let layers = networks::normalised_layers(agent.values.hidden);
        agent.values.encoder = networks::or_layers(&agent.values.encoder, layers, world);
        Ok(Self { huber, anneal, agent: ValueAgent::new(&agent, Values::Scalar, None, world, run)? })
    }

    /// Algorithm 1: acts epsilon-greedily, stores the transitions, and takes the updates that are due.
    fn iterate(&mut self, run: &mut Run) -> Result<()> {
        let due = self.agent.act(run)?;
        if self.anneal {
            self.agent.anneal(run);
        }
        (0..due).try_for_each(|_| self.update(run))
    }

    /// One step on a batch of transitions, and every so many of them the target network's.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let batch = self.agent.draw(run)?;
        let Transitions { reward, discount, weight, .. } = batch.transitions.clone();
        // Q(s, .; theta) with its graph: the gradient enters here and nowhere else. Q(s', .; theta-).
        let latent = self.agent.encode(&batch);
        let output = self.agent.output(latent.clone(), &batch);
        let (target, chooser) = self.agent.next_outputs(&batch);
        let actions = batch.actions.clone();
        let Loss { loss, error, value } =
            loss(self.huber, [output, target, chooser], actions, reward, discount);
        // Importance weights make up for priorities; a representation objective adds its terms.
        let mut losses = Losses::new(reduce::weighted_mean(loss, weight.autodiff()));
        losses.add(self.agent.objective_terms(latent, &batch, run)?);
        self.agent.improve(losses, run)?;
        run.log("diag/value", f64::from(value.mean().into_scalar::<f32>()))?;
        self.agent.prioritise(error)
    }
}

/// A loss with what is reported about it, all `[B]`.
struct Loss {
    /// With its graph.
    loss: Tensor<1>,
    /// The absolute error, which priorities are made from.
    error: Tensor<1>,
    /// Value of the actions taken.
    value: Tensor<1>,
}

/// The loss of the actions taken, `[B]`, by the numbers `[B, A, 1]` of the trained network, and at the
/// next observations of the target network and of the one that chooses; `discount` is gamma^n where
/// the episode went on for the n steps of `reward`.
fn loss(
    delta: f32,
    [output, target, chooser]: [Tensor<3>; 3],
    actions: Tensor<1, Int>,
    reward: Tensor<1>,
    discount: Tensor<1>,
) -> Loss {
    let value = td::at_action(output.squeeze_dim(2), actions.autodiff());
    // y = r + gamma max Q(s', a'; theta-); in double Q-learning theta- values the action that theta
    // prefers (van Hasselt et al., 2016, equation 4).
    let next = td::double_q(target.squeeze_dim(2), chooser.squeeze_dim(2));
    let target = td::target(reward, discount, next);
    let error = (value.clone().inner() - target.clone()).abs();
    // (y - Q(s, a; theta))^2, whose gradient is cut where the error leaves [-delta, delta].
    let loss = regression(value.clone(), target.autodiff(), delta);
    Loss { loss, error, value: value.inner() }
}
