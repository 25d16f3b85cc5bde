//! Acting in worlds, remembering what came of it, and when it is time to learn.

use rand_chacha::ChaCha8Rng;
use run::{Collector, Result, Run, Snapshot, task::World};
use worlds::{Actions, Observations, Outcome};

use super::{
    config::{Copies, ValueSettings},
    memory::Memory,
};
use crate::experience::Rewarded;

/// What surrounds the updates of every deep value agent.
pub struct Interaction {
    settings: ValueSettings,
    updates_per_round: usize,
    memory: Memory,
    collector: Collector,
    /// Probability of a random action at the last step.
    epsilon: f64,
    /// Steps since the last round of updates.
    owed: u64,
    updates: u64,
    rewarded: Rewarded,
}

impl Interaction {
    /// Copies of the world, in their first episodes, that are remembered in `memory`. Learning waits
    /// for a stretch of each that holds what an update is drawn from.
    ///
    /// # Errors
    /// The world cannot be made.
    pub fn new(
        settings: &ValueSettings,
        copies: &Copies,
        memory: Memory,
        world: &World,
        run: &mut Run,
    ) -> Result<Self> {
        let first = copies.worlds * memory.shape().entries();
        let learning_starts = settings.learning_starts.max(first as u64);
        Ok(Self {
            updates_per_round: copies.updates,
            collector: Collector::new(world, copies.worlds, run)?,
            memory,
            epsilon: settings.epsilon.value(0),
            owed: 0,
            updates: 0,
            rewarded: Rewarded::default(),
            settings: ValueSettings { learning_starts, ..settings.clone() },
        })
    }

    /// Leaves counting steps to the method.
    pub fn counting_nothing(self) -> Self {
        Self { collector: self.collector.counting_nothing(), ..self }
    }

    /// What is remembered.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The same, to be drawn from.
    pub fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// What the last step gave.
    pub fn outcome(&self) -> &Outcome {
        self.collector.outcome()
    }

    /// What is seen now, to be acted on.
    pub fn observations(&self) -> &Observations {
        self.collector.observations()
    }

    /// Probability of a random action at the last step.
    pub fn epsilon(&self) -> f64 {
        self.epsilon
    }

    /// Updates so far.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Acts once in every copy: `choose` gives the actions for what is seen and for a probability of
    /// random ones. The step is to be remembered next.
    ///
    /// # Errors
    /// The world fails.
    pub fn step(
        &mut self,
        run: &mut Run,
        choose: impl FnOnce(&Observations, f64, &mut ChaCha8Rng) -> Actions,
    ) -> Result<Actions> {
        let before = run.steps();
        self.epsilon = self.settings.epsilon.value(before);
        let actions = choose(self.collector.observations(), self.epsilon, run.random("policy"));
        self.collector.step(&actions, run)?;
        run.log("diag/epsilon", self.epsilon)?;
        if run.steps() >= self.settings.learning_starts {
            self.owed += run.steps() - before;
        }
        Ok(actions)
    }

    /// Remembers the last step, with `rewards` in place of the world's where there are any.
    ///
    /// # Errors
    /// They do not fit the memory's description of the world.
    pub fn remember(&mut self, actions: &Actions, rewards: Option<Vec<f32>>) -> Result<()> {
        let outcome = self.rewarded.with(self.collector.outcome(), rewards);
        self.memory.push(self.collector.before(), actions, outcome)
    }

    /// Updates that are due after the last step.
    pub fn due(&mut self) -> usize {
        let rounds = self.owed / self.settings.train_every;
        self.owed %= self.settings.train_every;
        rounds as usize * self.updates_per_round
    }

    /// Counts an update, and says whether target networks are to follow.
    pub fn updated(&mut self, run: &mut Run) -> bool {
        self.updates += 1;
        run.count_updates("network", 1);
        self.updates.is_multiple_of(self.settings.target_every)
    }

    /// The step size where it falls linearly to 0 over the run.
    pub fn annealed(&self, run: &Run) -> f64 {
        let left = 1.0 - run.steps() as f64 / run.total_steps() as f64;
        self.settings.learning_rate * left.max(0.0)
    }

    /// Writes worlds, memory and counters.
    ///
    /// # Errors
    /// None in practice; the values all have a portable form.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.memory.save(snapshot);
        snapshot.put("interaction", &(self.owed, self.updates, self.epsilon))?;
        self.collector.save(snapshot)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another method, configuration or world.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.memory.load(snapshot)?;
        (self.owed, self.updates, self.epsilon) = snapshot.get("interaction")?;
        self.collector.load(snapshot)
    }
}
