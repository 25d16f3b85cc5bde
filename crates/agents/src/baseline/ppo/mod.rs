//! Proximal policy optimisation (Schulman et al., 2017, arXiv 1707.06347).
//!
//! A batch of worlds is rolled out for a fixed number of steps; the policy then takes several
//! passes of minibatch steps on a surrogate whose probability ratio is clipped, so that one batch
//! of experience serves many updates without the policy running away from the one that collected
//! it. Advantages are generalised (Schulman et al., 2016), observations and rewards of vector
//! worlds may be normalised by running statistics.

pub mod network;
pub mod rollout;

use burn::tensor::{Device, Tensor};
use learn::{
    batch,
    normalise::{Divisor, advantages},
    optim::{AdamSettings, Trained, update},
    policy_gradient, td,
};
use memory::{Normaliser, ReturnScale};
use nets::{encoder::EncoderConfig, observed::Observed};
use run::{
    ActionNeed, Card, Collector, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run,
    RunError, Snapshot, Task, task::World,
};
use settings::Config;
use worlds::{Array, Spec};

use self::{
    network::{ActorCritic, ActorPolicy, Sampler, head_size, log_prob_and_entropy, normalised, shuffle},
    rollout::Rollout,
};
use crate::{
    device,
    failure::failure,
    state::{arrays, load_trained, save_trained},
};

/// Hyper-parameters of PPO.
///
/// The paper's values for continuous control (table 3).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct PpoConfig {
    /// Copies of the world that act at once.
    #[setting(4, paper = 1)]
    pub worlds: usize,
    /// Steps of every copy between updates.
    #[setting(128, paper = 2048)]
    pub rollout: usize,
    /// Passes over a rollout.
    #[setting(8, paper = 10)]
    pub epochs: usize,
    /// Minibatches that a pass is cut into.
    #[setting(4, paper = 32)]
    pub minibatches: usize,
    /// Adam's step size at the start.
    #[setting(1e-3, paper = 3e-4)]
    pub learning_rate: f64,
    /// Whether the step size falls linearly to 0 over the run.
    #[setting(true, paper = false)]
    pub anneal: bool,
    /// Discount per step.
    #[setting(0.99)]
    pub gamma: f64,
    /// Decay of the generalised advantage estimate.
    #[setting(0.95)]
    pub lambda: f64,
    /// How far the probability ratio may leave 1 before its gradient is cut.
    #[setting(0.2)]
    pub clip: f64,
    /// Weight of the value loss.
    #[setting(0.5)]
    pub value_coefficient: f64,
    /// Weight of the entropy bonus.
    #[setting(0.0)]
    pub entropy_coefficient: f64,
    /// Limit of the global gradient norm.
    #[setting(0.5)]
    pub gradient_clip: f32,
    /// Whether advantages are standardised in every minibatch.
    #[setting(true)]
    pub normalise_advantages: bool,
    /// Whether vector observations are normalised by running statistics.
    #[setting(false, paper = true)]
    pub normalise_observations: bool,
    /// Whether rewards are divided by the running deviation of the return.
    #[setting(false, paper = true)]
    pub scale_rewards: bool,
    /// Widths of the hidden layers of actor and critic.
    #[setting([64, 64])]
    pub hidden: Vec<usize>,
    /// From observations to what actor and critic read; identity for vectors.
    #[setting(EncoderConfig::Identity)]
    pub encoder: EncoderConfig,
}

impl PpoConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        let samples = self.worlds * self.rollout;
        if self.worlds == 0 || self.rollout == 0 || self.epochs == 0 {
            return Err("`worlds`, `rollout` and `epochs` must be at least 1".to_owned());
        }
        if self.minibatches == 0 || self.minibatches > samples {
            return Err(format!(
                "`minibatches` is {}: it must be between 1 and worlds x rollout = {samples}",
                self.minibatches
            ));
        }
        if !(self.learning_rate > 0.0 && self.clip > 0.0 && self.gradient_clip > 0.0) {
            return Err("`learning_rate`, `clip` and `gradient_clip` must be above 0".to_owned());
        }
        for (name, value) in [("gamma", self.gamma), ("lambda", self.lambda)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`{name}` is {value}: it must be between 0 and 1"));
            }
        }
        Ok(())
    }
}

