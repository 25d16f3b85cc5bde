//! Soft actor-critic (Haarnoja et al., 2018, arXiv 1812.05905): twin critics, an entropy bonus
//! whose temperature is tuned to a target entropy, a squashed Gaussian actor.
//!
//! With `latent` set, a representation objective trains the encoder and actor and critics read its
//! latents as constants; without, the critics' loss trains the encoder of images.

pub mod actor;

use burn::tensor::Tensor;
use learn::{
    batch::Transitions,
    duals::Temperature,
    objective::Latent,
    optim::{AdamSettings, Trained, update},
    policy_gradient::{soft_pathwise, soft_value},
    td,
};
use nets::{ema, encoder::EncoderConfig, heads::Critic, mlp::MlpConfig, noise};
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, RunError,
    Snapshot, Task, task::World,
};
use settings::Config;

use self::actor::SquashedActor;
use crate::{
    failure::failure,
    state::{arrays, load_module, load_trained, portable, save_module, save_trained},
};
use crate::{
    latent_actor::{Actor, LatentPolicy},
    latent_agent::{LatentAgent, Settings},
};

/// Hyper-parameters of SAC.
///
/// The paper's values (table 1).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct SacConfig {
    /// Copies of the world that act at once.
    #[setting(1)]
    pub worlds: usize,
    /// Steps with random actions before learning begins.
    #[setting(1_000)]
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
    /// Share of the critics that flows into their slow copies per update.
    #[setting(0.005)]
    pub tau: f64,
    /// Adam's step size of actor, critics and temperature.
    #[setting(1e-3, paper = 3e-4)]
    pub learning_rate: f64,
    /// Entropy temperature at the start.
    #[setting(1.0)]
    pub temperature: f32,
    /// Whether the temperature is tuned to the target entropy of minus the action dimensions.
    #[setting(true)]
    pub tune_temperature: bool,
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

impl SacConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if self.temperature <= 0.0 {
            return Err("`temperature` must be above 0".to_owned());
        }
        self.settings().validate()
    }
}

impl SacConfig {
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

/// Soft actor-critic.
pub struct Sac {
    config: SacConfig,
    agent: LatentAgent,
    actor: Trained<SquashedActor>,
    critic: Trained<Critic>,
    slow_critic: Critic,
    temperature: Temperature,
}

run::register!(Sac);

impl Method for Sac {
    const CARD: Card = Card {
        id: "sac",
        title: "Soft Actor-Critic Algorithms and Applications",
        paper: "Haarnoja et al., 2018, arXiv 1812.05905",
        family: "baseline",
        summary: "off-policy actor-critic that also maximises the policy's entropy",
        needs: &[Need::World { actions: ActionNeed::Continuous, observations: ObservationNeed::Any }],
        metrics: &["loss/critic", "loss/actor", "diag/entropy", "diag/temperature", "diag/q"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 15_000,
        instead: "`ppo` or `dqn`",
    };
    type Config = SacConfig;

    fn build(config: SacConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let agent = LatentAgent::new(config.settings(), world, run)?;
        let adam = AdamSettings::new(config.learning_rate);
        let (latent, size) = (agent.representation().size(), world.continuous().unwrap_or(0));
        let training = agent.device().clone().autodiff();
        let shape = MlpConfig::new(latent, &config.hidden, size);
        let actor = SquashedActor::new(&shape, &training, run.random("init"));
        let shape = MlpConfig::new(latent + size, &config.hidden, 1);
        let critic = Critic::new(&shape, 2, None, &training, run.random("init"));
        Ok(Self {
            slow_critic: ema::target_of(&critic),
            actor: Trained::new(actor, adam),
            critic: Trained::new(critic, adam),
            temperature: Temperature::new(config.temperature, -(size as f32), adam)
                .map_err(RunError::part)?,
            agent,
            config,
        })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let actor = self.actor.inference();
        self.agent.act(run, |latent, random| actor.sample(latent, random))?;
        for _ in 0..self.agent.due(run) {
            self.improve(run)?;
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let (encoder, actor) =
            (self.agent.representation().encoder().clone(), self.actor.inference().clone());
        Some(Box::new(LatentPolicy::new(encoder, actor, self.agent.experience().spec(), self.agent.device())))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("critic", &self.critic)]);
        save_module(snapshot, "slow-critic", &self.slow_critic);
        let mut out = Vec::new();
        self.temperature.save("temperature", &mut out);
        snapshot.put_arrays(portable(out));
        self.agent.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        load_trained(&arrays, &mut [("actor", &mut self.actor), ("critic", &mut self.critic)])?;
        self.slow_critic = load_module(&arrays, "slow-critic", self.slow_critic.clone())?;
        self.temperature.load("temperature", &arrays).map_err(RunError::part)?;
        self.agent.load(snapshot, &arrays)
    }
}

impl Sac {
    fn improve(&mut self, run: &mut Run) -> Result<()> {
        let batch = self.agent.draw(run)?;
        self.improve_critic(&batch, run)?;
        self.improve_actor(&batch, run)?;
        self.slow_critic = ema::update(self.slow_critic.clone(), self.critic.inference(), self.config.tau);
        self.agent.representation_mut().follow();
        run.count_updates("agent", 1);
        Ok(())
    }

