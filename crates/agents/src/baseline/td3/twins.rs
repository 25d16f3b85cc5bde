//! Actor and twin critics with their target networks: what TD3 and its descendants share.

use burn::tensor::{Device, Tensor};
use learn::{
    batch::Transitions,
    optim::{AdamSettings, Trained},
    policy_gradient::smoothed_action,
    td,
};
use nets::{
    ema,
    heads::{Critic, DeterministicActor},
    mlp::MlpConfig,
    noise,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, Snapshot};
use settings::Config;

use crate::state::{load_module, load_trained, save_module, save_trained};

/// How targets are smoothed and the actor is delayed.
#[derive(Clone, Debug, Config)]
pub struct TwinConfig {
    /// Standard deviation of the noise on the target's action, in units of [-1, 1].
    #[setting(0.2, min = 0.0)]
    pub target_noise: f64,
    /// Limit of the noise on the target's action.
    #[setting(0.5, min = 0.0)]
    pub target_clip: f64,
    /// Updates of the critics per update of the actor.
    #[setting(2, min = 1)]
    pub delay: u64,
}

/// An actor, twin critics, and the target networks of both.
pub struct Twins {
    config: TwinConfig,
    /// The policy.
    pub actor: Trained<DeterministicActor>,
    target_actor: DeterministicActor,
    /// The critics.
    pub critic: Trained<Critic>,
    target_critic: Critic,
    critic_updates: u64,
}

impl Twins {
    /// Networks of hidden layers `hidden` from latents of width `latent` to actions of width `action`,
    /// on the training device.
    pub fn new(
        config: TwinConfig,
        [latent, action]: [usize; 2],
        hidden: &[usize],
        adam: AdamSettings,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let actor = DeterministicActor::new(&MlpConfig::new(latent, hidden, action), None, device, random);
        let critic = Critic::new(&MlpConfig::new(latent + action, hidden, 1), 2, None, device, random);
        Self {
            target_actor: ema::target_of(&actor),
            target_critic: ema::target_of(&critic),
            actor: Trained::new(actor, adam),
            critic: Trained::new(critic, adam),
            critic_updates: 0,
            config,
        }
    }

    /// The target of clipped double Q-learning (algorithm 1), `[B]`, without gradient: reward and the
    /// smaller value of the target critics of the target actor's action at `next [B, d]`, smoothed by
    /// clipped noise.
    pub fn target(&self, batch: &Transitions, next: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<1> {
        let action = self.target_actor.forward(next.clone());
        let noise =
            noise::normal(action.dims(), &action.device(), random).mul_scalar(self.config.target_noise);
        let action = smoothed_action(action, noise, self.config.target_clip as f32);
        let value = td::least(self.target_critic.forward(next, action));
        td::target(batch.reward.clone(), batch.discount.clone(), value)
    }

    /// Counts an update of the critics, and says whether actor and target networks are due.
    pub fn actor_is_due(&mut self) -> bool {
        self.critic_updates += 1;
        self.critic_updates.is_multiple_of(self.config.delay)
    }

    /// The target networks follow by a share of `tau`.
    pub fn follow(&mut self, tau: f64) {
        self.target_actor = ema::update(self.target_actor.clone(), self.actor.inference(), tau);
        self.target_critic = ema::update(self.target_critic.clone(), self.critic.inference(), tau);
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("critic", &self.critic)]);
        save_module(snapshot, "actor-target", &self.target_actor);
        save_module(snapshot, "critic-target", &self.target_critic);
        snapshot.put("critic_updates", &self.critic_updates)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// An array is missing or of another shape.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        load_trained(arrays, &mut [("actor", &mut self.actor), ("critic", &mut self.critic)])?;
        self.target_actor = load_module(arrays, "actor-target", self.target_actor.clone())?;
        self.target_critic = load_module(arrays, "critic-target", self.target_critic.clone())?;
        self.critic_updates = snapshot.get("critic_updates")?;
        Ok(())
    }
}

/// The first critic's values, `[E, B] -> [B]`: the one that the actor climbs.
pub fn first(values: Tensor<2>) -> Tensor<1> {
    values.narrow(0, 0, 1).squeeze_dim(0)
}