/// Proximal policy optimisation.
pub struct Ppo {
    config: PpoConfig,
    spec: Spec,
    device: Device,
    network: Trained<ActorCritic>,
    collector: Collector,
    rollout: Rollout,
    observation_normaliser: Option<Normaliser>,
    return_scale: Option<ReturnScale>,
}

run::register!(Ppo);

impl Method for Ppo {
    const CARD: Card = Card {
        id: "ppo",
        title: "Proximal Policy Optimization Algorithms",
        paper: "Schulman et al., 2017, arXiv 1707.06347",
        family: "baseline",
        summary: "on-policy actor-critic with a clipped surrogate and several passes per batch",
        needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Any }],
        metrics: &["loss/policy", "loss/value", "diag/entropy", "diag/clip_fraction", "diag/kl"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "environment steps",
        steps: 100_000,
        instead: "any other method",
    };
    type Config = PpoConfig;

    fn build(config: PpoConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let collector = Collector::new(world, config.worlds, run)?;
        Self::learner(config, world, collector, run)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.advance_with(run, |_, _| Ok(()))
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let network = self.network.inference().clone();
        let normaliser = self.observation_normaliser.clone();
        Some(Box::new(ActorPolicy::new(network, normaliser, &self.spec, &self.device)))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        snapshot.put("observation_normaliser", &self.observation_normaliser)?;
        snapshot.put("return_scale", &self.return_scale)?;
        self.collector.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        load_trained(&arrays(snapshot), &mut [("network", &mut self.network)])?;
        self.observation_normaliser = snapshot.get("observation_normaliser")?;
        self.return_scale = snapshot.get("return_scale")?;
        self.collector.load(snapshot)
    }
}

impl Ppo {
    /// A learner that acts through `collector`, which has `config.worlds` copies of `world`.
    ///
    /// # Errors
    /// The encoder does not fit the observations, or the device is unknown.
    pub fn learner(config: PpoConfig, world: &World, collector: Collector, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let encoder = match (&config.encoder, world.images()) {
            (EncoderConfig::Identity, true) => EncoderConfig::for_layout(world.spec.input()),
            (encoder, _) => encoder.clone(),
        };
        let training = device.clone().autodiff();
        let network = ActorCritic::new(&world.spec, &encoder, &config.hidden, &training, run.random("init"))?;
        let adam = AdamSettings { epsilon: 1e-5, ..AdamSettings::new(config.learning_rate) };
        let size = world.spec.input().size();
        let normalise = config.normalise_observations && !world.images();
        Ok(Self {
            network: Trained::new(network, adam),
            collector,
            rollout: Rollout::new(world.spec.input(), &world.spec.action, config.rollout, config.worlds),
            observation_normaliser: normalise.then(|| Normaliser::new(size, 1e-4, 10.0)).transpose()?,
            return_scale: config
                .scale_rewards
                .then(|| ReturnScale::new(config.worlds, config.gamma, 1e-4, 10.0))
                .transpose()?,
            spec: world.spec.clone(),
            device,
            config,
        })
    }

    /// One iteration, in which `after` is called after every step of the worlds: it may use what
    /// ended and prepare what begins.
    ///
    /// # Errors
    /// As of [`Method::advance`], and those of `after`.
    pub fn advance_with(
        &mut self,
        run: &mut Run,
        after: impl FnMut(&mut Collector, &mut Run) -> Result<()>,
    ) -> Result<Progress> {
        if self.config.anneal {
            let left = 1.0 - run.steps() as f64 / run.total_steps() as f64;
            self.network.set_learning_rate(self.config.learning_rate * left.max(0.0));
        }
        self.collect(run, after)?;
        self.rollout.estimate_advantages(self.config.gamma, self.config.lambda)?;
        self.improve(run)?;
        Ok(Progress::MAIN)
    }

