//! From noise back to data.

use burn::tensor::{Bool, Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::guidance::{Denoiser, Guidance};
use super::schedule::Process;
use crate::noise;

/// How samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// Predictions per sample; K and more visits every step.
    pub steps: usize,
    /// Share of the posterior's noise that is added at each step: 1 is DDPM (Ho et al., 2020), 0 the
    /// deterministic DDIM (Song et al., 2021).
    pub eta: f64,
    /// Factor of all noise, that of the start included; 1 draws from the model, below 1 from a
    /// sharper one (Ajay et al., 2023, use 0.5).
    pub temperature: f64,
    /// Limit of the elements of each estimate of x_0.
    pub clip: Option<f64>,
}

/// Elements that are known: they are put back before and after every step.
#[derive(Clone, Debug)]
pub struct Clamp<const D: usize> {
    /// Which elements are known, `[B, ...]`.
    pub known: Tensor<D, Bool>,
    /// Their values.
    pub values: Tensor<D>,
}

impl<const D: usize> Clamp<D> {
    /// `sample` with the known elements exactly at their values.
    pub fn apply(&self, sample: Tensor<D>) -> Tensor<D> {
        sample.mask_where(self.known.clone(), self.values.clone())
    }
}

/// Where the way back begins.
#[derive(Clone, Debug)]
pub enum Start<const D: usize> {
    /// At noise of this shape.
    Noise {
        /// Shape of the samples.
        shape: [usize; D],
        /// Where they live.
        device: Device,
    },
    /// At earlier samples, noised up to a step.
    Warm {
        /// The earlier samples.
        sample: Tensor<D>,
        /// The step, 1 to K.
        step: usize,
    },
}

impl Sampler {
    /// Draws samples `[B, ...]`; noise comes from `random` alone.
    pub fn sample<const D: usize>(
        &self,
        process: &Process,
        denoiser: &impl Denoiser<D>,
        guidance: &Guidance,
        clamp: Option<&Clamp<D>>,
        start: Start<D>,
        random: &mut ChaCha8Rng,
    ) -> Tensor<D> {
        let schedule = &process.schedule;
        let mut course = schedule.course(self.steps);
        let (mut sample, device) = match start {
            Start::Noise { shape, device } => {
                (noise::normal(shape, &device, random).mul_scalar(self.temperature), device)
            }
            Start::Warm { sample, step } => {
                course.retain(|visited| *visited <= step);
                let from = course.first().copied().unwrap_or(0);
                let device = sample.device();
                let spread = schedule.noise(from) * self.temperature;
                let noise = noise::normal(sample.dims(), &device, random).mul_scalar(spread);
                (sample.mul_scalar(schedule.signal(from)) + noise, device)
            }
        };
        let clamped = |sample: Tensor<D>| match clamp {
            Some(clamp) => clamp.apply(sample),
            None => sample,
        };
        for (index, &from) in course.iter().enumerate() {
            sample = clamped(sample);
            let predicted = guidance.predict(denoiser, sample.clone(), from);
            let mut clean = process.clean(sample.clone(), predicted, from);
            if let Some(limit) = self.clip {
                clean = clean.clamp(-limit, limit);
            }
            let to = course.get(index + 1).copied().unwrap_or(0);
            let step = schedule.transition(from, to, self.eta);
            let dims = sample.dims();
            sample = clean.mul_scalar(step.x0) + sample.mul_scalar(step.xk);
            if step.std > 0.0 {
                let spread = step.std * self.temperature;
                sample = sample + noise::normal(dims, &device, random).mul_scalar(spread);
            }
        }
        clamped(sample)
    }
}
