//! A table of numbers that Adam moves, in 64 bits.

use learn::optim::{AdamSettings, TableAdam};
use serde::{Deserialize, Serialize};

/// Numbers in rows of equal length, their gradient, and the optimiser's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    width: usize,
    values: Vec<f64>,
    gradient: Vec<f64>,
    adam: TableAdam,
}

impl Parameters {
    /// These values, in rows of `width`.
    pub fn new(values: Vec<f64>, width: usize) -> Self {
        Self { width, gradient: vec![0.0; values.len()], adam: TableAdam::new(values.len()), values }
    }

    /// All values.
    #[cfg(test)]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// The gradient of one row since the last step, to be added to.
    pub fn slope(&mut self, row: usize) -> &mut [f64] {
        &mut self.gradient[row * self.width..][..self.width]
    }

    /// One step against the gradient, which is 0 afterwards.
    pub fn descend(&mut self, learning_rate: f64) {
        self.adam.step(&mut self.values, &self.gradient, &AdamSettings::new(learning_rate));
        self.gradient.fill(0.0);
    }
}

/// Writes the softmax of `logits` over `out`.
pub fn softmax(logits: &[f64], out: &mut Vec<f64>) {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    out.clear();
    out.extend(logits.iter().map(|logit| (logit - largest).exp()));
    let sum: f64 = out.iter().sum();
    out.iter_mut().for_each(|value| *value /= sum);
}
