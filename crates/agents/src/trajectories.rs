//! Recorded episodes as the windows that transformers over trajectories learn from.

use burn::tensor::{Device, Int, Tensor, TensorData};
use learn::{batch::ActionBatch, returns::ReturnToGo};
use memory::{Boundary, Fill, Span};
use nets::{Observed, host, trajectory::Window};
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError, data::Data};
use worlds::{ActionSpace, Observations};

use crate::recorded::{OFFSET, Reading, Recorded};

/// A data set, read in windows around positions drawn uniformly from all steps.
pub struct Trajectories {
    recorded: Recorded,
    /// Rewards to come, one per step, divided by the scale.
    to_go: Vec<f32>,
    scale: f64,
    span: Span,
    actions: usize,
    discrete: bool,
}

/// Windows of T steps; what lies outside an episode is 0, with mask 0.
#[derive(Clone, Debug)]
pub struct Steps {
    /// Normalised observations, `[B, T + 1, d]`.
    pub observations: Tensor<3>,
    /// Actions as tokens, `[B, T, a]`: one-hot vectors or in [-1, 1].
    pub actions: Tensor<3>,
    /// The same `B T` actions, those of one window together.
    pub taken: ActionBatch,
    /// Rewards, `[B, T]`, not scaled.
    pub reward: Tensor<2>,
    /// Rewards to come, divided by the scale, `[B, T]`.
    pub to_go: Tensor<2>,
    /// Number of every step in its episode, `[B, T]`.
    pub times: Tensor<2, Int>,
    /// 1 for steps inside the episode, `[B, T]`.
    pub mask: Tensor<2>,
}

impl Trajectories {
    /// Windows of `before` steps before and `after` steps from a position on. Returns are divided by
    /// `scale`, or by the largest in size of the data.
    ///
    /// # Errors
    /// The data hold images, no actions or no rewards.
    pub fn new(data: &Data, before: usize, after: usize, scale: Option<f64>) -> Result<Self> {
        let recorded = Recorded::new(data, Some(OFFSET))?;
        let (actions, discrete) = match recorded.action()? {
            ActionSpace::Discrete { count } => (*count, true),
            ActionSpace::Box { low, .. } => (low.len(), false),
        };
        let set = recorded.set();
        let channels = set.spec().rewards.len();
        if channels == 0 {
            return Err(RunError::Task("the data set has no rewards: record data with rewards".to_owned()));
        }
        let reward: Vec<f32> = set.reward().iter().copied().step_by(channels).collect();
        let largest = set.returns().into_iter().fold(0.0, |most: f64, sum| most.max(sum.abs()));
        let scale = scale.unwrap_or(if largest > 0.0 { largest } else { 1.0 });
        let mut to_go = Vec::with_capacity(reward.len());
        for episode in set.episodes() {
            let rewards = &reward[episode.step..episode.step + episode.length];
            to_go.extend(ReturnToGo::new(scale).of(rewards, episode.terminated));
        }
        let span = Span { before, after, boundary: Boundary::Pad(Fill::Zero) };
        Ok(Self { recorded, to_go, scale, span, actions, discrete })
    }

    /// The data set with its scales.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// What returns are divided by.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Numbers of an observation.
    pub fn input(&self) -> usize {
        self.recorded.reading().layout().size()
    }

    /// Numbers of an action token.
    pub fn actions(&self) -> usize {
        self.actions
    }

    /// Whether actions are indices.
    pub fn discrete(&self) -> bool {
        self.discrete
    }

    /// Steps of the longest episode, within the time limit where there is one.
    pub fn longest(&self) -> usize {
        let set = self.recorded.set();
        set.spec().horizon.unwrap_or(0).max(set.longest())
    }

    /// `count` windows.
    ///
    /// # Errors
    /// None in practice.
    pub fn draw(&mut self, count: usize, random: &mut ChaCha8Rng, device: &Device) -> Result<Steps> {
        let Span { before, after, .. } = self.span;
        let length = before + after;
        let windows = self.recorded.windows(count, length, self.span, random, device)?;
        let Observed::Flat(observations) = windows.observations else {
            return Err(RunError::Task("trajectories of images are not read: use vectors".to_owned()));
        };
        let width = observations.dims()[1];
        let episodes = self.recorded.set().episodes();
        let (mut times, mut to_go) = (Vec::with_capacity(count * length), Vec::with_capacity(count * length));
        for position in self.recorded.last() {
            let episode = &episodes[position.row()];
            for slot in 0..length {
                let step = (position.step() as usize + slot).checked_sub(before);
                let inside = step.filter(|step| *step < episode.length);
                times.push(step.unwrap_or(0) as i64);
                to_go.push(inside.map_or(0.0, |step| self.to_go[episode.step + step]));
            }
        }
        Ok(Steps {
            observations: observations.reshape([count, length + 1, width]),
            actions: windows.actions.vectors(self.actions).reshape([count, length, self.actions]),
            taken: windows.actions,
            reward: windows.reward,
            to_go: Tensor::from_data(TensorData::new(to_go, [count, length]), device),
            times: Tensor::from_data(TensorData::new(times, [count, length]), device),
            mask: windows.mask,
        })
    }
}

impl Steps {
    /// The steps with these tokens.
    pub fn window(&self, tokens: Vec<Tensor<3>>) -> Window {
        Window { tokens, times: self.times.clone(), mask: self.mask.clone() }
    }
}

/// The index as a vector of `count` numbers.
pub fn one_hot(index: u32, count: usize) -> Vec<f32> {
    (0..count).map(|other| if other == index as usize { 1.0 } else { 0.0 }).collect()
}

/// What a policy sees in each row, as the networks were trained to read it.
///
/// # Errors
/// The observations are of another kind than the data's.
pub fn rows_of(reading: &Reading, observations: &Observations, device: &Device) -> Result<Vec<Vec<f32>>> {
    let Observed::Flat(inputs) = reading.observe(observations, device)? else {
        return Err(RunError::Task("trajectories of images are not read: use vectors".to_owned()));
    };
    let width = inputs.dims()[1];
    let values = host(inputs);
    Ok(values.chunks(width.max(1)).map(<[f32]>::to_vec).collect())
}
