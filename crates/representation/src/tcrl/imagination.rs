//! Values from imagined latents: the model-based variants of the paper's program.

use burn::tensor::Tensor;
use learn::returns::imagined_lambda_return;
use nets::{
    dynamics::LatentModel,
    heads::{Critic, DeterministicActor},
};
use rand_chacha::ChaCha8Rng;

use super::{
    agent::{AgentSettings, least, noisy},
    config::ValueKind,
};

/// What imagines: all modules on one device, with or without automatic differentiation.
pub struct Imagination<'a> {
    /// Steps latents and rewards.
    pub model: &'a LatentModel,
    /// Chooses actions.
    pub actor: &'a DeterministicActor,
    /// Values latents, with the smaller of two values.
    pub critic: &'a Critic,
    /// Discount, number of steps, noise.
    pub settings: &'a AgentSettings,
    /// Standard deviation of the action noise.
    pub sigma: f64,
}

/// Where critics are fitted, and to what: T B rows, those of one step together.
pub struct Targets {
    /// Latents.
    pub latent: Tensor<2>,
    /// Actions.
    pub action: Tensor<2>,
    /// Returns.
    pub target: Tensor<1>,
}

/// A rollout of T steps.
struct Rollout {
    /// T + 1 latents `[B, d]`.
    latents: Vec<Tensor<2>>,
    /// T actions `[B, a]`.
    actions: Vec<Tensor<2>>,
    /// T rewards `[B]`.
    rewards: Vec<Tensor<1>>,
}

impl Imagination<'_> {
    fn act(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<2> {
        noisy(self.actor.forward(latent), self.sigma, Some(self.settings.noise_clip), random)
    }

    fn rollout(&self, start: Tensor<2>, random: &mut ChaCha8Rng) -> Rollout {
        let (mut latents, mut actions, mut rewards) = (Vec::new(), Vec::new(), Vec::new());
        let mut latent = start;
        for _ in 0..self.settings.imagined_steps {
            let action = self.act(latent.clone(), random);
            let (next, reward) = self.model.step(latent.clone(), action.clone());
            latents.push(std::mem::replace(&mut latent, next));
            actions.push(action);
            rewards.push(reward);
        }
        latents.push(latent);
        Rollout { latents, actions, rewards }
    }

    /// The returns that critics are fitted to at every imagined step: lambda-returns under `gae`,
    /// the whole rest of the imagination (lambda 1) under `mve`. Nothing here is differentiated.
    pub fn targets(&self, start: Tensor<2>, random: &mut ChaCha8Rng) -> Targets {
        let rows = start.dims()[0];
        let rollout = self.rollout(start, random);
        let steps = rollout.rewards.len();
        let last = self.act(rollout.latents[steps].clone(), random);
        let actions = [&rollout.actions[1..], &[last]].concat();
        // Values of the latents that the steps led to, [T B] with the steps first.
        let value_next =
            least(self.critic, Tensor::cat(rollout.latents[1..].to_vec(), 0), Tensor::cat(actions, 0));
        let value_next = value_next.reshape([steps, rows]).transpose();
        let reward = Tensor::stack(rollout.rewards, 1);
        let discount = reward.ones_like().mul_scalar(self.settings.gamma);
        let lambda = match self.settings.value {
            ValueKind::Gae => self.settings.lambda,
            _ => 1.0,
        };
        let target = imagined_lambda_return(reward, discount, value_next, lambda as f32);
        Targets {
            latent: Tensor::cat(rollout.latents[..steps].to_vec(), 0),
            action: Tensor::cat(rollout.actions, 0),
            target: target.transpose().reshape([steps * rows]),
        }
    }
}

/// sum_{k<T} gamma^k r_k + gamma^T min_i Q_i(z_T, a_T), `[B]`, differentiable through the actions.
pub fn imagined_return(
    imagination: &Imagination<'_>,
    start: Tensor<2>,
    random: &mut ChaCha8Rng,
) -> Tensor<1> {
    let mut rollout = imagination.rollout(start, random);
    let gamma = imagination.settings.gamma;
    let last = rollout.latents.swap_remove(rollout.rewards.len());
    let action = imagination.act(last.clone(), random);
    let value = least(imagination.critic, last, action);
    // From the end to the front, so that the discount needs no powers.
    let step = |onward: Tensor<1>, reward: Tensor<1>| reward + onward.mul_scalar(gamma);
    rollout.rewards.into_iter().rev().fold(value, step)
}
