//! Windows of tokens, and the last steps of episodes under way.

use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Steps as tokens: what a [`super::Trajectory`] reads.
#[derive(Clone, Debug)]
pub struct Window {
    /// One `[B, T, size]` per kind of token.
    pub tokens: Vec<Tensor<3>>,
    /// Number of every step in its episode, `[B, T]`.
    pub times: Tensor<2, Int>,
    /// 1 for steps, 0 for padding, `[B, T]`.
    pub mask: Tensor<2>,
}

impl Window {
    /// The same with automatic differentiation, to go with a network that is being trained.
    pub fn autodiff(self) -> Self {
        Self {
            tokens: self.tokens.into_iter().map(Tensor::autodiff).collect(),
            times: self.times.autodiff(),
            mask: self.mask.autodiff(),
        }
    }

    /// `count` steps from step `start` on.
    pub fn narrow(&self, start: usize, count: usize) -> Self {
        Self {
            tokens: self.tokens.iter().map(|token| token.clone().narrow(1, start, count)).collect(),
            times: self.times.clone().narrow(1, start, count),
            mask: self.mask.clone().narrow(1, start, count),
        }
    }
}

/// The steps of one episode so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    /// Tokens of the last steps, oldest first, all kinds of a step one after the other.
    steps: Vec<Vec<f32>>,
    /// Number of the next step in its episode.
    next: i64,
}

/// The last `length` steps of every row's episode, for policies that act by a window of fixed length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rolling {
    sizes: Vec<usize>,
    length: usize,
    rows: Vec<Row>,
}

impl Rolling {
    /// Tokens of the given sizes per step, windows of `length` steps.
    pub fn new(sizes: Vec<usize>, length: usize) -> Self {
        Self { sizes, length, rows: Vec::new() }
    }

    /// An episode begins in this row: nothing before it is remembered.
    pub fn begin(&mut self, row: usize) {
        if row >= self.rows.len() {
            self.rows.resize(row + 1, Row::default());
        }
        self.rows[row] = Row::default();
    }

    /// Number of the row's next step in its episode.
    pub fn time(&self, row: usize) -> i64 {
        self.rows.get(row).map_or(0, |row| row.next)
    }

    /// Adds a step whose tokens of all kinds stand one after the other; what is missing at the end,
    /// such as an action that is still to be chosen, is 0.
    pub fn push(&mut self, row: usize, tokens: impl IntoIterator<Item = f32>) {
        if row >= self.rows.len() {
            self.begin(row);
        }
        let mut step: Vec<f32> = tokens.into_iter().collect();
        step.resize(self.sizes.iter().sum(), 0.0);
        let Row { steps, next } = &mut self.rows[row];
        if steps.len() == self.length {
            steps.remove(0);
        }
        steps.push(step);
        *next += 1;
    }

    /// Replaces a token of the row's last step.
    pub fn amend(&mut self, row: usize, kind: usize, token: &[f32]) {
        let at: usize = self.sizes[..kind].iter().sum();
        if let Some(step) = self.rows.get_mut(row).and_then(|row| row.steps.last_mut()) {
            step[at..at + token.len()].copy_from_slice(token);
        }
    }

    /// The windows of the first `rows` rows. Their last step is each row's last; rows with fewer
    /// steps are padded before their first. Windows are no longer than the longest row needs.
    pub fn window(&self, rows: usize, device: &Device) -> Window {
        let filled = |row: usize| self.rows.get(row).map_or(&[][..], |row| &row.steps);
        let length = (0..rows).map(|row| filled(row).len()).max().unwrap_or(0).max(1);
        let total: usize = self.sizes.iter().sum();
        let (mut times, mut mask) = (vec![0_i64; rows * length], vec![0.0_f32; rows * length]);
        let mut values = vec![0.0_f32; rows * length * total];
        for row in 0..rows {
            let steps = filled(row);
            let pad = length - steps.len();
            for (index, step) in steps.iter().enumerate() {
                let at = row * length + pad + index;
                times[at] = self.time(row) - (steps.len() - index) as i64;
                mask[at] = 1.0;
                values[at * total..][..total].copy_from_slice(step);
            }
        }
        let mut start = 0;
        let all = Tensor::<3>::from_data(TensorData::new(values, [rows, length, total]), device);
        let token = |size: &usize| {
            let token = all.clone().narrow(2, start, *size);
            start += size;
            token
        };
        Window {
            tokens: self.sizes.iter().map(token).collect(),
            times: Tensor::from_data(TensorData::new(times, [rows, length]), device),
            mask: Tensor::from_data(TensorData::new(mask, [rows, length]), device),
        }
    }
}
