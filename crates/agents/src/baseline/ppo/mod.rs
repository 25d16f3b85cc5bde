//! Proximal policy optimisation (Schulman et al., 2017, arXiv 1707.06347).
//!
//! A batch of worlds is rolled out for a fixed number of steps; the policy then takes several
//! passes of minibatch steps on a surrogate whose probability ratio is clipped, so that one batch
//! of experience serves many updates without the policy running away from the one that collected
//! it. Advantages are generalised (Schulman et al., 2016), observations and rewards of vector
//! worlds may be normalised by running statistics.
//!
//! Methods with networks of their own fill a [`Rollout`], learn from it in [`rollout::passes`], and
//! take the steps of an [`Objective`].

mod beside;
mod config;
mod method;
pub mod network;
mod recurrence;
pub mod rollout;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor, TensorData};
use learn::{
    batch,
    normalise::{Divisor, advantages},
    optim::{AdamSettings, Trainable, Trained},
    policy_gradient::{clipped, value_clip},
    td,
};
use memory::{Normaliser, ReturnScale};
use nets::{host, observed::Observed};
use run::{Collector, Progress, Result, Run, RunError, task::World};
use worlds::{Array, Spec};

use self::{
    beside::Beside,
    network::{ActorCritic, Sampler, log_prob_and_entropy, normalised},
    recurrence::Recurrence,
    rollout::{Channel, Look, Minibatch, Rollout, passes},
};
pub use self::{config::PpoConfig, recurrence::RecurrentSettings};
use crate::{device, exploration::Exploration, networks, update::update};

/// Proximal policy optimisation.
pub struct Ppo {
    config: PpoConfig,
    spec: Spec,
    device: Device,
    network: Trained<ActorCritic>,
    collector: Collector,
    rollout: Rollout,
    beside: Beside,
    /// Where the policy remembers.
    recurrence: Option<Recurrence>,
    observation_normaliser: Option<Normaliser>,
    /// Of the world's channels; empty where rewards are not scaled.
    return_scales: Vec<ReturnScale>,
    exploration: Option<Exploration>,
    /// The world's channels, then the bonus.
    channels: Vec<Channel>,
}

impl Ppo {
    /// A learner that acts through `collector`, which has `config.worlds` copies of `world`.
    ///
    /// # Errors
    /// The encoder does not fit the observations, or the device is unknown.
    pub fn learner(config: PpoConfig, world: &World, collector: Collector, run: &mut Run) -> Result<Self> {
        let device = device::parse(run.device())?;
        let encoder = networks::spec_of(&config.encoder, world, 1.0).encoder;
        let exploration = Exploration::new(&config.bonus, world, config.worlds, &device, run)?;
        let mut channels = config.world_channels(&world.spec)?;
        let scale = |channel: &Channel| ReturnScale::new(config.worlds, channel.gamma, 1e-4, 10.0);
        let return_scales = match config.scale_rewards {
            true => channels.iter().map(scale).collect::<std::result::Result<_, _>>()?,
            false => Vec::new(),
        };
        channels.extend(exploration.as_ref().map(Exploration::channel));
        let beside = Beside::new(&world.spec, &config.critic_sees)?;
        let (training, count) = (device.clone().autodiff(), channels.len());
        let sizes = [count, beside.critic_size()];
        let network = ActorCritic::new(&world.spec, &encoder, &config, sizes, &training, run.random("init"))?;
        let adam = AdamSettings { epsilon: 1e-5, ..AdamSettings::new(config.learning_rate) };
        let size = world.spec.input().size();
        let normalise = config.normalise_observations && !world.images();
        Ok(Self {
            recurrence: Recurrence::new(&network, config.recurrent.chunk, config.worlds),
            network: Trained::new(network, adam),
            collector,
            rollout: Rollout::new(world.spec.input(), &world.spec.action, config.rollout, config.worlds)
                .with_channels(count),
            beside,
            observation_normaliser: normalise.then(|| Normaliser::new(size, 1e-4, 10.0)).transpose()?,
            return_scales,
            exploration,
            channels,
            spec: world.spec.clone(),
            device,
            config,
        })
    }

