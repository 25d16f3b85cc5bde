//! How much of a sample is left after each step of noising, and what networks predict of it.

use burn::tensor::{Device, Tensor, TensorData};
use settings::Choice;
use std::f64::consts::FRAC_PI_2;

use crate::NetsError;

/// The course of the noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Noising {
    /// abar_k = f(k)/f(0), f(k) = cos²(π/2 (k/K + 0.008)/1.008) (Nichol and Dhariwal, 2021).
    #[default]
    Cosine,
    /// beta rises linearly from 1e-4 to 0.02 for K = 1000 (Ho et al., 2020); for another K both ends
    /// are multiplied by 1000/K, so that as much noise is added in all.
    Linear,
}

/// Offset of the cosine, which keeps the first step from being too small.
const OFFSET: f64 = 0.008;
/// Largest variance added by one step.
const LARGEST: f64 = 0.999;

/// Variances of a noising process of K steps: x_k = sqrt(abar_k) x_0 + sqrt(1 - abar_k) eps.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// abar of steps 0 to K; the first is 1.
    kept: Vec<f64>,
}

/// From x_k to x_j, j < k, given an estimate of x_0: mean `x0 * x_0 + xk * x_k`, deviation `std`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// Factor of the estimate of x_0.
    pub x0: f64,
    /// Factor of x_k.
    pub xk: f64,
    /// Standard deviation of the noise that is added.
    pub std: f64,
}

impl Schedule {
    /// A schedule of `steps` steps.
    ///
    /// # Errors
    /// There is no step.
    pub fn new(noising: Noising, steps: usize) -> Result<Self, NetsError> {
        if steps == 0 {
            let (name, need) = ("steps", "at least 1");
            return Err(NetsError::Setting { name, value: steps.to_string(), need });
        }
        let count = steps as f64;
        let beta = |step: usize| match noising {
            Noising::Cosine => {
                let level = |at: f64| (FRAC_PI_2 * (at / count + OFFSET) / (1.0 + OFFSET)).cos().powi(2);
                1.0 - level(step as f64) / level(step as f64 - 1.0)
            }
            Noising::Linear => {
                let share = (step as f64 - 1.0) / (count - 1.0).max(1.0);
                1000.0 / count * (1e-4 + share * (0.02 - 1e-4))
            }
        };
        let mut kept = vec![1.0];
        for step in 1..=steps {
            kept.push(kept[step - 1] * (1.0 - beta(step).clamp(0.0, LARGEST)));
        }
        Ok(Self { kept })
    }

    /// Number of steps K.
    pub fn steps(&self) -> usize {
        self.kept.len() - 1
    }

    /// abar of step `step`, 0 to K: the share of the variance that is left of the data.
    pub fn kept(&self, step: usize) -> f64 {
        self.kept[step]
    }

    /// Variance added by step `step`, 1 to K.
    pub fn beta(&self, step: usize) -> f64 {
        1.0 - self.kept[step] / self.kept[step - 1]
    }

    /// sqrt(abar), the factor of the data in x_k.
    pub fn signal(&self, step: usize) -> f64 {
        self.kept[step].sqrt()
    }

    /// sqrt(1 - abar), the factor of the noise in x_k.
    pub fn noise(&self, step: usize) -> f64 {
        (1.0 - self.kept[step]).sqrt()
    }

    /// From step `from` to an earlier step `to` (Song et al., 2021, equation 12). `eta` 1 gives the
    /// posterior q(x_to | x_from, x_0), that of DDPM for neighbours; `eta` 0 adds no noise.
    pub fn transition(&self, from: usize, to: usize, eta: f64) -> Transition {
        let (early, late) = (self.kept[to], self.kept[from]);
        let std = eta * ((1.0 - early) / (1.0 - late)).sqrt() * (1.0 - late / early).sqrt();
        let xk = ((1.0 - early - std * std).max(0.0) / (1.0 - late)).sqrt();
        Transition { x0: early.sqrt() - xk * late.sqrt(), xk, std }
    }

    /// `count` steps from K down to 1, evenly spaced, all of them where `count` is K or more.
    pub fn course(&self, count: usize) -> Vec<usize> {
        let (steps, count) = (self.steps(), count.clamp(1, self.steps()));
        (0..count).map(|index| (steps * (count - index)).div_ceil(count)).collect()
    }
}

/// What a network predicts of a noised sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Prediction {
    /// The noise (Ho et al., 2020).
    #[default]
    Eps,
    /// The data.
    X0,
    /// sqrt(abar) eps - sqrt(1 - abar) x_0 (Salimans and Ho, 2022).
    V,
}

/// A noising process and what is predicted of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// The variances.
    pub schedule: Schedule,
    /// What a network predicts.
    pub prediction: Prediction,
}

impl Process {
    /// The noised samples of `clean [B, ...]` at `steps` (B of them, each 1 to K) with `noise` of
    /// the same shape.
    pub fn noised<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, steps: &[usize]) -> Tensor<D> {
        let device = clean.device();
        let signal = column(steps, |step| self.schedule.signal(step), &device);
        let spread = column(steps, |step| self.schedule.noise(step), &device);
        clean * signal + noise * spread
    }

    /// What the network should predict for [`Process::noised`] of the same arguments.
    pub fn target<const D: usize>(&self, clean: Tensor<D>, noise: Tensor<D>, steps: &[usize]) -> Tensor<D> {
        match self.prediction {
            Prediction::Eps => noise,
            Prediction::X0 => clean,
            Prediction::V => {
                let device = clean.device();
                let signal = column(steps, |step| self.schedule.signal(step), &device);
                let spread = column(steps, |step| self.schedule.noise(step), &device);
                noise * signal - clean * spread
            }
        }
    }

    /// The estimate of x_0 that a prediction for `noised` at step `step` stands for.
    pub fn clean<const D: usize>(&self, noised: Tensor<D>, predicted: Tensor<D>, step: usize) -> Tensor<D> {
        let (signal, spread) = (self.schedule.signal(step), self.schedule.noise(step));
        match self.prediction {
            Prediction::Eps => (noised - predicted.mul_scalar(spread)).div_scalar(signal),
            Prediction::X0 => predicted,
            Prediction::V => noised.mul_scalar(signal) - predicted.mul_scalar(spread),
        }
    }
}

/// One number per row, shaped `[B, 1, ...]`.
fn column<const D: usize>(steps: &[usize], value: impl Fn(usize) -> f64, device: &Device) -> Tensor<D> {
    let values: Vec<f32> = steps.iter().map(|&step| value(step) as f32).collect();
    let mut shape = [1; D];
    shape[0] = steps.len();
    Tensor::from_data(TensorData::new(values, shape), device)
}
