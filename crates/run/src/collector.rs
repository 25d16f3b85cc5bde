//! Acting in a batch of worlds: buffers, episode statistics, action scaling.

use rand::Rng;
use serde::{Deserialize, Serialize};
use worlds::{ActionSpace, Actions, Observations, Outcome, Worlds};

use crate::{Result, Run, Snapshot, task::World};

/// Maps a policy's actions in [-1, 1] onto a world's box, and leaves indices alone.
#[derive(Clone, Debug)]
pub struct ActionScale {
    centre: Vec<f32>,
    half: Vec<f32>,
}

impl ActionScale {
    /// The scale of an action space; nothing to do for discrete actions.
    pub fn new(space: &ActionSpace) -> Self {
        let ActionSpace::Box { low, high } = space else {
            return Self { centre: Vec::new(), half: Vec::new() };
        };
        let pairs = || low.iter().zip(high);
        Self {
            centre: pairs().map(|(low, high)| 0.5 * (low + high)).collect(),
            half: pairs().map(|(low, high)| 0.5 * (high - low)).collect(),
        }
    }

    /// Whether the box is centred on zero in every dimension.
    pub fn symmetric(&self) -> bool {
        self.centre.iter().all(|centre| *centre == 0.0)
    }

    /// Centre of the box, one number per dimension.
    pub fn centre(&self) -> &[f32] {
        &self.centre
    }

    /// Half the width of the box, one number per dimension.
    pub fn half_width(&self) -> &[f32] {
        &self.half
    }

    /// A policy's actions for the world's, the inverse of [`ActionScale::to_world`]; a dimension
    /// without extent gives 0.
    pub fn to_policy(&self, actions: &mut Actions) {
        let Actions::Continuous(values) = actions else { return };
        for row in values.chunks_exact_mut(self.half.len().max(1)) {
            for ((value, centre), half) in row.iter_mut().zip(&self.centre).zip(&self.half) {
                *value = if *half > 0.0 { (*value - centre) / half } else { 0.0 };
            }
        }
    }

    /// The world's actions for a policy's.
    pub fn to_world(&self, actions: &Actions) -> Actions {
        match actions {
            Actions::Discrete(indices) => Actions::Discrete(indices.clone()),
            Actions::Continuous(values) => {
                let size = self.half.len();
                let scaled = values.iter().enumerate().map(|(index, value)| {
                    let dimension = index % size;
                    self.centre[dimension] + self.half[dimension] * value
                });
                Actions::Continuous(scaled.collect())
            }
        }
    }
}

/// What a step of the worlds adds to the run's steps.
enum Counts {
    /// The steps really taken, of all rows.
    Steps,
    /// The episodes that ended.
    Episodes,
    /// Nothing: the method counts.
    Nothing,
}

/// Steps a batch of worlds for a learner and reports episodes to its run.
pub struct Collector {
    worlds: Box<dyn Worlds>,
    scale: ActionScale,
    before: Observations,
    outcome: Outcome,
    returns: Vec<f64>,
    lengths: Vec<u64>,
    channels: usize,
    counts: Counts,
    /// Rows whose episode ended in the last step, with its return.
    finished: Vec<(usize, f64)>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    before: Observations,
    outcome: Outcome,
    returns: Vec<f64>,
    lengths: Vec<u64>,
}

impl Collector {
    /// `rows` copies of the world, in their first episodes.
    ///
    /// # Errors
    /// The world cannot be made.
    pub fn new(world: &World, rows: usize, run: &mut Run) -> Result<Self> {
        let seed = run.random("worlds").next_u64();
        let mut worlds = world.make(rows, seed)?;
        let mut outcome = Outcome::new(&world.spec, rows);
        worlds.reset(&mut outcome);
        let scale = ActionScale::new(&world.spec.action);
        if !scale.symmetric() {
            run.note(format!(
                "the action box of `{}` is not symmetric: actions in [-1, 1] are rescaled to it",
                world.spec.name
            ));
        }
        Ok(Self {
            before: outcome.observations.clone(),
            worlds,
            scale,
            outcome,
            returns: vec![0.0; rows],
            lengths: vec![0; rows],
            channels: world.spec.rewards.len(),
            counts: Counts::Steps,
            finished: Vec::new(),
        })
    }

    /// Counts complete episodes as the run's steps, for methods whose unit they are.
    pub fn counting_episodes(mut self) -> Self {
        self.counts = Counts::Episodes;
        self
    }

    /// Leaves counting to the method, for units such as steps per agent.
    pub fn counting_nothing(mut self) -> Self {
        self.counts = Counts::Nothing;
        self
    }

    /// Sets a row's physical parameters for its episodes that begin from now on.
    ///
    /// # Errors
    /// The world refuses them.
    pub fn set_parameters(&mut self, row: usize, values: &[f64]) -> Result<()> {
        Ok(self.worlds.set_parameters(row, values)?)
    }

    /// Begins an episode in every row; those under way are not reported.
    pub fn restart(&mut self) {
        self.worlds.reset(&mut self.outcome);
        self.before.clone_from(&self.outcome.observations);
        self.returns.fill(0.0);
        self.lengths.fill(0);
        self.finished.clear();
    }

    /// The rows whose episode ended in the last step, each with its return.
    pub fn finished(&self) -> &[(usize, f64)] {
        &self.finished
    }

    /// Number of copies.
    pub fn rows(&self) -> usize {
        self.returns.len()
    }

    /// What is seen now, to be acted on.
    pub fn observations(&self) -> &Observations {
        &self.outcome.observations
    }

    /// What was seen before the last step.
    pub fn before(&self) -> &Observations {
        &self.before
    }

    /// What the last step gave.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Acts in every row, with continuous actions in [-1, 1]; counts the steps that were really
    /// taken and reports the episodes that ended.
    ///
    /// # Errors
    /// The world refuses the actions or gives a number that is not finite.
    pub fn step(&mut self, actions: &Actions, run: &mut Run) -> Result<()> {
        std::mem::swap(&mut self.before, &mut self.outcome.observations);
        match actions {
            Actions::Discrete(_) => self.worlds.step(actions, &mut self.outcome)?,
            Actions::Continuous(_) => self.worlds.step(&self.scale.to_world(actions), &mut self.outcome)?,
        }
        let mut taken = 0;
        self.finished.clear();
        for row in 0..self.returns.len() {
            if self.outcome.reset[row] {
                continue;
            }
            taken += 1;
            self.returns[row] += f64::from(self.outcome.reward[row * self.channels]);
            self.lengths[row] += 1;
            if self.outcome.ended(row) {
                run.episode(self.returns[row], self.lengths[row]);
                self.finished.push((row, self.returns[row]));
                (self.returns[row], self.lengths[row]) = (0.0, 0);
            }
        }
        run.count_steps(match self.counts {
            Counts::Steps => taken,
            Counts::Episodes => self.finished.len() as u64,
            Counts::Nothing => 0,
        });
        Ok(())
    }

    /// Writes everything, the worlds' states included.
    ///
    /// # Errors
    /// None in practice; the values all have a portable form.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put_bytes("worlds", self.worlds.save());
        let saved = Saved {
            before: self.before.clone(),
            outcome: self.outcome.clone(),
            returns: self.returns.clone(),
            lengths: self.lengths.clone(),
        };
        snapshot.put("collector", &saved)
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot is of another world or number of copies.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.worlds.restore(snapshot.bytes("worlds")?)?;
        let saved: Saved = snapshot.get("collector")?;
        self.before = saved.before;
        self.outcome = saved.outcome;
        self.returns = saved.returns;
        self.lengths = saved.lengths;
        Ok(())
    }
}
