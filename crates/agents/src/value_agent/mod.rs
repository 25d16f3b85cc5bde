//! What agents that learn values of discrete actions share: replay, the temporal-difference loss,
//! a target network, exploration, and the place where a representation objective plugs in.
//!
//! [`crate::baseline::dqn`] and [`crate::baseline::rainbow`] are settings of this agent;
//! [`crate::representation::spr`] is Rainbow's with an objective.

pub mod checks;
mod learn_step;
pub mod loss;
pub mod memory;
pub mod network;
pub mod policy;
#[cfg(test)]
mod tests;

use ::memory::ReplayConfig;
use learn::{
    objective::{Objective, Shapes, UpdateRule, check},
    optim::{AdamSettings, Trained},
    schedule::Schedule,
};
use nets::{ema, encoder::EncoderConfig};
use run::{Collector, Policy, Progress, Result, Run, RunError, Snapshot, task::World};
use worlds::{ActionSpace, Outcome};

use self::{
    loss::Values,
    memory::{Memory, Shape},
    network::{HeadShape, QNetwork},
    policy::{Actor, ValuePolicy},
};
use crate::{
    device, networks,
    state::{arrays, load_module, load_trained, portable, save_module, save_trained},
};

/// Everything a value agent can be told; methods make it from their hyper-parameters.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Copies of the world.
    pub worlds: usize,
    /// Steps before the first update; it waits for a stretch that holds a return and a window.
    pub learning_starts: u64,
    /// Environment steps per round of updates.
    pub train_every: u64,
    /// Updates per round.
    pub updates: usize,
    /// Transitions per update.
    pub batch: usize,
    /// Entries of the replay.
    pub capacity: usize,
    /// Steps of the return.
    pub n_step: usize,
    /// Discount per step.
    pub gamma: f64,
    /// Probability of a random action over environment steps.
    pub epsilon: Schedule,
    /// The trained network chooses the next action, the target network values it.
    pub double: bool,
    /// Rewards are cut to [-1, 1].
    pub clip_rewards: bool,
    /// What the network's numbers mean.
    pub values: Values,
    /// Separate streams for value and advantage.
    pub dueling: bool,
    /// Initial noise scale of noisy layers.
    pub noisy: Option<f64>,
    /// Width of the head's hidden layers.
    pub hidden: usize,
    /// From observations to latents.
    pub encoder: EncoderConfig,
    /// Updates between steps of the target network.
    pub target_every: u64,
    /// Share of the trained network in such a step; 1 copies.
    pub target_rate: f64,
    /// Limit of the global gradient norm.
    pub gradient_clip: Option<f32>,
    /// The optimiser.
    pub adam: AdamSettings,
    /// Whether the network's step size falls linearly to 0 over the run.
    pub anneal: bool,
    /// Prioritised replay.
    pub priority: Option<Priority>,
}

/// Prioritised replay (Schaul et al., 2016).
#[derive(Clone, Copy, Debug)]
pub struct Priority {
    /// Exponent of the priorities, alpha.
    pub exponent: f64,
    /// Exponent of the importance weights at the start, beta; it rises to 1 over the run.
    pub importance: f64,
}

/// A learner of values, with its replay and its worlds.
pub struct ValueAgent {
    settings: Settings,
    shape: Shape,
    actor: Actor,
    network: Trained<QNetwork>,
    /// Nothing where it equals the trained network after every update.
    target: Option<QNetwork>,
    target_rate: f64,
    target_every: u64,
    dropout: f64,
    objective: Option<Box<dyn Objective>>,
    memory: Memory,
    collector: Collector,
    /// Environment steps since the last round of updates.
    owed: u64,
    updates: u64,
    /// Probability of a random action at the last step.
    epsilon: f64,
    /// Reused copy of an outcome whose rewards are cut.
    clipped: Option<Outcome>,
}

