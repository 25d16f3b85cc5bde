//! Replay, uniform or by priority, with the window of an objective beside the transition.

use burn::tensor::{Device, Int, Tensor};
use learn::batch::Transitions;
use memory::{
    Boundary, Draw, Prioritised, PriorityConfig, Replay, ReplayConfig, Span, TransitionBatch, WindowBatch,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError, Snapshot};
use worlds::{Actions, Layout, Observations, Outcome, Spec};

use super::config::ValueSettings;

/// Smallest priority: an entry without error keeps a chance to be drawn.
const FLOOR: f64 = 1e-6;

/// What a batch is drawn for.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Transitions per batch, B.
    pub batch: usize,
    /// Steps of the return, n.
    pub steps: usize,
    /// Discount per step.
    pub gamma: f32,
    /// Steps of the objective's windows, K; 0 without an objective.
    pub window: usize,
}

impl Shape {
    /// That of an agent's batches, for returns of `steps` and windows of `window` steps.
    pub fn new(settings: &ValueSettings, steps: usize, window: usize) -> Self {
        Self { batch: settings.batch, steps, gamma: settings.gamma as f32, window }
    }

    /// Entries that an update's position reaches over: those of the return and of the window.
    pub fn entries(&self) -> usize {
        self.steps + self.window + 1
    }

    fn span(&self) -> Span {
        Span { before: 0, after: self.steps + self.window, boundary: Boundary::Mask }
    }
}

enum Store {
    Uniform(Replay),
    Prioritised(Prioritised),
}

/// Replay with its buffers.
pub struct Memory {
    store: Store,
    shape: Shape,
    priority: Option<PriorityConfig>,
    draw: Draw,
    /// The transitions of the last draw.
    pub transitions: TransitionBatch,
    /// The windows of the last draw; empty without an objective.
    pub windows: WindowBatch,
}

impl Memory {
    /// An empty memory for `capacity` entries of `rows` copies of a world, of which batches of this
    /// shape are drawn; with `exponent` (alpha in the paper of Schaul et al., 2016) by priority.
    ///
    /// # Errors
    /// A setting is out of range or the memory cannot be had.
    pub fn new(
        spec: &Spec,
        rows: usize,
        capacity: usize,
        shape: Shape,
        exponent: Option<f64>,
    ) -> Result<Self> {
        let priority = exponent.map(|alpha| PriorityConfig { alpha, floor: FLOOR, stratified: true });
        let replay = Replay::new(ReplayConfig::new(spec, rows, capacity))?;
        Ok(Self {
            store: store(replay, priority, None)?,
            shape,
            priority,
            draw: Draw::default(),
            transitions: TransitionBatch::new(),
            windows: WindowBatch::new(),
        })
    }

    /// The replay below.
    pub fn replay(&self) -> &Replay {
        match &self.store {
            Store::Uniform(replay) => replay,
            Store::Prioritised(prioritised) => prioritised.replay(),
        }
    }

    /// Appends one entry per row.
    ///
    /// # Errors
    /// Those of [`Replay::push`].
    pub fn push(&mut self, seen: &Observations, actions: &Actions, outcome: &Outcome) -> Result<()> {
        match &mut self.store {
            Store::Uniform(replay) => replay.push(seen, actions, outcome, &[])?,
            Store::Prioritised(prioritised) => prioritised.push(seen, actions, outcome, &[])?,
        }
        Ok(())
    }

    /// What batches are drawn for.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Draws a batch into [`Memory::transitions`] and [`Memory::windows`]. `beta` is the exponent of
    /// the importance weights, which are 1 in uniform replay.
    ///
    /// # Errors
    /// No position has what the shape needs.
    pub fn sample(&mut self, beta: f64, random: &mut ChaCha8Rng) -> Result<()> {
        let Self { store, draw, shape, .. } = self;
        match store {
            Store::Uniform(replay) => {
                replay.sample_uniform(shape.batch, shape.span(), random, &mut draw.positions)?;
                draw.weights.clear();
                draw.weights.resize(shape.batch, 1.0);
            }
            Store::Prioritised(prioritised) => {
                prioritised.sample(shape.batch, shape.span(), beta, random, draw)?;
            }
        }
        self.gather()
    }