    /// One iteration of algorithm 1, in which `after` is called after every step of the worlds: it may
    /// use what ended and prepare what begins.
    ///
    /// # Errors
    /// The world fails or a term is not finite, and those of `after`.
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
        self.rollout.estimate_advantages(&self.channels, self.config.lambda)?;
        let (objective, times) = (self.config.objective(), [self.config.epochs, self.config.minibatches]);
        match &self.recurrence {
            None => passes(self.rollout.taken(), times, run, |minibatch, run| {
                self.step(objective, minibatch, run)
            })?,
            Some(recurrence) => {
                let sequences = (0..recurrence.sequences()).collect();
                passes(sequences, times, run, |sequences, run| self.step_through(objective, sequences, run))?;
            }
        }
        if let Some(exploration) = &mut self.exploration {
            exploration.learn_kept(times, run)?;
        }
        Ok(Progress::MAIN)
    }

    /// Fills the rollout by acting with the current policy.
    fn collect(
        &mut self,
        run: &mut Run,
        mut after: impl FnMut(&mut Collector, &mut Run) -> Result<()>,
    ) -> Result<()> {
        let Self { spec, device, collector, rollout, beside, observation_normaliser, .. } = self;
        let (return_scales, exploration) = (&mut self.return_scales, &mut self.exploration);
        let (channels, recurrence) = (self.channels.len(), &mut self.recurrence);
        recurrence.iter_mut().for_each(Recurrence::clear);
        let (network, sampler) = (self.network.inference(), Sampler::new(&spec.action));
        let look = |collector: &Collector, acting: bool| {
            let raw = collector.observations().input();
            if let (true, Array::Float(values), Some(statistics)) =
                (acting, raw, &mut *observation_normaliser)
            {
                statistics.update(values)?;
            }
            let input = normalised(raw, observation_normaliser.as_ref())?;
            let observed = batch::observe(&input, spec.input(), collector.rows(), device);
            let mut latent = network.encode(&observed);
            if let Some(memory) = recurrence {
                // An observation is an episode's first where the step before it only began the episode.
                latent = memory.step(network, latent, &collector.outcome().reset, acting);
            }
            let rows = beside.rows(collector.observations());
            let output = network.heads(latent, &beside.upload(&rows, collector.rows(), device));
            let [head, log_std] = [host(output.head), host(output.log_std)];
            Ok(Look { kept: input, beside: rows, head, log_std, value: host(output.value) })
        };
        rollout.fill(collector, &sampler, run, look, |collector, _, reward, run| {
            after(collector, run)?;
            for (channel, scale) in return_scales.iter_mut().enumerate() {
                let mut own: Vec<f32> = reward.iter().copied().skip(channel).step_by(channels).collect();
                scale.update(&own, &collector.outcome().reset)?;
                scale.scale(&mut own);
                put(reward, channel, channels, &own);
            }
            if let Some(exploration) = exploration {
                let bonus = exploration.arrive_and_keep(collector.outcome(), run)?;
                put(reward, channels - 1, channels, &bonus);
            }
            Ok(())
        })
    }

    /// One step on a minibatch.
    fn step(&mut self, objective: Objective, minibatch: &[usize], run: &mut Run) -> Result<()> {
        let batch = self.rollout.minibatch(minibatch, self.spec.input(), &self.device);
        let latent = self.encode(&batch.observations);
        self.judge(objective, batch, latent, run)
    }

    /// Latents with their graph, or as constants of the loss where the encoder is frozen.
    fn encode(&self, observed: &Observed) -> Tensor<2> {
        match self.config.frozen_encoder {
            true => self.network.inference().encode(observed).autodiff(),
            false => self.network.module().encode(&observed.clone().autodiff()),
        }
    }

    /// The same on sequences, through which the policy remembers; steps that only began an episode are
    /// seen and not learnt from.
    fn step_through(&mut self, objective: Objective, sequences: &[usize], run: &mut Run) -> Result<()> {
        let Some(recurrence) = &self.recurrence else { return Ok(()) };
        let entries = recurrence.entries(sequences);
        let latent = self.encode(&self.rollout.observed(&entries, self.spec.input(), &self.device));
        let latent = recurrence.recall(self.network.module(), latent, sequences);
        let taken: Vec<usize> =
            (0..entries.len()).filter(|&position| self.rollout.was_taken(entries[position])).collect();
        if taken.is_empty() {
            return Ok(());
        }
        let positions: Vec<i64> = taken.iter().map(|&position| position as i64).collect();
        let positions = TensorData::new(positions, [taken.len()]);
        let latent = latent.clone().select(0, Tensor::from_data(positions, &latent.device()));
        let taken: Vec<usize> = taken.into_iter().map(|position| entries[position]).collect();
        let batch = self.rollout.minibatch(&taken, self.spec.input(), &self.device);
        self.judge(objective, batch, latent, run)
    }

    /// The step that a minibatch asks for whose latents these are.
    fn judge(
        &mut self,
        objective: Objective,
        batch: Minibatch,
        latent: Tensor<2>,
        run: &mut Run,
    ) -> Result<()> {
        let marks = self.beside.upload(&batch.beside, batch.advantage.len(), &self.device).autodiff();
        let output = self.network.module().heads(latent, &marks);
        let (log_prob, entropy) = log_prob_and_entropy(&output, &batch.actions.autodiff());
        let judged = Judged { log_prob, entropy, value: output.value };
        let means = objective.step(&batch, judged, &mut [&mut self.network], run)?;
        run.count_updates("network", 1);
        METRICS.iter().zip(means).try_for_each(|(name, mean)| run.log(name, mean))
    }
}