impl ValueAgent {
    /// Builds networks, replay and worlds; `objective` may change the networks first.
    ///
    /// # Errors
    /// The objective, the encoder or the replay does not fit the task.
    pub fn new(
        mut settings: Settings,
        mut objective: Option<Box<dyn Objective>>,
        world: &World,
        run: &mut Run,
    ) -> Result<Self> {
        let layout = world.spec.input();
        let actions = world.discrete().ok_or_else(|| {
            RunError::Task(format!("world `{}` has no discrete actions to learn values of", world.spec.name))
        })?;
        let device = device::parse(run.device())?;
        let mut spec = networks::spec_of(&settings.encoder, world, settings.target_rate);
        let mut target_every = settings.target_every;
        if let Some(objective) = &objective {
            fits(objective.as_ref(), world)?;
            objective.edit(&mut spec);
            target_every = 1;
        }
        let window = objective.as_ref().map_or(0, |objective| objective.needs().window);
        let gamma = settings.gamma as f32;
        let shape = Shape { batch: settings.batch, steps: settings.n_step, gamma, window };
        let first = settings.worlds * (shape.steps + shape.window + 1);
        settings.learning_starts = settings.learning_starts.max(first as u64);
        let memory = replay(&settings, &shape, world)?;
        let head = HeadShape {
            hidden: settings.hidden,
            actions,
            atoms: settings.values.atoms(),
            dueling: settings.dueling,
            noisy: settings.noisy,
        };
        let training = device.clone().autodiff();
        let network =
            QNetwork::new(&spec, head, layout, &training, run.random("init")).map_err(RunError::part)?;
        if let Some(objective) = &mut objective {
            let action = ActionSpace::Discrete { count: actions };
            let (latent, projection) = (network.latent(), network.head().projection());
            let shapes = Shapes { layout, action: &action, latent, projection, device: &training };
            objective.build(&shapes, run.random("init")).map_err(RunError::part)?;
        }
        let follows = target_every == 1 && spec.target_rate == 1.0;
        let target = (!follows).then(|| ema::target_of(&network));
        let noisy = settings.noisy.is_some();
        Ok(Self {
            actor: Actor { values: settings.values, noisy, layout: layout.clone(), device },
            network: Trained::new(network, settings.adam),
            target,
            target_rate: spec.target_rate,
            target_every,
            dropout: spec.dropout,
            objective,
            memory,
            collector: Collector::new(world, settings.worlds, run)?,
            owed: 0,
            updates: 0,
            epsilon: settings.epsilon.value(0),
            clipped: settings.clip_rewards.then(|| Outcome::new(&world.spec, settings.worlds)),
            shape,
            settings,
        })
    }

    /// One step of every copy of the world, and the updates that are due.
    ///
    /// # Errors
    /// The world fails, or a loss is not finite.
    pub fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let before = run.steps();
        self.collect(run)?;
        if run.steps() < self.settings.learning_starts {
            return Ok(Progress::MAIN);
        }
        self.owed += run.steps() - before;
        if self.settings.anneal {
            let left = 1.0 - run.steps() as f64 / run.total_steps() as f64;
            self.network.set_learning_rate(self.settings.adam.learning_rate * left.max(0.0));
        }
        while self.owed >= self.settings.train_every {
            self.owed -= self.settings.train_every;
            for _ in 0..self.settings.updates {
                self.learn(run)?;
            }
        }
        Ok(Progress::MAIN)
    }

    fn collect(&mut self, run: &mut Run) -> Result<()> {
        self.epsilon = self.settings.epsilon.value(run.steps());
        let network = self.network.inference();
        let actions =
            self.actor.act(network, self.collector.observations(), self.epsilon, true, run.random("policy"));
        self.collector.step(&actions, run)?;
        run.log("diag/epsilon", self.epsilon)?;
        let mut outcome = self.collector.outcome();
        if let Some(clipped) = &mut self.clipped {
            clipped.clone_from(outcome);
            clipped.reward.iter_mut().for_each(|reward| *reward = reward.clamp(-1.0, 1.0));
            outcome = clipped;
        }
        self.memory.push(self.collector.before(), &actions, outcome)
    }

    /// A policy from a copy of the network; sampling explores as training last did.
    pub fn policy(&self) -> Box<dyn Policy> {
        let network = self.network.inference().clone();
        Box::new(ValuePolicy { network, actor: self.actor.clone(), epsilon: self.epsilon })
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
            snapshot.put_arrays(portable(out));
        }
        self.memory.save(snapshot);
        snapshot.put("value-agent", &(self.owed, self.updates, self.epsilon))?;
        self.collector.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method, configuration or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        load_trained(&arrays, &mut [("network", &mut self.network)])?;
        if let Some(target) = self.target.take() {
            self.target = Some(load_module(&arrays, "target", target)?);
        }
        if let Some(objective) = &mut self.objective {
            objective.load("objective", &arrays).map_err(RunError::part)?;
        }
        self.memory.load(snapshot)?;
        (self.owed, self.updates, self.epsilon) = snapshot.get("value-agent")?;
        self.collector.load(snapshot)
    }
}

/// Refuses an objective that this agent cannot serve.
fn fits(objective: &dyn Objective, world: &World) -> Result<()> {
    check(objective, world.spec.input(), &world.spec.action).map_err(RunError::part)?;
    match objective.rule() {
        UpdateRule::Summed => Ok(()),
        UpdateRule::Own { .. } => Err(RunError::Task(format!(
            "the objective `{}` does not fit here: it takes steps of its own before a critic's, but this agent \
             has one loss: use `spr`",
            objective.id()
        ))),
    }
}

/// The replay, long enough for the returns and windows that are drawn from it.
fn replay(settings: &Settings, shape: &Shape, world: &World) -> Result<Memory> {
    let config = ReplayConfig::new(&world.spec, settings.worlds, settings.capacity);
    let (length, needed) = (config.length(), shape.steps + shape.window + 1);
    if length < needed {
        return Err(RunError::Config(format!(
            "`capacity` leaves {length} entries for each of {} worlds, but windows of K = {} steps with \
             n = {} step returns need {needed}: raise `capacity`",
            settings.worlds, shape.window, shape.steps
        )));
    }
    Memory::new(config, settings.priority.map(|priority| priority.exponent))
}