    /// Draws a batch of one row's transitions, uniformly: the positions of this row among up to
    /// `attempts` draws from all rows. Says whether they make a whole batch.
    ///
    /// # Errors
    /// No position has what the shape needs.
    pub fn sample_row(&mut self, row: usize, attempts: usize, random: &mut ChaCha8Rng) -> Result<bool> {
        let (batch, span) = (self.shape.batch, self.shape.span());
        let among = batch * self.replay().config().rows;
        let (mut candidates, mut own) = (Vec::new(), Vec::new());
        for _ in 0..attempts {
            self.replay().sample_uniform(among, span, random, &mut candidates)?;
            own.extend(candidates.iter().filter(|position| position.row() == row));
            if own.len() >= batch {
                own.truncate(batch);
                (self.draw.positions, self.draw.weights) = (own, vec![1.0; batch]);
                return self.gather().map(|()| true);
            }
        }
        Ok(false)
    }

    /// Reads what the last draw's positions hold.
    fn gather(&mut self) -> Result<()> {
        let Self { store, draw, shape, transitions, windows, .. } = self;
        let replay = match store {
            Store::Uniform(replay) => replay,
            Store::Prioritised(prioritised) => prioritised.replay(),
        };
        replay.transitions(&draw.positions, shape.steps, shape.gamma, transitions)?;
        transitions.weight.copy_from_slice(&draw.weights);
        if shape.window > 0 {
            let span = Span::window(shape.window, Boundary::Mask);
            replay.windows(&draw.positions, shape.window, span, windows)?;
            windows.weight.copy_from_slice(&draw.weights);
        }
        Ok(())
    }

    /// The transitions of the last draw on the device, and the indices of their actions, `[B]`.
    ///
    /// # Errors
    /// The actions are continuous.
    pub fn upload(&self, layout: &Layout, device: &Device) -> Result<(Transitions, Tensor<1, Int>)> {
        let transitions = Transitions::upload(&self.transitions, layout, device);
        let actions = transitions.actions.indices();
        let actions = actions.ok_or_else(|| RunError::part("the replay holds continuous actions"))?;
        Ok((transitions, actions))
    }

    /// Whether draws follow priorities.
    pub fn prioritised(&self) -> bool {
        self.priority.is_some()
    }

    /// Sets the priorities of the last draw; without effect in uniform replay.
    ///
    /// # Errors
    /// A priority is negative or not finite.
    pub fn set_priorities(&mut self, priorities: &[f32]) -> Result<()> {
        if let Store::Prioritised(prioritised) = &mut self.store {
            prioritised.update(&self.draw.positions, priorities)?;
        }
        Ok(())
    }

    /// Writes everything stored.
    pub fn save(&self, snapshot: &mut Snapshot) {
        snapshot.put_replay("replay", self.replay());
        if let Store::Prioritised(prioritised) = &self.store {
            snapshot.put_bytes("priorities", prioritised.save_priorities());
        }
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// The snapshot lacks it, or holds another world's.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let replay = snapshot.replay("replay", self.replay().config().clone())?;
        let saved = self.priority.map(|_| snapshot.bytes("priorities")).transpose()?;
        self.store = store(replay, self.priority, saved)?;
        Ok(())
    }
}

fn store(replay: Replay, priority: Option<PriorityConfig>, saved: Option<&[u8]>) -> Result<Store> {
    Ok(match (priority, saved) {
        (None, _) => Store::Uniform(replay),
        (Some(config), None) => Store::Prioritised(Prioritised::new(replay, config)?),
        (Some(config), Some(bytes)) => Store::Prioritised(Prioritised::restore(replay, config, bytes)?),
    })
}
