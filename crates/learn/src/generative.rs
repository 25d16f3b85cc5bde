//! Losses of generative models.

use burn::tensor::Tensor;
use nets::{diffusion::Process, noise};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Samples noised for training.
#[derive(Clone, Debug)]
pub struct Noised<const D: usize> {
    /// What the denoiser reads, `[B, ...]`.
    pub input: Tensor<D>,
    /// What it should predict, of the same shape.
    pub target: Tensor<D>,
    /// The step of each sample, 1 to K.
    pub steps: Vec<usize>,
}

impl<const D: usize> Noised<D> {
    /// Noises each of `clean [B, ...]` at a step drawn uniformly from 1 to K.
    pub fn draw(process: &Process, clean: Tensor<D>, random: &mut ChaCha8Rng) -> Self {
        let last = process.schedule.steps();
        let steps: Vec<usize> = (0..clean.dims()[0]).map(|_| random.random_range(1..=last)).collect();
        let noise = noise::normal(clean.dims(), &clean.device(), random);
        Self {
            input: process.noised(clean.clone(), noise.clone(), &steps),
            target: process.target(clean, noise, &steps),
            steps,
        }
    }

    /// The steps as a tensor `[B]`.
    pub fn steps(&self) -> Tensor<1> {
        let steps: Vec<f32> = self.steps.iter().map(|step| *step as f32).collect();
        Tensor::from_floats(steps.as_slice(), &self.input.device())
    }

    /// The same on the device with automatic differentiation.
    pub fn autodiff(self) -> Self {
        Self { input: self.input.autodiff(), target: self.target.autodiff(), steps: self.steps }
    }
}

/// Mean over rows and elements of weight times squared error, `[B]`, for samples of H rows of d
/// elements and `weight [H, d]` (Ho et al., 2020, equation 14, with weights; elements that are given
/// to the denoiser have weight 0).
pub fn denoising(prediction: Tensor<3>, target: Tensor<3>, weight: Tensor<2>) -> Tensor<1> {
    let [samples, rows, width] = prediction.dims();
    let error = (prediction - target).square() * weight.unsqueeze_dim(0);
    error.reshape([samples, rows * width]).mean_dim(1).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use nets::diffusion::{Noising, Prediction, Schedule, UnetConfig};
    use rand::SeedableRng;

    use super::*;
    use crate::optim::{AdamSettings, Trained, update};
    use crate::testing::{assert_close, check_gradient, random_tensor, random_values, tensor, values};

    #[test]
    fn weights_choose_what_counts() {
        let prediction = tensor(&[1.0, 2.0, 3.0, 4.0], [1, 2, 2]);
        let weight = tensor(&[0.0, 0.0, 1.0, 2.0], [2, 2]);
        let loss = denoising(prediction.clone(), prediction.zeros_like(), weight.clone());
        assert_eq!(values(loss), [(9.0 + 32.0) / 4.0]);
        let target = random_tensor(2, [2, 2, 2]);
        check_gradient(&random_values(1, 8), |leaf| {
            let weight = weight.clone().autodiff();
            denoising(leaf.reshape([2, 2, 2]), target.clone().autodiff(), weight).sum()
        });
    }

    #[test]
    fn every_target_stands_for_the_same_sample() {
        for prediction in [Prediction::Eps, Prediction::X0, Prediction::V] {
            let process = Process { schedule: Schedule::new(Noising::Cosine, 20).unwrap(), prediction };
            let clean = random_tensor::<3>(3, [1, 4, 2]);
            for seed in 0..10 {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                let noised = Noised::draw(&process, clean.clone(), &mut random);
                let step = noised.steps[0];
                assert!((1..=20).contains(&step));
                if process.schedule.signal(step) < 0.05 {
                    continue;
                }
                let found = process.clean(noised.input, noised.target, step);
                let expected: Vec<f64> = values(clean.clone()).into_iter().map(f64::from).collect();
                assert_close(&values(found), &expected, 1e-4);
            }
        }
    }

    /// Two narrow modes of unequal weight.
    const MODES: [(f64, f64); 2] = [(-0.5, 0.3), (0.4, 0.7)];
    const SPREAD: f64 = 0.1;

    fn mixture(count: usize, random: &mut ChaCha8Rng) -> Tensor<3> {
        let noise = noise::normal_values(count, random);
        let draw = |noise: f64| {
            let mode = usize::from(random.random::<f64>() >= MODES[0].1);
            (MODES[mode].0 + SPREAD * noise) as f32
        };
        let values: Vec<f32> = noise.into_iter().map(draw).collect();
        tensor(&values, [count, 1, 1])
    }

    /// The expected noise given the noised sample.
    fn optimal(process: &Process, noised: f64, step: usize) -> f64 {
        let (signal, spread) = (process.schedule.signal(step), process.schedule.noise(step));
        let variance = (signal * SPREAD).powi(2) + spread * spread;
        let parts = MODES.map(|(mean, weight)| {
            let apart = noised - signal * mean;
            (weight * (-0.5 * apart * apart / variance).exp(), apart * spread / variance)
        });
        let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
        parts.iter().map(|(weight, eps)| weight * eps).sum::<f64>() / total
    }

    #[test]
    fn a_denoiser_of_a_mixture_comes_near_the_best_there_is() {
        let device = Device::flex().autodiff();
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let schedule = Schedule::new(Noising::Cosine, 20).unwrap();
        let process = Process { schedule, prediction: Prediction::Eps };
        let network = UnetConfig::new(1, 1, 0, 32, &[1]).init(&device, &mut random).unwrap();
        let mut network = Trained::new(network, AdamSettings::new(2e-3));
        let weight = tensor(&[1.0], [1, 1]);
        for _ in 0..400 {
            let noised = Noised::draw(&process, mixture(128, &mut random), &mut random).autodiff();
            let steps = noised.steps();
            let predicted = network.module().forward(noised.input, steps, None);
            let loss = denoising(predicted, noised.target, weight.clone().autodiff()).mean();
            update("denoising", loss, &mut [&mut network], None).unwrap();
        }
        let noised = Noised::draw(&process, mixture(4_000, &mut random), &mut random);
        let predicted = network.inference().forward(noised.input.clone(), noised.steps(), None);
        let found = values(denoising(predicted, noised.target.clone(), weight).mean())[0];
        let inputs = values(noised.input).into_iter().zip(values(noised.target)).zip(&noised.steps);
        let errors = inputs.map(|((input, target), &step)| {
            (optimal(&process, f64::from(input), step) - f64::from(target)).powi(2)
        });
        let best = errors.sum::<f64>() / 4_000.0;
        assert!(f64::from(found) < 1.15 * best, "{found} against {best}");
    }
}
