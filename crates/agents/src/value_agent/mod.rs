//! What agents that learn values of discrete actions share: hyper-parameters ([`config`]), acting,
//! remembering and when to learn ([`interaction`], [`memory`]), networks ([`network`]) and policies
//! ([`policy`]).
//!
//! [`ValueAgent`] is more: what [`crate::baseline::dqn`] and [`crate::baseline::rainbow`] have in
//! common beside their losses, and the place where a representation objective plugs in.

pub mod config;
pub mod interaction;
pub mod memory;
pub mod network;
pub mod policy;
#[cfg(test)]
mod tests;

use burn::tensor::{Int, Tensor};
use learn::{
    batch::{Transitions, Windows},
    objective::{EncoderGradient, Objective, Shapes, Term, UpdateRule, check},
    optim::{Trainable, Trained},
    reduce, td,
};
use nets::{ema, heads::HeadNoise, host};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Policy, Result, Run, RunError, Snapshot, task::World};
use worlds::ActionSpace;

use self::{
    config::{ValueAgentConfig, enough_room},
    interaction::Interaction,
    memory::{Memory, Shape},
    network::{Dropout, HeadShape, Interface, NetworkTaps, QNetwork},
    policy::{Actor, ValuePolicy, Values},
};
use crate::{
    exploration::Exploration,
    networks,
    state::{load_module, load_trained, save_module, save_trained},
    update::{failure, update},
};

/// A value network with its target, its replay and its worlds, and with an objective if it has one.
pub struct ValueAgent {
    config: ValueAgentConfig,
    interaction: Interaction,
    actor: Actor,
    network: Trained<QNetwork>,
    /// Nothing where it equals the trained network after every update.
    target: Option<QNetwork>,
    target_rate: f64,
    dropout: f64,
    objective: Option<Box<dyn Objective>>,
    exploration: Option<Exploration>,
}

/// What an update is computed from: transitions, and whatever else it draws at random.
pub struct Batch {
    /// Transitions over n steps, with importance weights.
    pub transitions: Transitions,
    /// Their actions, `[B]`.
    pub actions: Tensor<1, Int>,
    /// Noise of the trained network's head at the observations.
    online: HeadNoise,
    /// Noise of the trained network's head at the next observations.
    chooser: HeadNoise,
    /// Noise of the target network's head.
    target: HeadNoise,
    dropout: Option<Dropout>,
}

/// The sum that an update descends, and its parts for the report.
pub struct Losses {
    total: Tensor<1>,
    means: Vec<(&'static str, Tensor<1>)>,
}

impl Losses {
    /// The temporal-difference loss, whose gradient enters the network.
    pub fn new(td: Tensor<1>) -> Self {
        Self { means: vec![("td", td.clone().inner())], total: td }
    }

    /// Adds an objective's terms with their weights.
    pub fn add(&mut self, terms: Vec<Term>) {
        for Term { name, weight, loss } in terms {
            let mean = reduce::mean(loss);
            self.means.push((name, mean.clone().inner()));
            if weight != 0.0 {
                self.total = self.total.clone() + mean.autodiff() * weight;
            }
        }
    }
}

impl ValueAgent {
    /// Builds networks, replay and worlds; an objective may change the networks first. The head gives
    /// `values`; with a number in `noisy` its layers have noise of that initial scale.
    ///
    /// # Errors
    /// The objective, the encoder or the replay does not fit the task.
    pub fn new(
        config: &ValueAgentConfig,
        values: Values,
        noisy: Option<f64>,
        world: &World,
        run: &mut Run,
    ) -> Result<Self> {
        let mut settings = config.values.clone();
        let interface = Interface::new(world, run)?;
        let mut objective = config.latent.build(&settings.adam()).map_err(RunError::part)?;
        let mut spec = networks::spec_of(&settings.encoder, world, config.target_rate);
        if let Some(objective) = &objective {
            fits(objective.as_ref(), world, run)?;
            objective.edit(&mut spec);
            settings.target_every = 1;
        }
        let window = objective.as_ref().map_or(0, |objective| objective.needs().window);
        enough_room(settings.capacity, config.copies.worlds, config.n_step, window)?;
        let shape = Shape::new(&settings, config.n_step, window);
        let exponent = config.prioritised.then_some(config.priority_exponent);
        let memory = Memory::new(&world.spec, config.copies.worlds, settings.capacity, shape, exponent)?;
        let head = HeadShape {
            dueling: config.dueling,
            noisy,
            ..HeadShape::plain(settings.hidden, interface.actions, values.atoms())
        };
        let network = interface.network(&spec, head, run)?;
        if let Some(objective) = &mut objective {
            let action = ActionSpace::Discrete { count: interface.actions };
            let (latent, projection) = (network.latent(), network.head().projection());
            let device = interface.device.clone().autodiff();
            let layout = &interface.layout;
            let shapes = Shapes { layout, action: &action, latent, projection, device: &device };
            objective.build(&shapes, run.random("init")).map_err(RunError::part)?;
        }
        let device = &interface.device;
        let exploration = Exploration::new(&config.bonus, world, config.copies.worlds, device, run)?;
        let follows = settings.target_every == 1 && spec.target_rate == 1.0;
        Ok(Self {
            target: (!follows).then(|| ema::target_of(&network)),
            network: Trained::new(network, settings.adam()),
            actor: Actor { values, noisy: noisy.is_some(), interface },
            interaction: Interaction::new(&settings, &config.copies, memory, world, run)?,
            target_rate: spec.target_rate,
            dropout: spec.dropout,
            objective,
            exploration,
            config: config.clone(),
        })
    }

