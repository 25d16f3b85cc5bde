//! The Adam recurrence, on host slices and on tensors.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use settings::Config;

/// Settings of Adam (Kingma and Ba, 2015, algorithm 1), with weight decay either added to the
/// gradient or decoupled from it (Loshchilov and Hutter, 2019, algorithm 2). The default is the first
/// paper's constants and no weight decay.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Config)]
#[serde(deny_unknown_fields, default)]
pub struct AdamSettings {
    /// Step size.
    #[setting(1e-3, min = 0.0)]
    pub learning_rate: f64,
    /// Decay of the mean of gradients.
    #[setting(0.9, min = 0.0, below = 1.0)]
    pub beta_1: f64,
    /// Decay of the mean of squared gradients.
    #[setting(0.999, min = 0.0, below = 1.0)]
    pub beta_2: f64,
    /// Added to the root of the bias-corrected second moment.
    #[setting(1e-8, above = 0.0)]
    pub epsilon: f64,
    /// Weight decay.
    #[setting(0.0, min = 0.0)]
    pub weight_decay: f64,
    /// Whether weight decay shrinks the parameters directly (AdamW) instead of entering the
    /// gradient as an L2 penalty.
    #[setting(false)]
    pub decoupled: bool,
}

impl AdamSettings {
    /// The default settings with another learning rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, ..Self::default() }
    }

    /// The same with another epsilon.
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }

    /// The same with weight decay added to the gradient.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// The factors of step number `step`, counted from 1, for gradients multiplied by `scale`.
    pub(crate) fn factors(&self, step: u64, scale: f32) -> Factors {
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        let correction_1 = 1.0 - self.beta_1.powi(step);
        let correction_2 = 1.0 - self.beta_2.powi(step);
        let (penalty, keep) = if self.decoupled {
            (0.0, 1.0 - self.learning_rate * self.weight_decay)
        } else {
            (self.weight_decay, 1.0)
        };
        Factors {
            scale,
            penalty: penalty as f32,
            keep: keep as f32,
            new_1: (1.0 - self.beta_1) as f32,
            old_2: self.beta_2 as f32,
            new_2: (1.0 - self.beta_2) as f32,
            step_size: (self.learning_rate / correction_1) as f32,
            root_scale: (1.0 / correction_2.sqrt()) as f32,
            epsilon: self.epsilon as f32,
        }
    }
}

/// What one step multiplies by; the same for every element of a parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors {
    scale: f32,
    penalty: f32,
    keep: f32,
    new_1: f32,
    old_2: f32,
    new_2: f32,
    step_size: f32,
    root_scale: f32,
    epsilon: f32,
}

impl Factors {
    /// One step in place over equally long slices: a single pass, where a step of tensor
    /// operations makes a dozen and allocates for each.
    pub(crate) fn step_slices(
        &self,
        values: &mut [f32],
        gradient: &[f32],
        moment_1: &mut [f32],
        moment_2: &mut [f32],
    ) {
        let moments = moment_1.iter_mut().zip(moment_2);
        for ((value, &gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
            let gradient = gradient * self.scale + self.penalty * *value;
            *first += self.new_1 * (gradient - *first);
            *second = self.old_2 * *second + self.new_2 * gradient * gradient;
            let root = second.sqrt() * self.root_scale + self.epsilon;
            *value = self.keep * *value - self.step_size * *first / root;
        }
    }

    /// The same step as tensor operations, for accelerators. All tensors are flat and without
    /// gradients; returns the new values and moments.
    pub(crate) fn step_tensors(
        &self,
        values: Tensor<1>,
        gradient: Tensor<1>,
        moment_1: Tensor<1>,
        moment_2: Tensor<1>,
    ) -> [Tensor<1>; 3] {
        let mut gradient = gradient.mul_scalar(self.scale);
        if self.penalty != 0.0 {
            gradient = gradient + values.clone().mul_scalar(self.penalty);
        }
        let first = moment_1.clone() + (gradient.clone() - moment_1).mul_scalar(self.new_1);
        let second = moment_2.mul_scalar(self.old_2) + gradient.square().mul_scalar(self.new_2);
        let root = second.clone().sqrt().mul_scalar(self.root_scale).add_scalar(self.epsilon);
        let change = first.clone().mul_scalar(self.step_size) / root;
        let kept = if self.keep == 1.0 { values } else { values.mul_scalar(self.keep) };
        [kept - change, first, second]
    }
}

/// Sum of squares in f64, in a fixed order; infinite or not a number exactly if an element is.
pub(crate) fn squared_norm(values: &[f32]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let mut chunks = values.chunks_exact(8);
    for chunk in &mut chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(value) * f64::from(value);
        }
    }
    let rest = chunks.remainder().iter();
    let rest: f64 = rest.map(|&value| f64::from(value) * f64::from(value)).sum();
    lanes.iter().sum::<f64>() + rest
}
