//! Adam for tables of numbers that are no tensors.

use serde::{Deserialize, Serialize};

use super::AdamSettings;

/// Adam (Kingma and Ba, 2015, algorithm 1) in 64 bits and without weight decay, for a table of numbers
/// outside any module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableAdam {
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

impl TableAdam {
    /// Before the first step of a table of `size` numbers.
    pub fn new(size: usize) -> Self {
        Self { first: vec![0.0; size], second: vec![0.0; size], steps: 0 }
    }

    /// One step of `values` against their `gradient`, both of the table's size.
    pub fn step(&mut self, values: &mut [f64], gradient: &[f64], settings: &AdamSettings) {
        let AdamSettings { learning_rate, beta_1, beta_2, epsilon, .. } = *settings;
        self.steps = self.steps.saturating_add(1);
        let size = learning_rate / (1.0 - beta_1.powi(self.steps));
        let root = 1.0 / (1.0 - beta_2.powi(self.steps)).sqrt();
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, slope), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
            *first += (1.0 - beta_1) * (slope - *first);
            *second += (1.0 - beta_2) * (slope * slope - *second);
            *value -= size * *first / (second.sqrt() * root + epsilon);
        }
    }
}
