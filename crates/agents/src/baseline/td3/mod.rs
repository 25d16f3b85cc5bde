//! Twin delayed deep deterministic policy gradient (Fujimoto et al., 2018, arXiv 1802.09477): twin
//! critics against overestimation, a smoothed target action, an actor that is updated less often.
//!
//! With `latent` set, a representation objective trains the encoder and actor and critics read its
//! latents as constants; without, the critics' loss trains the encoder of images.

use burn::{module::Module, tensor::Tensor};
use learn::{
    batch::Transitions,
    objective::Latent,
    optim::{AdamSettings, Trained, update},
    policy_gradient::{pathwise, smoothed_action},
    td,
};
use nets::{
    ema,
    encoder::EncoderConfig,
    heads::{Critic, DeterministicActor},
    mlp::MlpConfig,
    noise,
    recipe::Layer,
};
use rand_chacha::ChaCha8Rng;
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, Snapshot, Task,
    task::World,
};
use settings::Config;

use crate::{
    failure::failure,
    state::{arrays, load_module, load_trained, save_module, save_trained},
};
use crate::{
    latent_actor::{Actor, LatentPolicy},
    latent_agent::{LatentAgent, Settings},
};

/// Hyper-parameters of TD3.
///
/// The paper's values (section 6.1 and its supplement).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct Td3Config {
    /// Copies of the world that act at once.
    #[setting(1)]
    pub worlds: usize,
    /// Steps with random actions before learning begins.
    #[setting(1_000, paper = 25_000)]
    pub start_steps: u64,
    /// Gradient updates per step of all copies together.
    #[setting(1)]
    pub updates: usize,
    /// Transitions of an update.
    #[setting(128, paper = 256)]
    pub batch: usize,
    /// Steps that the replay memory holds.
    #[setting(100_000, paper = 1_000_000)]
    pub capacity: usize,
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Steps of a target before it bootstraps.
    #[setting(1)]
    pub n_step: usize,
    /// Share of actor and critics that flows into their slow copies per update of the actor.
    #[setting(0.005)]
    pub tau: f64,
    /// Adam's step size of actor and critics.
    #[setting(1e-3, paper = 3e-4)]
    pub learning_rate: f64,
    /// Standard deviation of the noise added to actions in training, in units of [-1, 1].
    #[setting(0.1)]
    pub exploration_noise: f64,
    /// Standard deviation of the noise on the target's action.
    #[setting(0.2)]
    pub target_noise: f64,
    /// Limit of the noise on the target's action.
    #[setting(0.5)]
    pub target_clip: f64,
    /// Updates of the critics per update of the actor.
    #[setting(2)]
    pub delay: u64,
    /// Widths of the hidden layers of actor and critics.
    #[setting([128, 128], paper = [256, 256])]
    pub hidden: Vec<usize>,
    /// From observations to latents; identity for vectors, convolutions for images.
    #[setting(EncoderConfig::Identity)]
    pub encoder: EncoderConfig,
    /// Representation objective that trains the encoder.
    #[setting(group)]
    pub latent: Latent,
}

impl Td3Config {
    fn combinations(&self) -> std::result::Result<(), String> {
        let noises = [self.exploration_noise, self.target_noise, self.target_clip];
        if self.delay == 0 || noises.iter().any(|noise| *noise < 0.0) {
            return Err("`delay` must be at least 1, and the noises at least 0".to_owned());
        }
        self.settings().validate()
    }
}

impl Td3Config {
    fn settings(&self) -> Settings {
        Settings {
            worlds: self.worlds,
            start_steps: self.start_steps,
            updates: self.updates,
            batch: self.batch,
            capacity: self.capacity,
            n_step: self.n_step,
            gamma: self.gamma,
            tau: self.tau,
            adam: AdamSettings::new(self.learning_rate),
            encoder: self.encoder.clone(),
            latent: self.latent.clone(),
        }
    }
}

/// Twin delayed deep deterministic policy gradient.
pub struct Td3 {
    config: Td3Config,
    agent: LatentAgent,
    dimensions: usize,
    actor: Trained<DeterministicActor>,
    slow_actor: DeterministicActor,
    critic: Trained<Critic>,
    slow_critic: Critic,
    critic_updates: u64,
}

run::register!(Td3);