    /// Fills the rollout by acting with the current policy.
    fn collect(
        &mut self,
        run: &mut Run,
        mut after: impl FnMut(&mut Collector, &mut Run) -> Result<()>,
    ) -> Result<()> {
        let rows = self.collector.rows();
        let network = self.network.inference();
        let sampler = Sampler {
            size: head_size(&self.spec.action),
            discrete: matches!(self.spec.action, worlds::ActionSpace::Discrete { .. }),
        };
        let mut log_prob = Vec::with_capacity(rows);
        self.rollout.clear();
        for _ in 0..self.config.rollout {
            let raw = self.collector.observations().input();
            if let (Array::Float(values), Some(normaliser)) = (raw, &mut self.observation_normaliser) {
                normaliser.update(values)?;
            }
            let input = normalised(raw, self.observation_normaliser.as_ref())?;
            let output = network.forward(&batch::observe(&input, self.spec.input(), rows, &self.device));
            let head = host(output.head);
            let actions = sampler.sample(&head, &host(output.log_std), run.random("policy"), &mut log_prob);
            self.collector.step(&actions, run)?;
            after(&mut self.collector, run)?;
            let outcome = self.collector.outcome();
            let mut reward: Vec<f32> =
                outcome.reward.iter().copied().step_by(self.spec.rewards.len()).collect();
            if let Some(scale) = &mut self.return_scale {
                scale.update(&reward, &outcome.reset)?;
                scale.scale(&mut reward);
            }
            self.rollout.push(&input, &actions, &log_prob, &host(output.value), &reward, outcome);
        }
        let last = normalised(self.collector.observations().input(), self.observation_normaliser.as_ref())?;
        let output = network.forward(&batch::observe(&last, self.spec.input(), rows, &self.device));
        self.rollout.finish(&host(output.value));
        Ok(())
    }

    /// Several passes of minibatch steps over the rollout.
    fn improve(&mut self, run: &mut Run) -> Result<()> {
        let mut indices = self.rollout.taken();
        let size = indices.len().div_ceil(self.config.minibatches);
        for _ in 0..self.config.epochs {
            shuffle(&mut indices, run.random("minibatches"));
            for minibatch in indices.chunks(size) {
                self.step(minibatch, run)?;
            }
        }
        Ok(())
    }

    /// One step on a minibatch: the clipped surrogate (equation 7 of the paper), the value's
    /// squared error and the entropy bonus (equation 9).
    fn step(&mut self, indices: &[usize], run: &mut Run) -> Result<()> {
        let config = &self.config;
        let batch = self.rollout.minibatch(indices, self.spec.input(), &self.device);
        let output = self.network.module().forward(&autodiff(&batch.observations));
        let (log_prob, entropy) = log_prob_and_entropy(&output, &batch.actions.autodiff());
        let mut advantage = batch.advantage;
        if config.normalise_advantages {
            let all = vec![1.0; advantage.len()];
            advantages(&mut advantage, &all, 1e-8, Divisor::Population).map_err(RunError::part)?;
        }
        let advantage = batch::vector(&advantage, &self.device).autodiff();
        let old = batch::vector(&batch.log_prob, &self.device).autodiff();
        let target = batch::vector(&batch.target, &self.device).autodiff();
        let limit = config.clip as f32;
        let surrogate = policy_gradient::clipped(log_prob, old, advantage, limit, limit);
        let policy_loss = surrogate.loss.mean();
        let value_loss = td::squared_error(output.value, target).mean().mul_scalar(0.5);
        let entropy = entropy.mean();
        let loss = policy_loss.clone() + value_loss.clone() * config.value_coefficient
            - entropy.clone() * config.entropy_coefficient;
        let scalars = vec![
            policy_loss.inner(),
            value_loss.inner(),
            entropy.inner(),
            surrogate.clipped.mean().inner(),
            surrogate.divergence.mean().inner(),
        ];
        update("ppo", loss, &mut [&mut self.network], Some(config.gradient_clip))
            .map_err(|error| failure(run, error))?;
        run.count_updates("network", 1);
        for (name, value) in Self::CARD.metrics.iter().zip(host(Tensor::cat(scalars, 0))) {
            run.log(name, f64::from(value))?;
        }
        Ok(())
    }
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

fn autodiff(observed: &Observed) -> Observed {
    observed.clone().autodiff()
}