/// Writes one channel's rewards `[B]` among those of all `[B, R]`.
fn put(reward: &mut [f32], channel: usize, channels: usize, own: &[f32]) {
    reward.iter_mut().skip(channel).step_by(channels).zip(own).for_each(|(reward, own)| *reward = *own);
}

/// Names of what [`Objective::step`] gives.
pub const METRICS: [&str; 5] = ["loss/policy", "loss/value", "diag/entropy", "diag/clip_fraction", "diag/kl"];

/// What is minimised on a minibatch (equation 9 of the paper), and how far one step may go.
#[derive(Clone, Copy, Debug)]
pub struct Objective {
    /// How far the probability ratio may leave 1 before its gradient is cut, epsilon.
    pub clip: f32,
    /// How far a value may leave that of the rollout before its gradient is cut; nothing for as far as
    /// it likes.
    pub value_clip: Option<f32>,
    /// Weight of the value loss, c_1.
    pub value_coefficient: f64,
    /// Weight of the entropy bonus, c_2.
    pub entropy_coefficient: f64,
    /// Limit of the global gradient norm.
    pub gradient_clip: f32,
    /// Divisor of the variance by which the minibatch's advantages are standardised; nothing leaves
    /// them as they are.
    pub standardise: Option<Divisor>,
}

/// What the network that is trained says of a minibatch, with its graph.
pub struct Judged {
    /// Log-probability of the action that was taken, `[M]`.
    pub log_prob: Tensor<1>,
    /// Entropy of the policy, `[M]`.
    pub entropy: Tensor<1>,
    /// Values of the state in every reward channel, `[M R]`.
    pub value: Tensor<1>,
}

impl Objective {
    /// One step of `parts` on L_CLIP - c_1 L_VF + c_2 S, turned around: the clipped surrogate
    /// (equation 7), half the squared error of the value, summed over reward channels, and the entropy.
    /// Gradients enter `judged` alone. Gives the means of [`METRICS`] before the step.
    ///
    /// # Errors
    /// The loss or its gradient is not finite; nothing has changed then.
    pub fn step(
        &self,
        batch: &Minibatch,
        judged: Judged,
        parts: &mut [&mut dyn Trainable],
        run: &Run,
    ) -> Result<[f64; 5]> {
        let Judged { log_prob, entropy, value } = judged;
        let device = log_prob.device().without_autodiff();
        let upload = |values: &[f32]| batch::vector(values, &device).autodiff();
        let mut advantage = batch.advantage.clone();
        if let Some(divisor) = self.standardise {
            let all = vec![1.0; advantage.len()];
            advantages(&mut advantage, &all, 1e-8, divisor).map_err(RunError::part)?;
        }
        let surrogate = clipped(log_prob, upload(&batch.log_prob), upload(&advantage), self.clip, self.clip);
        let target = upload(&batch.target);
        let channels = (batch.value.len() / batch.advantage.len().max(1)) as f64;
        let value_loss = match self.value_clip {
            None => td::squared_error(value, target).mean().mul_scalar(0.5 * channels),
            Some(limit) => value_clip(value, upload(&batch.value), target, limit).mean().mul_scalar(channels),
        };
        let (policy_loss, entropy) = (surrogate.loss.mean(), entropy.mean());
        let loss = policy_loss.clone() + value_loss.clone().mul_scalar(self.value_coefficient)
            - entropy.clone().mul_scalar(self.entropy_coefficient);
        let means = [policy_loss, value_loss, entropy, surrogate.clipped.mean(), surrogate.divergence.mean()];
        let means = host(Tensor::cat(means.map(Tensor::inner).to_vec(), 0));
        update(run, "ppo", loss, parts, Some(self.gradient_clip))?;
        Ok(std::array::from_fn(|index| f64::from(means[index])))
    }
}