    /// Acts once in every copy of the world, remembers it, and says how many updates are due.
    ///
    /// # Errors
    /// The world fails.
    pub fn act(&mut self, run: &mut Run) -> Result<usize> {
        let network = self.network.inference();
        let actions = self
            .interaction
            .step(run, |seen, epsilon, random| self.actor.act(network, seen, epsilon, true, random))?;
        let clipped = |reward: &f32| reward.clamp(-1.0, 1.0);
        let outcome = self.interaction.outcome();
        let mut rewards: Option<Vec<f32>> =
            self.config.clip_rewards.then(|| outcome.reward.iter().map(clipped).collect());
        if let Some(exploration) = &mut self.exploration {
            let own = rewards.unwrap_or_else(|| outcome.reward.clone());
            rewards = exploration.collected(outcome, own, run)?;
        }
        self.interaction.remember(&actions, rewards)?;
        Ok(self.interaction.due())
    }

    /// Lets the network's step size fall linearly to 0 over the run.
    pub fn anneal(&mut self, run: &Run) {
        self.network.set_learning_rate(self.interaction.annealed(run));
    }

    /// Draws a batch: transitions by priority where replay is prioritised, with windows behind them
    /// where there is an objective, which may augment the observations.
    ///
    /// # Errors
    /// The episodes are too short for the objective.
    pub fn draw(&mut self, run: &mut Run) -> Result<Batch> {
        self.check_episodes()?;
        let first = self.config.importance_exponent;
        let done = (run.steps() as f64 / run.total_steps() as f64).min(1.0);
        self.interaction.memory_mut().sample(first + (1.0 - first) * done, run.random("replay"))?;
        if let Some(exploration) = &mut self.exploration {
            exploration.draw(&mut self.interaction.memory_mut().transitions, run)?;
        }
        let (trained, plain) = (self.network.module().head(), self.network.inference().head());
        let random = run.random("noise");
        let (online, chooser, target) =
            (trained.sample_noise(random), plain.sample_noise(random), plain.sample_noise(random));
        let dropout = match self.dropout > 0.0 {
            true => Dropout::new(self.dropout, ChaCha8Rng::seed_from_u64(run.random("dropout").next_u64())),
            false => None,
        };
        let Interface { layout, device, .. } = &self.actor.interface;
        let (mut transitions, actions) = self.interaction.memory().upload(layout, device)?;
        if let Some(objective) = &self.objective {
            let random = run.random("augment");
            transitions.observations = objective.augment(transitions.observations, random);
            transitions.next = objective.augment(transitions.next, random);
        }
        Ok(Batch { transitions, actions, online, chooser, target, dropout })
    }

    /// Refuses, before the first update, windows that no episode so far can hold.
    fn check_episodes(&self) -> Result<()> {
        let memory = self.interaction.memory();
        let Shape { window, steps, .. } = *memory.shape();
        if self.interaction.updates() > 0 || window == 0 {
            return Ok(());
        }
        let longest = memory.replay().longest_episode();
        match longest > window {
            true => Ok(()),
            false => Err(RunError::Task(format!(
                "the objective predicts K = {window} steps beside n = {steps} step returns, but the longest episode \
                 so far has {longest} steps: predict fewer steps or choose a world with longer episodes"
            ))),
        }
    }

    /// The trained network's latents of the observations, `[B, d]` with their graph.
    pub fn encode(&self, batch: &Batch) -> Tensor<2> {
        let observations = batch.transitions.observations.clone().autodiff();
        self.network.module().encode(&observations, batch.dropout.as_ref())
    }

    /// The trained network's numbers `[B, A, N]` for latents, whose gradient enters the encoder unless
    /// the objective alone trains it.
    pub fn output(&self, latent: Tensor<2>, batch: &Batch) -> Tensor<3> {
        let joint = |objective: &dyn Objective| objective.encoder_gradient() == EncoderGradient::Joint;
        let latent = match self.objective.as_deref().is_none_or(joint) {
            true => latent,
            false => latent.detach(),
        };
        self.network.module().head().forward(latent, Some(&batch.online))
    }

