//! Rainbow (Hessel et al., 2018, arXiv 1710.02298): the deep Q-network with six extensions.
//!
//! The network gives a distribution of returns on a fixed grid (C51; Bellemare et al., 2017) from
//! dueling streams of noisy layers, which explore in place of random actions; it is trained on
//! several-step returns from prioritised replay, with the online network choosing the next action
//! and the target network valuing it.

mod config;
mod method;
#[cfg(test)]
mod tests;

use burn::tensor::{Int, Tensor, activation};
use learn::{
    batch::Transitions,
    reduce,
    td::{self, Projection, Support},
};
use run::{Result, Run, task::World};

pub use self::config::RainbowConfig;
use crate::value_agent::{Losses, ValueAgent, policy::Values};

/// Smallest probability whose logarithm is taken.
const FLOOR: f32 = 1e-12;

/// Rainbow.
pub struct Rainbow {
    /// The returns z that have a probability.
    support: Support,
    /// Networks, replay and worlds. The head has streams for value and advantage (Wang et al., 2016)
    /// of noisy layers, y = b + W x + (b' * e) + (W' * e) x with factorised noise e (equation 4).
    agent: ValueAgent,
}

impl Rainbow {
    /// Builds the network, its replay and its worlds.
    ///
    /// # Errors
    /// The objective, the encoder or the replay does not fit the world.
    pub fn new(config: &RainbowConfig, world: &World, run: &mut Run) -> Result<Self> {
        let (support, noisy) = (config.support, config.noisy.then_some(config.noise_scale));
        let agent = ValueAgent::new(&config.agent, Values::Categorical(support), noisy, world, run)?;
        Ok(Self { support, agent })
    }

    /// Acts by the largest expected return under fresh noise, and takes the updates that are due.
    fn iterate(&mut self, run: &mut Run) -> Result<()> {
        let due = self.agent.act(run)?;
        (0..due).try_for_each(|_| self.update(run))
    }

    /// One step on a batch, and every so many of them the target network's.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        // Prioritised replay (Schaul et al., 2016) draws t with a probability that rises with its last
        // error^omega. Multi-step learning: reward is R = sum over k < n of gamma^k r_(t+k+1), discount
        // gamma^n (equation 2).
        let batch = self.agent.draw(run)?;
        let Transitions { reward, discount, weight, .. } = batch.transitions.clone();
        // The numbers at S_t with their graph: the gradient enters here and nowhere else. Those at
        // S_(t+n) by the target network, and by the online one that chooses, each under its own noise.
        let latent = self.agent.encode(&batch);
        let output = self.agent.output(latent.clone(), &batch);
        let (target, chooser) = self.agent.next_outputs(&batch);
        let actions = batch.actions.clone();
        let Loss { loss, divergence, value, clipped } =
            loss(&self.support, [output, target, chooser], actions, reward, discount);
        // Importance weights make up for priorities; a representation objective adds its terms.
        let mut losses = Losses::new(reduce::weighted_mean(loss, weight.autodiff()));
        losses.add(self.agent.objective_terms(latent, &batch, run)?);
        self.agent.improve(losses, run)?;
        run.log("diag/value", f64::from(value.mean().into_scalar::<f32>()))?;
        run.log("diag/clipped", f64::from(clipped))?;
        self.agent.prioritise(divergence)
    }
}

/// A loss with what is reported about it, all `[B]`.
struct Loss {
    /// With its graph.
    loss: Tensor<1>,
    /// The divergence of the distribution from its target, which priorities are made from.
    divergence: Tensor<1>,
    /// Value of the actions taken.
    value: Tensor<1>,
    /// Share of the target's mass outside the support.
    clipped: f32,
}

/// The loss of the actions taken, `[B]`, by the logits `[B, A, N]` of the online network, and at the
/// next observations of the target network and of the one that chooses; `discount` is gamma^n where
/// the episode went on for the n steps of `reward`.
fn loss(
    support: &Support,
    [output, target, chooser]: [Tensor<3>; 3],
    actions: Tensor<1, Int>,
    reward: Tensor<1>,
    discount: Tensor<1>,
) -> Loss {
    // d_t = (z, p(S_t, A_t; theta)).
    let log = activation::log_softmax(td::distribution_at_action(output, actions.autodiff()), 1);
    // Double Q-learning: a* has the largest expected return by the one that chooses.
    let best = td::greedy(support.action_values(activation::softmax(chooser, 2)));
    let next = activation::softmax(td::distribution_at_action(target, best), 1);
    // Phi_z d'_t: d'_t = (R + gamma^n z, p(S_(t+n), a*; theta-)) projected onto z.
    let Projection { probabilities: target, clipped } =
        td::categorical_target(reward, discount, next, support);
    // KL(Phi_z d'_t || d_t) (equation 3): the cross-entropy less the target's entropy, a constant.
    let loss = td::categorical_cross_entropy(target.clone().autodiff(), log.clone());
    let entropy = (target.clone() * target.clamp_min(FLOOR).log()).sum_dim(1).squeeze_dim::<1>(1);
    let divergence = (loss.clone().inner() + entropy).clamp_min(0.0);
    Loss { loss, divergence, value: support.expectation(log.inner().exp()), clipped }
}
