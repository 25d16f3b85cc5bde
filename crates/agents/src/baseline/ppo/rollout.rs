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

/// A rollout of T steps in B copies of a world, whose rewards have R channels.
pub struct Rollout {
    steps: usize,
    rows: usize,
    channels: usize,
    input_size: usize,
    observations: Array,
    /// What is kept besides, some numbers for every entry.
    beside: Vec<f32>,
    actions: Actions,
    log_prob: Vec<f32>,
    value: Vec<f32>,
    reward: Vec<f32>,
    terminated: Vec<bool>,
    ended: Vec<bool>,
    ignored: Vec<bool>,
    /// `[T, B]`.
    advantage: Vec<f32>,
    /// What values are fitted to, `[T, B, R]`.
    target: Vec<f32>,
}

/// How rewards of one channel count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Discount per step.
    pub gamma: f64,
    /// Whether its values end with the episode; else they go on with the next one, so that what is
    /// new there counts too (Burda et al., 2018, section 2.3).
    pub episodic: bool,
    /// Weight of its advantages in their sum.
    pub weight: f32,
}

impl Channel {
    /// The world's reward.
    pub fn reward(gamma: f64) -> Self {
        Self { gamma, episodic: true, weight: 1.0 }
    }
}

/// What a policy makes of what the copies show.
pub struct Look {
    /// What the rollout keeps of it, in its layout.
    pub kept: Array,
    /// What it keeps besides, as many numbers of every copy; may be empty.
    pub beside: Vec<f32>,
    /// Logits or means, `[B, size]`.
    pub head: Vec<f32>,
    /// Logarithms of the deviations, `[size]`; empty for logits.
    pub log_std: Vec<f32>,
    /// Values, `[B, R]`.
    pub value: Vec<f32>,
}

/// A minibatch: tensors for the network, host arrays for the rest.
pub struct Minibatch {
    /// Observations, `[M, ...]`.
    pub observations: Observed,
    /// What was kept besides, `[M, ...]`.
    pub beside: Vec<f32>,
    /// Actions, `[M]`.
    pub actions: ActionBatch,
    /// Log-probabilities under the policy that collected, `[M]`.
    pub log_prob: Vec<f32>,
    /// Advantages, `[M]`.
    pub advantage: Vec<f32>,
    /// Values when the steps were taken, `[M, R]`.
    pub value: Vec<f32>,
    /// Targets of the values, `[M, R]`.
    pub target: Vec<f32>,
}

impl Rollout {
    /// Empty buffers for `steps` steps of `rows` copies whose policy reads `input`, and rewards of one
    /// channel.
    pub fn new(input: &Layout, action: &ActionSpace, steps: usize, rows: usize) -> Self {
        let count = steps * rows;
        let mut rollout = Self {
            steps,
            rows,
            channels: 1,
            input_size: input.size(),
            observations: input.zeros(count),
            beside: Vec::new(),
            actions: Actions::zeros(action, count),
            log_prob: Vec::with_capacity(count),
            value: Vec::with_capacity(count + rows),
            reward: Vec::with_capacity(count),
            terminated: Vec::with_capacity(count),
            ended: Vec::with_capacity(count),
            ignored: Vec::with_capacity(count),
            advantage: Vec::with_capacity(count),
            target: Vec::with_capacity(count),
        };
        rollout.clear();
        rollout
    }