impl Method for Td3 {
    const CARD: Card = Card {
        id: "td3",
        title: "Addressing Function Approximation Error in Actor-Critic Methods",
        paper: "Fujimoto et al., 2018, arXiv 1802.09477",
        family: "baseline",
        summary: "deterministic actor-critic with twin critics, target smoothing and a delayed actor",
        needs: &[Need::World { actions: ActionNeed::Continuous, observations: ObservationNeed::Any }],
        metrics: &["loss/critic", "loss/actor", "diag/q"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 20_000,
        instead: "`ppo` or `dqn`",
    };
    type Config = Td3Config;

    fn build(config: Td3Config, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let agent = LatentAgent::new(config.settings(), world, run)?;
        let adam = AdamSettings::new(config.learning_rate);
        let (latent, dimensions) = (agent.representation().size(), world.continuous().unwrap_or(0));
        let training = agent.device().clone().autodiff();
        let shape = MlpConfig::new(latent, &config.hidden, dimensions);
        let actor = DeterministicActor::new(&shape, None, &training, run.random("init"));
        let shape = MlpConfig::new(latent + dimensions, &config.hidden, 1);
        let critic = Critic::new(&shape, 2, None, &training, run.random("init"));
        Ok(Self {
            slow_actor: ema::target_of(&actor),
            slow_critic: ema::target_of(&critic),
            actor: Trained::new(actor, adam),
            critic: Trained::new(critic, adam),
            critic_updates: 0,
            dimensions,
            agent,
            config,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let (actor, deviation) = (self.actor.inference(), self.config.exploration_noise);
        self.agent.act(run, |latent, random| with_noise(actor.forward(latent), deviation, random))?;
        for _ in 0..self.agent.due(run) {
            self.improve(run)?;
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let actor =
            NoisyActor { actor: self.actor.inference().clone(), deviation: self.config.exploration_noise };
        let encoder = self.agent.representation().encoder().clone();
        Some(Box::new(LatentPolicy::new(encoder, actor, self.agent.experience().spec(), self.agent.device())))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("critic", &self.critic)]);
        save_module(snapshot, "slow-actor", &self.slow_actor);
        save_module(snapshot, "slow-critic", &self.slow_critic);
        snapshot.put("critic_updates", &self.critic_updates)?;
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        load_trained(&arrays, &mut [("actor", &mut self.actor), ("critic", &mut self.critic)])?;
        self.slow_actor = load_module(&arrays, "slow-actor", self.slow_actor.clone())?;
        self.slow_critic = load_module(&arrays, "slow-critic", self.slow_critic.clone())?;
        self.critic_updates = snapshot.get("critic_updates")?;
        self.agent.load(snapshot, &arrays)
    }
}

impl Td3 {
    fn improve(&mut self, run: &mut Run) -> Result<()> {
        let batch = self.agent.draw(run)?;
        self.improve_critic(&batch, run)?;
        self.critic_updates += 1;
        if self.critic_updates.is_multiple_of(self.config.delay) {
            self.improve_actor(&batch, run)?;
            let tau = self.config.tau;
            self.slow_actor = ema::update(self.slow_actor.clone(), self.actor.inference(), tau);
            self.slow_critic = ema::update(self.slow_critic.clone(), self.critic.inference(), tau);
        }
        self.agent.representation_mut().follow();
        run.count_updates("agent", 1);
        Ok(())
    }

    /// Clipped double Q-learning with a smoothed target action (algorithm 1).
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        let next = self.agent.representation().encode(&batch.next);
        let noise = noise::normal([rows, self.dimensions], self.agent.device(), run.random("noise"))
            .mul_scalar(self.config.target_noise);
        let action = self.slow_actor.forward(next.clone());
        let action = smoothed_action(action, noise, self.config.target_clip as f32);
        let value = self.slow_critic.forward(next, action).min_dim(0).reshape([rows]);
        let target = td::target(batch.reward.clone(), batch.discount.clone(), value).autodiff();
        let latent = self.agent.representation().encode_for_critic(&batch.observations);
        let taken = batch.actions.vectors(0).autodiff();
        let values = self.critic.module().forward(latent, taken);
        let q = values.clone().inner().mean();
        // The sum of the two mean squared errors.
        let loss = td::squared_error(values, target.reshape([1, rows])).mean().mul_scalar(2.0);
        let mut parts = self.agent.representation_mut().critic_parts();
        parts.push(&mut self.critic);
        let done = update("critic", loss, &mut parts, None).map_err(|error| failure(run, error))?;
        run.log("loss/critic", f64::from(done.loss))?;
        run.log("diag/q", f64::from(q.into_scalar::<f32>()))
    }

    /// The deterministic policy gradient through the first critic.
    fn improve_actor(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        let latent = self.agent.representation().encode(&batch.observations).autodiff();
        let action = self.actor.module().forward(latent.clone());
        let value = self.critic.module().forward(latent, action).narrow(0, 0, 1).reshape([rows]);
        let loss = pathwise(value).mean();
        let done =
            update("actor", loss, &mut [&mut self.actor], None).map_err(|error| failure(run, error))?;
        run.log("loss/actor", f64::from(done.loss))
    }
}

/// Actions with normal noise, inside [-1, 1].
fn with_noise(action: Tensor<2>, deviation: f64, random: &mut ChaCha8Rng) -> Tensor<2> {
    let noise = noise::normal(action.dims(), &action.device(), random);
    (action + noise.mul_scalar(deviation)).clamp(-1.0, 1.0)
}

/// The actor with the noise that it explores with.
#[derive(Module, Debug)]
struct NoisyActor {
    actor: DeterministicActor,
    #[module(skip)]
    deviation: f64,
}

impl Actor for NoisyActor {
    fn greedy(&self, latent: Tensor<2>) -> Tensor<2> {
        self.actor.forward(latent)
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        self.actor.layers(&format!("{prefix}.actor"))
    }

    fn sample(&self, latent: Tensor<2>, random: &mut ChaCha8Rng) -> Tensor<2> {
        with_noise(self.actor.forward(latent), self.deviation, random)
    }
}
