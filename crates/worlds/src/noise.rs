//! Random numbers that worlds share: normal, Gamma and Dirichlet draws, and first-order autoregressive noise.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::trigonometry::sin_cos;

/// A standard normal number (Box and Muller's transformation; one of the pair is used, so that a
/// draw leaves no state behind).
pub fn normal(random: &mut ChaCha8Rng) -> f64 {
    // 1 - u lies in (0, 1], so the logarithm is finite.
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * sin_cos(std::f64::consts::TAU * random.random::<f64>()).1
}

/// A draw from the Gamma distribution with the given shape, above 0, and scale 1 (Marsaglia and
/// Tsang, *A Simple Method for Generating Gamma Variables*, 2000; a shape below 1 by
/// Gamma(a) = Gamma(a + 1) U^(1/a)).
pub fn gamma(shape: f64, random: &mut ChaCha8Rng) -> f64 {
    if shape < 1.0 {
        let uniform = 1.0 - random.random::<f64>();
        return gamma(shape + 1.0, random) * uniform.powf(1.0 / shape);
    }
    let offset = shape - 1.0 / 3.0;
    let scale = 1.0 / (9.0 * offset).sqrt();
    loop {
        let draw = normal(random);
        let cube = (1.0 + scale * draw).powi(3);
        let uniform = 1.0 - random.random::<f64>();
        if cube > 0.0 && uniform.ln() < 0.5 * draw * draw + offset * (1.0 - cube + cube.ln()) {
            return offset * cube;
        }
    }
}

/// A draw of `size` probabilities from the symmetric Dirichlet distribution.
pub fn dirichlet(size: usize, concentration: f64, random: &mut ChaCha8Rng) -> Vec<f64> {
    let mut values: Vec<f64> = (0..size).map(|_| gamma(concentration, random)).collect();
    let sum: f64 = values.iter().sum();
    values.iter_mut().for_each(|value| *value /= sum);
    values
}

/// `size` independent chains n_t = rho n_{t-1} + sqrt(1 - rho^2) sigma e_t, stationary from the
/// start; `rho = 0` gives independent draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Autoregressive {
    /// Correlation of successive values, in [0, 1).
    pub rho: f64,
    /// Standard deviation of every value.
    pub sigma: f64,
    /// Current values.
    pub values: Vec<f64>,
}

impl Autoregressive {
    /// Chains at zero, to be started by [`Autoregressive::begin`].
    pub fn new(size: usize, rho: f64, sigma: f64) -> Self {
        Self { rho, sigma, values: vec![0.0; size] }
    }

    /// Draws every chain from its stationary distribution.
    pub fn begin(&mut self, random: &mut ChaCha8Rng) {
        for value in &mut self.values {
            *value = self.sigma * normal(random);
        }
    }

    /// Advances every chain by one step.
    pub fn advance(&mut self, random: &mut ChaCha8Rng) {
        let scale = (1.0 - self.rho * self.rho).sqrt() * self.sigma;
        for value in &mut self.values {
            *value = self.rho * *value + scale * normal(random);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn normal_has_the_moments_of_a_standard_normal() {
        let mut random = seed::stream(3, "noise", 0);
        let draws: Vec<f64> = (0..200_000).map(|_| normal(&mut random)).collect();
        let power = |k: i32| mean(&draws.iter().map(|x| x.powi(k)).collect::<Vec<_>>());
        assert!(power(1).abs() < 0.01);
        assert!((power(2) - 1.0).abs() < 0.02);
        assert!((power(4) - 3.0).abs() < 0.1);
    }

    #[test]
    fn gamma_draws_have_the_moments_of_their_shape() {
        let mut random = seed::stream(5, "noise", 0);
        for shape in [0.3, 1.0, 4.5] {
            let draws: Vec<f64> = (0..200_000).map(|_| gamma(shape, &mut random)).collect();
            let average = mean(&draws);
            let variance = mean(&draws.iter().map(|x| (x - average) * (x - average)).collect::<Vec<_>>());
            assert!((average / shape - 1.0).abs() < 0.02 && (variance / shape - 1.0).abs() < 0.04);
        }
    }

    #[test]
    fn chains_keep_their_variance_and_correlation() {
        let mut random = seed::stream(4, "noise", 0);
        let mut chain = Autoregressive::new(2_000, 0.9, 0.5);
        chain.begin(&mut random);
        let before = chain.values.clone();
        (0..10).for_each(|_| chain.advance(&mut random));
        let square = |values: &[f64]| mean(&values.iter().map(|x| x * x).collect::<Vec<_>>());
        assert!((square(&before) - 0.25).abs() < 0.03);
        assert!((square(&chain.values) - 0.25).abs() < 0.03);
        let product: Vec<f64> = before.iter().zip(&chain.values).map(|(a, b)| a * b).collect();
        assert!((mean(&product) - 0.25 * 0.9_f64.powi(10)).abs() < 0.03);
    }
}
