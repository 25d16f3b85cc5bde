//! What one rollout gathers, step by step: `[T, B]` arrays with the time first.

use burn::tensor::Device;
use learn::{
    batch::{self, ActionBatch},
    returns,
};
use nets::observed::Observed;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use run::{Collector, Result, Run, RunError};
use worlds::{ActionSpace, Actions, Array, Layout, Outcome};

use super::network::Sampler;

/// A rollout of T steps in B copies of a world.
pub struct Rollout {
    steps: usize,
    rows: usize,
    input_size: usize,
    observations: Array,
    actions: Actions,
    log_prob: Vec<f32>,
    value: Vec<f32>,
    reward: Vec<f32>,
    terminated: Vec<bool>,
    ended: Vec<bool>,
    ignored: Vec<bool>,
    advantage: Vec<f32>,
}

/// What a policy makes of what the copies show.
pub struct Look {
    /// What the rollout keeps of it, in its layout.
    pub kept: Array,
    /// Logits or means, `[B, size]`.
    pub head: Vec<f32>,
    /// Logarithms of the deviations, `[size]`; empty for logits.
    pub log_std: Vec<f32>,
    /// Values, `[B]`.
    pub value: Vec<f32>,
}

/// A minibatch: tensors for the network, host arrays for the rest.
pub struct Minibatch {
    /// Observations, `[M, ...]`.
    pub observations: Observed,
    /// Actions, `[M]`.
    pub actions: ActionBatch,
    /// Log-probabilities under the policy that collected, `[M]`.
    pub log_prob: Vec<f32>,
    /// Advantages, `[M]`.
    pub advantage: Vec<f32>,
    /// Values when the steps were taken, `[M]`.
    pub value: Vec<f32>,
    /// Targets of the value, `[M]`.
    pub target: Vec<f32>,
}

impl Rollout {
    /// Empty buffers for `steps` steps of `rows` copies whose policy reads `input`.
    pub fn new(input: &Layout, action: &ActionSpace, steps: usize, rows: usize) -> Self {
        let count = steps * rows;
        let mut rollout = Self {
            steps,
            rows,
            input_size: input.size(),
            observations: input.zeros(count),
            actions: Actions::zeros(action, count),
            log_prob: Vec::with_capacity(count),
            value: Vec::with_capacity(count + rows),
            reward: Vec::with_capacity(count),
            terminated: Vec::with_capacity(count),
            ended: Vec::with_capacity(count),
            ignored: Vec::with_capacity(count),
            advantage: Vec::with_capacity(count),
        };
        rollout.clear();
        rollout
    }

    /// Takes T steps in every copy. `look` says what is made of what they show, and whether a step
    /// follows; actions are drawn by `sampler`. `after` is called after every step, with what was done
    /// and earned, which it may change: it may use what ended and prepare what begins.
    ///
    /// # Errors
    /// The world fails, and those of `look` and `after`.
    pub fn fill(
        &mut self,
        collector: &mut Collector,
        sampler: &Sampler,
        run: &mut Run,
        mut look: impl FnMut(&Collector, bool) -> Result<Look>,
        mut after: impl FnMut(&mut Collector, &Actions, &mut [f32], &mut Run) -> Result<()>,
    ) -> Result<()> {
        let mut log_prob = Vec::with_capacity(self.rows);
        self.clear();
        for _ in 0..self.steps {
            let Look { kept, head, log_std, value } = look(collector, true)?;
            let actions = sampler.sample(&head, &log_std, run.random("policy"), &mut log_prob);
            collector.step(&actions, run)?;
            let reward = &collector.outcome().reward;
            let channels = (reward.len() / self.rows).max(1);
            let mut reward: Vec<f32> = reward.iter().copied().step_by(channels).collect();
            after(collector, &actions, &mut reward, run)?;
            self.push(&kept, &actions, &log_prob, &value, &reward, collector.outcome());
        }
        self.value.extend_from_slice(&look(collector, false)?.value);
        Ok(())
    }

    /// Forgets everything, keeping the buffers.
    fn clear(&mut self) {
        match &mut self.observations {
            Array::Float(values) => values.clear(),
            Array::Byte(bytes) => bytes.clear(),
        }
        match &mut self.actions {
            Actions::Discrete(indices) => indices.clear(),
            Actions::Continuous(values) => values.clear(),
        }
        for values in [&mut self.log_prob, &mut self.value, &mut self.reward, &mut self.advantage] {
            values.clear();
        }
        for flags in [&mut self.terminated, &mut self.ended, &mut self.ignored] {
            flags.clear();
        }
    }