    /// Soft Bellman backup with the smaller of the slow critics (equations 5 and 6).
    fn improve_critic(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        let next = self.agent.representation().encode(&batch.next);
        let noise = noise::normal([rows, self.dimensions()], self.agent.device(), run.random("noise"));
        let (action, log_prob) = self.actor.inference().act(next.clone(), noise);
        let (first, second) = twins(self.slow_critic.forward(next, action));
        let value = soft_value(first, second, log_prob, self.temperature.value());
        let target = td::target(batch.reward.clone(), batch.discount.clone(), value).autodiff();
        let latent = self.agent.representation().encode_for_critic(&batch.observations);
        let taken = batch.actions.vectors(0).autodiff();
        let values = self.critic.module().forward(latent, taken);
        let q = values.clone().inner().mean();
        let error = td::squared_error(values, target.reshape([1, rows]));
        // Each critic's mean squared error, halved and added up.
        let loss = error.mean();
        let mut parts = self.agent.representation_mut().critic_parts();
        parts.push(&mut self.critic);
        let done = update("critic", loss, &mut parts, None).map_err(|error| failure(run, error))?;
        run.log("loss/critic", f64::from(done.loss))?;
        run.log("diag/q", f64::from(q.into_scalar::<f32>()))
    }

    /// The actor climbs the smaller critic and its own entropy (equation 7); the temperature keeps
    /// the entropy near its target (equation 18).
    fn improve_actor(&mut self, batch: &Transitions, run: &mut Run) -> Result<()> {
        let rows = batch.observations.rows();
        let latent = self.agent.representation().encode(&batch.observations).autodiff();
        let noise =
            noise::normal([rows, self.dimensions()], self.agent.device(), run.random("noise")).autodiff();
        let (action, log_prob) = self.actor.module().act(latent.clone(), noise);
        let entropy = log_prob.clone().inner().mean().neg();
        let (first, second) = twins(self.critic.module().forward(latent, action));
        let loss = soft_pathwise(first, second, log_prob, self.temperature.value()).mean();
        let done =
            update("actor", loss, &mut [&mut self.actor], None).map_err(|error| failure(run, error))?;
        let entropy = entropy.into_scalar::<f32>();
        if self.config.tune_temperature {
            self.temperature.update(entropy).map_err(|error| failure(run, error))?;
        }
        run.log("loss/actor", f64::from(done.loss))?;
        run.log("diag/entropy", f64::from(entropy))?;
        run.log("diag/temperature", f64::from(self.temperature.value()))
    }

    fn dimensions(&self) -> usize {
        self.actor.module().dimensions()
    }
}

/// The two rows of twin values `[2, B]`.
fn twins(values: Tensor<2>) -> (Tensor<1>, Tensor<1>) {
    let [_, rows] = values.dims();
    (values.clone().narrow(0, 0, 1).reshape([rows]), values.narrow(0, 1, 1).reshape([rows]))
}
