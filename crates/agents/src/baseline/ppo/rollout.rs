//! What one rollout gathers, step by step: `[T, B]` arrays with the time first.

use burn::tensor::Device;
use learn::{
    batch::{self, ActionBatch},
    returns,
};
use nets::observed::Observed;
use run::{Result, RunError};
use worlds::{ActionSpace, Actions, Array, Layout, Outcome};

/// A rollout of T steps in B copies of a world.
pub struct Rollout {
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

    /// Forgets everything, keeping the buffers.
    pub fn clear(&mut self) {
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
    pub fn push(
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

    /// Adds the values of what is seen after the last step.
    pub fn finish(&mut self, value: &[f32]) {
        self.value.extend_from_slice(value);
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

fn gather<T: Copy>(values: &[T], indices: &[usize], size: usize) -> Vec<T> {
    indices.iter().flat_map(|index| values[index * size..(index + 1) * size].iter().copied()).collect()
}
