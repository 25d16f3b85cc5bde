//! A table of numbers that Adam moves, in 64 bits.

use serde::{Deserialize, Serialize};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Numbers in rows of equal length, their gradient, and Adam's moments (Kingma and Ba, 2015).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    width: usize,
    values: Vec<f64>,
    gradient: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

impl Parameters {
    /// These values, in rows of `width`.
    pub fn new(values: Vec<f64>, width: usize) -> Self {
        let zeros = vec![0.0; values.len()];
        Self { width, gradient: zeros.clone(), first: zeros.clone(), second: zeros, values, steps: 0 }
    }

    /// All values.
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
        self.steps = self.steps.saturating_add(1);
        let size = learning_rate / (1.0 - BETA_1.powi(self.steps));
        let root = 1.0 / (1.0 - BETA_2.powi(self.steps)).sqrt();
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, slope), (first, second)) in self.values.iter_mut().zip(&mut self.gradient).zip(moments) {
            *first += (1.0 - BETA_1) * (*slope - *first);
            *second += (1.0 - BETA_2) * (*slope * *slope - *second);
            *value -= size * *first / (second.sqrt() * root + EPSILON);
            *slope = 0.0;
        }
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