    /// The same for rewards of `channels` channels.
    pub fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }

    /// Takes T steps in every copy. `look` says what is made of what they show, and whether a step
    /// follows; actions are drawn by `sampler`. `after` is called after every step, with what was done
    /// and earned, `[B, R]`, which it may change (channels that the world does not have are 0): it may
    /// use what ended and prepare what begins.
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
            let Look { kept, beside, head, log_std, value } = look(collector, true)?;
            self.beside.extend(beside);
            let actions = sampler.sample(&head, &log_std, run.random("policy"), &mut log_prob);
            collector.step(&actions, run)?;
            let mut reward = self.first_channels(&collector.outcome().reward);
            after(collector, &actions, &mut reward, run)?;
            self.push(&kept, &actions, &log_prob, &value, &reward, collector.outcome());
        }
        self.value.extend_from_slice(&look(collector, false)?.value);
        Ok(())
    }

    /// The first R channels of the world's rewards, `[B, R]`; 0 where the world has fewer.
    fn first_channels(&self, reward: &[f32]) -> Vec<f32> {
        let given = (reward.len() / self.rows).max(1);
        let channel = |row: &[f32], channel: usize| row.get(channel).copied().unwrap_or(0.0);
        let row = |row| (0..self.channels).map(move |index| channel(row, index));
        reward.chunks_exact(given).flat_map(row).collect()
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
        let Self { beside, log_prob, value, reward, advantage, target, .. } = self;
        [beside, log_prob, value, reward, advantage, target].into_iter().for_each(Vec::clear);
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

    /// Computes advantages, summed over the channels by their weights, and what values are fitted to.
    /// The value after a step is that of the next entry: with next-step autoreset this is the final
    /// observation where an episode was cut short, and it counts for nothing where the episode really
    /// ended.
    ///
    /// # Errors
    /// None for a finished rollout and as many channels as it has.
    pub fn estimate_advantages(&mut self, channels: &[Channel], lambda: f64) -> Result<()> {
        self.advantage = vec![0.0; self.ignored.len()];
        self.target = vec![0.0; self.reward.len()];
        for (index, channel) in channels.iter().enumerate() {
            let (advantage, value) = self.advantages_of(index, *channel, lambda)?;
            for (entry, (advantage, value)) in advantage.into_iter().zip(value).enumerate() {
                self.advantage[entry] += channel.weight * advantage;
                self.target[entry * self.channels + index] = advantage + value;
            }
        }
        Ok(())
    }

    /// Advantages of one channel and the values they are beside, both `[T, B]`.
    fn advantages_of(&self, index: usize, channel: Channel, lambda: f64) -> Result<(Vec<f32>, Vec<f32>)> {
        let count = self.ignored.len();
        let of =
            |values: &[f32]| values.iter().copied().skip(index).step_by(self.channels).collect::<Vec<f32>>();
        let unless = |flags: &[bool], value: f32| -> Vec<f32> {
            flags.iter().map(|flag| if *flag { 0.0 } else { value }).collect()
        };
        let (reward, value) = (of(&self.reward), of(&self.value));
        let gamma = channel.gamma as f32;
        let mut value_next = value[self.rows..].to_vec();
        let discount = match channel.episodic {
            true => unless(&self.terminated, gamma),
            false => {
                // The entry after the final observation is the next episode's first.
                let skip = 2 * self.rows;
                let ends = (0..count).filter(|entry| self.ended[*entry] && entry + skip < value.len());
                ends.for_each(|entry| value_next[entry] = value[entry + skip]);
                vec![gamma; count]
            }
        };
        let shape =
            returns::Rollout { steps: count / self.rows, rows: self.rows, order: returns::Order::TimeMajor };
        let steps = returns::Steps {
            reward: &reward,
            discount: &discount,
            value_next: &value_next,
            continues: &unless(&self.ended, 1.0),
        };
        let valid = unless(&self.ignored, 1.0);
        let result = returns::gae(shape, steps, &value[..count], &valid, lambda as f32);
        Ok((result.map_err(RunError::part)?.advantage, value))
    }

    /// Indices of the entries whose actions were really taken.
    pub fn taken(&self) -> Vec<usize> {
        (0..self.ignored.len()).filter(|&index| self.was_taken(index)).collect()
    }

    /// Whether an entry's action was really taken.
    pub fn was_taken(&self, index: usize) -> bool {
        !self.ignored[index]
    }

    /// What was seen at these indices.
    pub fn observed(&self, indices: &[usize], layout: &Layout, device: &Device) -> Observed {
        let observations = match &self.observations {
            Array::Float(values) => Array::Float(gather(values, indices, self.input_size)),
            Array::Byte(bytes) => Array::Byte(gather(bytes, indices, self.input_size)),
        };
        batch::observe(&observations, layout, indices.len(), device)
    }

    /// The entries of these indices.
    pub fn minibatch(&self, indices: &[usize], layout: &Layout, device: &Device) -> Minibatch {
        let pick = |values: &[f32]| indices.iter().map(|index| values[*index]).collect::<Vec<f32>>();
        let actions = match &self.actions {
            Actions::Discrete(all) => Actions::Discrete(indices.iter().map(|index| all[*index]).collect()),
            Actions::Continuous(all) => {
                Actions::Continuous(gather(all, indices, all.len() / self.ignored.len()))
            }
        };
        let channels = self.channels;
        Minibatch {
            observations: self.observed(indices, layout, device),
            beside: gather(&self.beside, indices, self.beside.len() / self.ignored.len().max(1)),
            actions: ActionBatch::upload(&actions, indices.len(), device),
            log_prob: pick(&self.log_prob),
            value: gather(&self.value, indices, channels),
            target: gather(&self.target, indices, channels),
            advantage: pick(&self.advantage),
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

/// The rows of these indices, of `size` elements each.
pub fn gather<T: Copy>(values: &[T], indices: &[usize], size: usize) -> Vec<T> {
    indices.iter().flat_map(|index| values[index * size..(index + 1) * size].iter().copied()).collect()
}
