//! Batches in reused buffers.

use worlds::{Actions, Array};

use super::span::Position;

/// Transitions over one or several steps; every buffer is reused by the next call.
#[derive(Clone, Debug, PartialEq)]
pub struct TransitionBatch {
    /// Number of transitions, B.
    pub rows: usize,
    /// The policy's input at the position, `[B, ...]`.
    pub observations: Array,
    /// `[B]` indices or `[B, dimensions]`.
    pub actions: Actions,
    /// Discounted sum of the rewards, `[B, channels]`.
    pub reward: Vec<f32>,
    /// `gamma^m (1 - terminated)`, `[B]`.
    pub discount: Vec<f32>,
    /// The policy's input after `m` steps, `[B, ...]`; the final one where the episode ended.
    pub next: Array,
    /// Importance weights, `[B]`; ones unless drawn by priority.
    pub weight: Vec<f32>,
    /// Where the transitions come from, `[B]`.
    pub positions: Vec<Position>,
    /// Kept fields after the first at the position, `[B, ...]` each.
    pub fields: Vec<Array>,
    /// Kept fields after the first after `m` steps, `[B, ...]` each.
    pub next_fields: Vec<Array>,
    /// Extra columns at the position, `[B, width]` each.
    pub extra: Vec<Vec<f32>>,
    /// Extra columns after `m` steps, `[B, width]` each: those pushed with the observation, or zeros
    /// where a data set's episode ended, since nothing was done there.
    pub next_extra: Vec<Vec<f32>>,
    /// Steps `m` that each transition covers, `[B]`: `n`, or fewer up to the episode's end.
    pub steps: Vec<u32>,
    /// Sources of the observations at the positions and after `m` steps.
    pub(crate) from: Vec<Option<u32>>,
    pub(crate) to: Vec<Option<u32>>,
    /// Sources of the steps that begin at these observations.
    pub(crate) taken: Vec<Option<u32>>,
    pub(crate) then: Vec<Option<u32>>,
}

impl TransitionBatch {
    /// An empty batch, to be filled.
    pub fn new() -> Self {
        Self {
            rows: 0,
            observations: Array::Float(Vec::new()),
            actions: Actions::Discrete(Vec::new()),
            reward: Vec::new(),
            discount: Vec::new(),
            next: Array::Float(Vec::new()),
            weight: Vec::new(),
            positions: Vec::new(),
            fields: Vec::new(),
            next_fields: Vec::new(),
            extra: Vec::new(),
            next_extra: Vec::new(),
            steps: Vec::new(),
            from: Vec::new(),
            to: Vec::new(),
            taken: Vec::new(),
            then: Vec::new(),
        }
    }

    /// Empties the buffers for transitions at these positions; rewards 0, weights 1.
    pub(crate) fn begin(&mut self, positions: &[Position], channels: usize) {
        let count = positions.len();
        self.rows = count;
        self.reward.clear();
        self.reward.resize(count * channels, 0.0);
        self.discount.clear();
        self.steps.clear();
        self.from.clear();
        self.to.clear();
        self.taken.clear();
        self.then.clear();
        self.positions.clear();
        self.positions.extend_from_slice(positions);
        self.weight.clear();
        self.weight.resize(count, 1.0);
    }
}

impl Default for TransitionBatch {
    fn default() -> Self {
        Self::new()
    }
}

/// Windows of consecutive steps; every buffer is reused by the next call.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowBatch {
    /// Number of windows, B.
    pub batch: usize,
    /// Steps per window, T.
    pub length: usize,
    /// The policy's input, `[B, T + 1, ...]`.
    pub observations: Array,
    /// `[B, T]` indices or `[B, T, dimensions]`.
    pub actions: Actions,
    /// `[B, T, channels]`; 0 where the mask is.
    pub reward: Vec<f32>,
    /// `1 - terminated`, `[B, T]`, without gamma; 0 where the mask is.
    pub discount: Vec<f32>,
    /// 1 for steps that were taken, 0 for those outside the episode, `[B, T]`.
    pub mask: Vec<f32>,
    /// Importance weights, `[B]`; ones unless drawn by priority.
    pub weight: Vec<f32>,
    /// The positions that were drawn, `[B]`; the window begins `before` steps earlier.
    pub positions: Vec<Position>,
    /// Kept fields after the first, `[B, T + 1, ...]` each.
    pub fields: Vec<Array>,
    /// Extra columns, `[B, T, width]` each.
    pub extra: Vec<Vec<f32>>,
    /// Entries that the observations and the steps are read from; nothing where they are zero.
    pub(crate) seen: Vec<Option<u32>>,
    pub(crate) done: Vec<Option<u32>>,
}

impl WindowBatch {
    /// An empty batch, to be filled.
    pub fn new() -> Self {
        Self {
            batch: 0,
            length: 0,
            observations: Array::Float(Vec::new()),
            actions: Actions::Discrete(Vec::new()),
            reward: Vec::new(),
            discount: Vec::new(),
            mask: Vec::new(),
            weight: Vec::new(),
            positions: Vec::new(),
            fields: Vec::new(),
            extra: Vec::new(),
            seen: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Empties the plan for windows of `length` steps at these positions; weights 1.
    pub(crate) fn begin(&mut self, positions: &[Position], length: usize) {
        self.batch = positions.len();
        self.length = length;
        self.positions.clear();
        self.positions.extend_from_slice(positions);
        self.weight.clear();
        self.weight.resize(positions.len(), 1.0);
        self.seen.clear();
        self.done.clear();
        self.mask.clear();
    }
}

impl Default for WindowBatch {
    fn default() -> Self {
        Self::new()
    }
}