    /// Adds one step of every copy: what was seen, done and valued, and what came of it.
    fn push(
        &mut self,
        input: &Array,
        actions: &Actions,
        log_prob: &[f32],
        value: &[f32],
        reward: &[f32],
        outcome: &Outcome,
    ) {
        match (&mut self.observations, input) {
            (Array::Float(all), Array::Float(new)) => all.extend_from_slice(new),
            (Array::Byte(all), Array::Byte(new)) => all.extend_from_slice(new),
            _ => {}
        }
        match (&mut self.actions, actions) {
            (Actions::Discrete(all), Actions::Discrete(new)) => all.extend_from_slice(new),
            (Actions::Continuous(all), Actions::Continuous(new)) => all.extend_from_slice(new),
            _ => {}
        }
        self.log_prob.extend_from_slice(log_prob);
        self.value.extend_from_slice(value);
        self.reward.extend_from_slice(reward);
        self.terminated.extend_from_slice(&outcome.terminated);
        self.ended.extend((0..self.rows).map(|row| outcome.ended(row)));
        self.ignored.extend_from_slice(&outcome.reset);
    }

    /// Computes advantages. The value after a step is that of the next entry: with next-step
    /// autoreset this is the final observation where an episode was cut short, and it counts for
    /// nothing where the episode really ended.
    ///
    /// # Errors
    /// None for a finished rollout.
    pub fn estimate_advantages(&mut self, gamma: f64, lambda: f64) -> Result<()> {
        let count = self.reward.len();
        let unless = |flags: &[bool], value: f32| -> Vec<f32> {
            flags.iter().map(|flag| if *flag { 0.0 } else { value }).collect()
        };
        let shape =
            returns::Rollout { steps: count / self.rows, rows: self.rows, order: returns::Order::TimeMajor };
        let steps = returns::Steps {
            reward: &self.reward,
            discount: &unless(&self.terminated, gamma as f32),
            value_next: &self.value[self.rows..],
            continues: &unless(&self.ended, 1.0),
        };
        let valid = unless(&self.ignored, 1.0);
        let result = returns::gae(shape, steps, &self.value[..count], &valid, lambda as f32);
        self.advantage = result.map_err(RunError::part)?.advantage;
        Ok(())
    }

    /// Indices of the entries whose actions were really taken.
    pub fn taken(&self) -> Vec<usize> {
        (0..self.ignored.len()).filter(|index| !self.ignored[*index]).collect()
    }

    /// The entries of these indices.
    pub fn minibatch(&self, indices: &[usize], layout: &Layout, device: &Device) -> Minibatch {
        let pick = |values: &[f32]| indices.iter().map(|index| values[*index]).collect::<Vec<f32>>();
        let observations = match &self.observations {
            Array::Float(values) => Array::Float(gather(values, indices, self.input_size)),
            Array::Byte(bytes) => Array::Byte(gather(bytes, indices, self.input_size)),
        };
        let actions = match &self.actions {
            Actions::Discrete(all) => Actions::Discrete(indices.iter().map(|index| all[*index]).collect()),
            Actions::Continuous(all) => {
                Actions::Continuous(gather(all, indices, all.len() / self.reward.len()))
            }
        };
        let advantage = pick(&self.advantage);
        let value = pick(&self.value);
        let target = advantage.iter().zip(&value).map(|(advantage, value)| advantage + value).collect();
        Minibatch {
            observations: batch::observe(&observations, layout, indices.len(), device),
            actions: ActionBatch::upload(&actions, indices.len(), device),
            log_prob: pick(&self.log_prob),
            value,
            target,
            advantage,
        }
    }
}

/// Passes over a rollout's entries, each in a random order and cut into minibatches for `step`; where
/// there are no entries, there are no steps.
///
/// # Errors
/// Those of `step`.
pub fn passes(
    mut entries: Vec<usize>,
    [passes, minibatches]: [usize; 2],
    run: &mut Run,
    mut step: impl FnMut(&[usize], &mut Run) -> Result<()>,
) -> Result<()> {
    let size = entries.len().div_ceil(minibatches).max(1);
    for _ in 0..passes {
        shuffle(&mut entries, run.random("minibatches"));
        entries.chunks(size).try_for_each(|minibatch| step(minibatch, run))?;
    }
    Ok(())
}

/// Puts indices in a random order (Fisher and Yates).
pub fn shuffle(indices: &mut [usize], random: &mut ChaCha8Rng) {
    for last in (1..indices.len()).rev() {
        let other = (u64::from(random.next_u32()) * (last as u64 + 1)) >> 32;
        indices.swap(last, other as usize);
    }
}

fn gather<T: Copy>(values: &[T], indices: &[usize], size: usize) -> Vec<T> {
    indices.iter().flat_map(|index| values[index * size..(index + 1) * size].iter().copied()).collect()
}
