//! The actor-critic that reads latents: deterministic policy gradients with twin critics behind
//! trunks (Yarats et al., 2022; Zhao et al., 2023, section 4).

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use learn::{
    LearnError,
    optim::{AdamSettings, Trained, update},
    policy_gradient::pathwise,
    td::{squared_error, target},
};
use nets::{
    distribution::TruncatedNormal,
    dynamics::LatentModel,
    ema,
    heads::{Critic, DeterministicActor},
    init::Init,
    mlp::{Activation, MlpConfig},
    noise,
};
use rand_chacha::ChaCha8Rng;

use super::{
    config::{TcrlConfig, ValueKind},
    imagination::{Imagination, imagined_return},
};

/// Actor, twin critics and the critics' slow copies.
pub struct Agent {
    /// The policy.
    pub actor: Trained<DeterministicActor>,
    /// Twin critics behind one trunk.
    pub critic: Trained<Critic>,
    /// Their slow copies.
    pub target: Critic,
    /// Standard deviation of the action noise.
    pub sigma: f64,
    /// What the losses need.
    pub settings: AgentSettings,
}

/// What the losses need of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct AgentSettings {
    /// How values are learnt.
    pub value: ValueKind,
    /// Discount per step.
    pub gamma: f64,
    /// Bound of the action noise.
    pub noise_clip: f64,
    /// Share of the critics that flows into their slow copies.
    pub target_rate: f64,
    /// Steps that are imagined.
    pub imagined_steps: usize,
    /// Decay of the lambda-return.
    pub lambda: f64,
}

/// Replayed experience as actor and critic read it: latents carry no graph, so that no gradient
/// reaches the encoder.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Latents, `[B, d]`.
    pub latent: Tensor<2>,
    /// Actions, `[B, a]`.
    pub action: Tensor<2>,
    /// Discounted sum of n rewards, `[B]`.
    pub reward: Tensor<1>,
    /// gamma^n, 0 after a real end, `[B]`.
    pub discount: Tensor<1>,
    /// Latents n steps on, `[B, d]`.
    pub next: Tensor<2>,
}

/// What an update of the agent gives to log.
#[derive(Clone, Copy, Debug)]
pub struct AgentReport {
    /// The critics' loss.
    pub critic: f32,
    /// The actor's loss.
    pub actor: f32,
}

impl Agent {
    /// Fresh networks for latents of `latent` and actions of `action` numbers, on the training
    /// device: orthogonal weights, ELU behind the trunks.
    pub fn new(
        config: &TcrlConfig,
        latent: usize,
        action: usize,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let init = Init::Orthogonal { gain: 1.0 };
        let trunk = config.hidden.first().copied();
        let hidden = config.hidden.get(1..).unwrap_or_default();
        let shape = |input, output| {
            MlpConfig::new(input, hidden, output).with_activation(Activation::Elu).with_init(init, init)
        };
        let actor = DeterministicActor::new(&shape(latent, action), trunk, device, random);
        let critic = Critic::new(&shape(latent + action, 1), 2, trunk, device, random);
        let adam = AdamSettings::new(config.learning_rate);
        Self {
            actor: Trained::new(actor, adam),
            target: ema::target_of(&critic),
            sigma: config.noise_start,
            critic: Trained::new(critic, adam),
            settings: AgentSettings {
                value: config.value,
                gamma: config.gamma,
                noise_clip: config.noise_clip,
                target_rate: config.target_rate,
                imagined_steps: config.imagined_steps,
                lambda: config.lambda,
            },
        }
    }