    /// Numbers `[B, A, N]` at the next observations, without a graph: the target network's, and those
    /// that choose the action. In double Q-learning (van Hasselt et al., 2016) these are the trained
    /// network's, else the target network's too.
    pub fn next_outputs(&self, batch: &Batch) -> (Tensor<3>, Tensor<3>) {
        let (network, dropout) = (self.network.inference(), batch.dropout.as_ref());
        let next = &batch.transitions.next;
        let latent = network.encode(next, dropout);
        let target = match &self.target {
            Some(target) => target.head().forward(target.encode(next, dropout), Some(&batch.target)),
            None => network.head().forward(latent.clone(), Some(&batch.target)),
        };
        let chooser = match self.config.double {
            true => network.head().forward(latent, Some(&batch.chooser)),
            false => target.clone(),
        };
        (target, chooser)
    }

    /// The objective's terms; none without one. `latent` is that of the batch's observations.
    ///
    /// # Errors
    /// The objective refuses its input.
    pub fn objective_terms(&self, latent: Tensor<2>, batch: &Batch, run: &mut Run) -> Result<Vec<Term>> {
        let Some(objective) = &self.objective else { return Ok(Vec::new()) };
        let Interface { layout, device, .. } = &self.actor.interface;
        let windows = Windows::upload(&self.interaction.memory().windows, layout, device);
        let taps = NetworkTaps {
            online: self.network.module(),
            target: self.target.as_ref().unwrap_or(self.network.inference()),
            start: latent,
            noise: &batch.online,
            target_noise: &batch.target,
            dropout: batch.dropout.as_ref(),
        };
        objective.terms(&taps, &windows, run.random("objective")).map_err(|error| failure(run, error))
    }

    /// One step along the gradient of all losses; the target network follows where it is due.
    ///
    /// # Errors
    /// A loss or the gradient is not finite; nothing has changed then.
    pub fn improve(&mut self, losses: Losses, run: &mut Run) -> Result<()> {
        let Losses { total, means } = losses;
        let mut parts: Vec<&mut dyn Trainable> = vec![&mut self.network];
        parts.extend(self.objective.iter_mut().flat_map(|objective| objective.parts()));
        let done = update(run, "td", total, &mut parts, self.config.values.clip())?;
        if self.interaction.updated(run)
            && let Some(target) = self.target.take()
        {
            self.target = Some(ema::update(target, self.network.inference(), self.target_rate));
        }
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))?;
        let (names, means): (Vec<_>, Vec<_>) = means.into_iter().unzip();
        for (name, mean) in names.into_iter().zip(host(Tensor::cat(means, 0))) {
            run.log(&Term::metric(name), f64::from(mean))?;
        }
        Ok(())
    }

    /// Makes the priorities of the last batch from the size of its errors `[B]`; without effect in
    /// uniform replay.
    ///
    /// # Errors
    /// An error is not finite.
    pub fn prioritise(&mut self, errors: Tensor<1>) -> Result<()> {
        match self.config.prioritised {
            true => self.interaction.memory_mut().set_priorities(&host(errors)),
            false => Ok(()),
        }
    }

    /// A policy from a copy of the network; sampling explores as training last did.
    pub fn policy(&self) -> Box<dyn Policy> {
        let network = self.network.inference().clone();
        Box::new(ValuePolicy { network, actor: self.actor.clone(), epsilon: self.interaction.epsilon() })
    }

    /// Writes everything.
    ///
    /// # Errors
    /// None in practice; the values all have a portable form.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        if let Some(target) = &self.target {
            save_module(snapshot, "target", target);
        }
        if let Some(objective) = &self.objective {
            let mut out = Vec::new();
            objective.save("objective", &mut out);
            snapshot.put_arrays(out);
        }
        if let Some(exploration) = &self.exploration {
            exploration.save(snapshot)?;
        }
        self.interaction.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method, configuration or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        load_trained(arrays, &mut [("network", &mut self.network)])?;
        if let Some(target) = self.target.take() {
            self.target = Some(load_module(arrays, "target", target)?);
        }
        if let Some(objective) = &mut self.objective {
            objective.load("objective", arrays).map_err(RunError::part)?;
        }
        if let Some(exploration) = &mut self.exploration {
            exploration.load(snapshot)?;
        }
        self.interaction.load(snapshot)
    }
}

/// Refuses an objective that this agent cannot serve, and tells what is doubtful about it.
fn fits(objective: &dyn Objective, world: &World, run: &mut Run) -> Result<()> {
    check(objective, world.spec.input(), &world.spec.action).map_err(RunError::part)?;
    if let Some(doubt) = objective.doubt(world.spec.input()) {
        run.note(doubt);
    }
    match objective.rule() {
        UpdateRule::Summed | UpdateRule::Either { .. } => Ok(()),
        UpdateRule::Own { .. } => Err(RunError::Task(format!(
            "the objective `{}` does not fit here: it takes steps of its own before a critic's, but this agent \
             has one loss: use `spr`",
            objective.id()
        ))),
    }
}

/// The error of scalar values, all `[B]`: Huber's, which turns from square to linear at `delta`, or
/// the squared one where that is 0.
pub fn regression(value: Tensor<1>, target: Tensor<1>, delta: f32) -> Tensor<1> {
    match delta > 0.0 {
        true => td::huber(value, target, delta),
        false => td::squared_error(value, target),
    }
}
