//! Acting and remembering for agents that learn from replay.

use burn::tensor::Device;
use learn::batch::{Transitions, Windows};
use memory::{Boundary, Position, Replay, ReplayConfig, Span, TransitionBatch, WindowBatch};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Collector, Result, Run, RunError, Snapshot, task::World};
use worlds::{ActionSpace, Actions, Outcome, Spec};

/// Worlds to act in and a replay memory of what came of it.
pub struct Experience {
    spec: Spec,
    collector: Collector,
    replay: Replay,
    positions: Vec<Position>,
    transitions: TransitionBatch,
    windows: WindowBatch,
    rewarded: Rewarded,
}

/// An outcome with other rewards than the world's, in a buffer that is reused.
#[derive(Default)]
pub struct Rewarded(Option<Outcome>);

impl Rewarded {
    /// `outcome` with `rewards` in place of its own where there are any.
    pub fn with<'a>(&'a mut self, outcome: &'a Outcome, rewards: Option<Vec<f32>>) -> &'a Outcome {
        let Some(rewards) = rewards else { return outcome };
        let changed = self.0.get_or_insert_with(|| outcome.clone());
        changed.clone_from(outcome);
        changed.reward = rewards;
        changed
    }
}

impl Experience {
    /// `rows` copies of the world and room for `capacity` steps.
    ///
    /// # Errors
    /// The world cannot be made, or the capacity is too small for the copies.
    pub fn new(world: &World, rows: usize, capacity: usize, run: &mut Run) -> Result<Self> {
        Ok(Self {
            spec: world.spec.clone(),
            collector: Collector::new(world, rows, run)?,
            replay: Replay::new(ReplayConfig::new(&world.spec, rows, capacity))?,
            positions: Vec::new(),
            transitions: TransitionBatch::new(),
            windows: WindowBatch::new(),
            rewarded: Rewarded::default(),
        })
    }

    /// What the worlds give and take.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The worlds.
    pub fn collector(&self) -> &Collector {
        &self.collector
    }

    /// The memory.
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// Uniform indices, or vectors uniform in [-1, 1], for every copy.
    pub fn random_actions(&self, random: &mut ChaCha8Rng) -> Actions {
        uniform_actions(&self.spec.action, self.collector.rows(), random)
    }

    /// Acts in every copy, with continuous actions in [-1, 1], and remembers it.
    ///
    /// # Errors
    /// The world fails.
    pub fn step(&mut self, actions: &Actions, run: &mut Run) -> Result<()> {
        self.step_rewarded(actions, run, |_, _| Ok(None))
    }

    /// As [`Experience::step`], with what `rewards` gives remembered in place of the world's rewards.
    ///
    /// # Errors
    /// The world fails, and those of `rewards`.
    pub fn step_rewarded(
        &mut self,
        actions: &Actions,
        run: &mut Run,
        rewards: impl FnOnce(&Outcome, &mut Run) -> Result<Option<Vec<f32>>>,
    ) -> Result<()> {
        self.collector.step(actions, run)?;
        let outcome = self.collector.outcome();
        let rewards = rewards(outcome, run)?;
        let outcome = self.rewarded.with(outcome, rewards);
        Ok(self.replay.push(self.collector.before(), actions, outcome, &[])?)
    }

    /// `count` transitions over up to `n` steps, drawn uniformly.
    ///
    /// # Errors
    /// Nothing can be drawn yet.
    pub fn transitions(
        &mut self,
        count: usize,
        n: usize,
        gamma: f64,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Transitions> {
        self.draw(count, n, gamma, random)?;
        Ok(self.upload(device))
    }

    /// Draws `count` transitions over up to `n` steps uniformly, for [`Experience::upload`].
    ///
    /// # Errors
    /// Nothing can be drawn yet.
    pub fn draw(
        &mut self,
        count: usize,
        n: usize,
        gamma: f64,
        random: &mut ChaCha8Rng,
    ) -> Result<&mut TransitionBatch> {
        self.replay.sample_uniform(count, Span::transition(n), random, &mut self.positions)?;
        self.replay.transitions(&self.positions, n, gamma as f32, &mut self.transitions)?;
        Ok(&mut self.transitions)
    }

    /// The transitions that were drawn last.
    pub fn upload(&self, device: &Device) -> Transitions {
        Transitions::upload(&self.transitions, self.spec.input(), device)
    }

    /// `count` windows of `length` steps inside episodes, drawn uniformly.
    ///
    /// # Errors
    /// No episode is that long; the sentence gives both numbers.
    pub fn windows(
        &mut self,
        count: usize,
        length: usize,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Windows> {
        self.bounded_windows(count, Span::window(length, Boundary::Exclude), random, device)
    }

    /// `count` windows of `length` steps that begin anywhere in an episode, drawn uniformly. Steps
    /// beyond its end have mask 0 and show its last observation.
    ///
    /// # Errors
    /// Nothing can be drawn yet.
    pub fn masked_windows(
        &mut self,
        count: usize,
        length: usize,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Windows> {
        self.bounded_windows(count, Span::window(length, Boundary::Mask), random, device)
    }

    fn bounded_windows(
        &mut self,
        count: usize,
        span: Span,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Result<Windows> {
        self.replay.sample_uniform(count, span, random, &mut self.positions)?;
        self.replay.windows(&self.positions, span.after, span, &mut self.windows)?;
        Ok(Windows::upload(&self.windows, self.spec.input(), device))
    }

    /// Writes worlds and memory.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put_replay("replay", &self.replay);
        self.collector.save(snapshot)
    }

    /// Takes worlds and memory back.
    ///
    /// # Errors
    /// The snapshot is of another world or capacity.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.replay = snapshot.replay("replay", self.replay.config().clone())?;
        self.collector.load(snapshot)
    }

    /// Refuses windows that no episode of a world with this horizon can hold.
    ///
    /// # Errors
    /// The horizon is shorter; the sentence gives both numbers.
    pub fn check_horizon(spec: &Spec, length: usize) -> Result<()> {
        match spec.horizon {
            Some(horizon) if horizon < length => Err(RunError::Task(format!(
                "windows of {length} steps do not fit into the episodes of `{}`, which end after {horizon}: shorten the window",
                spec.name
            ))),
            _ => Ok(()),
        }
    }
}

/// Uniform indices, or vectors uniform in [-1, 1], for `rows` rows.
pub fn uniform_actions(space: &ActionSpace, rows: usize, random: &mut ChaCha8Rng) -> Actions {
    match space {
        ActionSpace::Discrete { count } => {
            Actions::Discrete((0..rows).map(|_| random.random_range(0..*count as u32)).collect())
        }
        ActionSpace::Box { low, .. } => {
            Actions::Continuous((0..rows * low.len()).map(|_| random.random_range(-1.0..=1.0)).collect())
        }
    }
}