    /// Noisy actions `[rows, a]` for latents `[rows, d]`.
    pub fn explore(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Vec<f32> {
        noisy(self.actor.inference().forward(latent), self.sigma, None, random).into_data().iter().collect()
    }

    /// One step of the critics and one of the actor; the critics' slow copies follow. `model`
    /// gives the imagined latents of the model-based variants.
    ///
    /// # Errors
    /// A loss is not finite; the networks that were to be changed by it are not then.
    pub fn update(
        &mut self,
        batch: &Batch,
        model: Option<&LatentModel>,
        random: &mut ChaCha8Rng,
    ) -> Result<AgentReport, LearnError> {
        let loss = match (self.settings.value, model) {
            (ValueKind::Gae | ValueKind::Mve, Some(model)) => {
                self.imagined_critic_loss(&batch.latent, model, random)
            }
            _ => self.critic_loss(batch, random),
        };
        let critic = update("critic", loss, &mut [&mut self.critic], None)?.loss;
        let loss = match (self.settings.value, model) {
            (ValueKind::Bp, Some(model)) => self.imagined_actor_loss(batch.latent.clone(), model, random),
            _ => self.actor_loss(batch.latent.clone(), random),
        };
        let actor = update("actor", loss, &mut [&mut self.actor], None)?.loss;
        let target = self.target.clone();
        self.target = ema::update(target, self.critic.inference(), self.settings.target_rate);
        Ok(AgentReport { critic, actor })
    }

    /// Squared errors of both critics against r + discount min_i Q_i(z', a') of the slow copies,
    /// a' drawn with clipped noise around the actor's mean.
    pub fn critic_loss(&self, batch: &Batch, random: &mut ChaCha8Rng) -> Tensor<1> {
        let mean = self.actor.inference().forward(batch.next.clone());
        let action = noisy(mean, self.sigma, Some(self.settings.noise_clip), random);
        let next = least(&self.target, batch.next.clone(), action);
        let target = target(batch.reward.clone(), batch.discount.clone(), next);
        self.fit(batch.latent.clone(), batch.action.clone(), target)
    }

    /// The same against targets from imagined rewards, at every imagined latent.
    fn imagined_critic_loss(
        &self,
        latent: &Tensor<2>,
        model: &LatentModel,
        random: &mut ChaCha8Rng,
    ) -> Tensor<1> {
        let imagination = Imagination {
            model,
            actor: self.actor.inference(),
            critic: &self.target,
            settings: &self.settings,
            sigma: self.sigma,
        };
        let imagined = imagination.targets(latent.clone(), random);
        self.fit(imagined.latent, imagined.action, imagined.target)
    }

    /// Mean over rows of (Q_1 - y)^2 + (Q_2 - y)^2.
    fn fit(&self, latent: Tensor<2>, action: Tensor<2>, target: Tensor<1>) -> Tensor<1> {
        let values = self.critic.module().forward(latent.autodiff(), action.autodiff());
        let [members, rows] = values.dims();
        let target = target.autodiff().reshape([1, rows]).expand([members, rows]);
        squared_error(values, target).sum_dim(0).mean()
    }

    /// -min_i Q_i(z, a) at a reparameterised noisy action; the critics pass the gradient on and
    /// keep none.
    pub fn actor_loss(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<1> {
        let latent = latent.autodiff();
        let mean = self.actor.module().forward(latent.clone());
        let action = noisy(mean, self.sigma, Some(self.settings.noise_clip), random);
        pathwise(least(&frozen(self.critic.inference()), latent, action)).mean()
    }

    /// The negative imagined return, through model and slow critics.
    fn imagined_actor_loss(
        &self,
        latent: Tensor<2>,
        model: &LatentModel,
        random: &mut ChaCha8Rng,
    ) -> Tensor<1> {
        let imagination = Imagination {
            model: &frozen(model),
            actor: self.actor.module(),
            critic: &frozen(&self.target),
            settings: &self.settings,
            sigma: self.sigma,
        };
        pathwise(imagined_return(&imagination, latent.autodiff(), random)).mean()
    }
}

/// A copy that passes gradients on to its inputs and keeps none for its parameters.
fn frozen<M: Module>(module: &M) -> M {
    module.clone().train().no_grad()
}

/// The smaller of the twin values, `[B]`.
pub fn least(critic: &Critic, latent: Tensor<2>, action: Tensor<2>) -> Tensor<1> {
    critic.forward(latent, action).min_dim(0).squeeze_dim(0)
}

/// Actions around `mean [B, a]` with noise of deviation `sigma`, clipped where asked.
pub fn noisy(mean: Tensor<2>, sigma: f64, clip: Option<f64>, random: &mut ChaCha8Rng) -> Tensor<2> {
    let device = mean.device();
    let draws = noise::normal(mean.dims(), &device.clone().without_autodiff(), random);
    let draws = if device.is_autodiff() { draws.autodiff() } else { draws };
    TruncatedNormal::new(mean, sigma).sample(draws, clip)
}
