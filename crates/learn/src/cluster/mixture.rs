//! Mixtures of Gaussians with full covariances, fitted by expectation maximisation (Dempster,
//! Laird and Rubin, 1977) from k-means clusters.
//!
//! The choices agree with those of scikit-learn: means start from k-means responsibilities, the
//! diagonal of every covariance is raised by a constant, and the iteration ends when the mean
//! log-likelihood of a point changes by less than the tolerance.

use nalgebra::DMatrix;
use nets::noise::normal_values;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use settings::Choice;

use super::kmeans::{draw, kmeans};

/// Attempts at making a singular covariance positive definite before its component is dropped.
const ATTEMPTS: i32 = 3;

/// How the number of components is chosen: by the smallest value of a criterion that weighs the
/// log-likelihood L of n points against the number q of free parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Criterion {
    /// Akaike: 2 q - 2 L.
    #[default]
    Aic,
    /// Bayes: q ln(n) - 2 L.
    Bic,
    /// Akaike with the correction for few points: AIC + 2 q (q + 1) / (n - q - 1), infinite where
    /// n is at most q + 1.
    Aicc,
}

/// How a mixture is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitSettings {
    /// Change of the mean log-likelihood at which the iteration ends.
    pub tolerance: f64,
    /// Most iterations.
    pub iterations: usize,
    /// Added to the diagonal of every covariance.
    pub regularisation: f64,
}

impl Default for FitSettings {
    fn default() -> Self {
        Self { tolerance: 1e-3, iterations: 100, regularisation: 1e-6 }
    }
}

/// One Gaussian of a mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its share of the mixture.
    pub weight: f64,
    /// Its centre, `[d]`.
    pub mean: Vec<f64>,
    /// Its covariance, `[d, d]`, row-major.
    pub covariance: Vec<f64>,
    /// Lower triangle L of the covariance's Cholesky factor.
    factor: Vec<f64>,
    /// Its inverse, which makes a deviation from the mean a standard normal vector.
    whitening: Vec<f64>,
    /// Logarithm of the density at the mean.
    log_peak: f64,
}

impl Component {
    /// The Gaussian with this covariance, or with its diagonal raised by ten, a hundred and a
    /// thousand times `regularisation` where it is not positive definite; nothing where that is
    /// not enough or a number is not finite.
    fn new(weight: f64, mean: Vec<f64>, mut covariance: Vec<f64>, regularisation: f64) -> Option<Self> {
        let size = mean.len();
        // Less than the smallest trace of a point leaves nothing to estimate.
        let usable = weight > 1e-12 && mean.iter().chain(&covariance).all(|value| value.is_finite());
        let mut attempt = 0;
        let factor = loop {
            if let Some(factor) =
                usable.then(|| DMatrix::from_row_slice(size, size, &covariance).cholesky()).flatten()
            {
                break factor.l();
            }
            attempt += 1;
            if attempt > ATTEMPTS || !usable {
                return None;
            }
            for index in 0..size {
                covariance[index * size + index] += regularisation.max(1e-12) * 10_f64.powi(attempt);
            }
        };
        let whitening = factor.solve_lower_triangular(&DMatrix::identity(size, size))?;
        let log_determinant: f64 = factor.diagonal().iter().map(|value| value.ln()).sum();
        let log_peak = -0.5 * size as f64 * (2.0 * std::f64::consts::PI).ln() - log_determinant;
        let rows = |matrix: &DMatrix<f64>| matrix.transpose().as_slice().to_vec();
        Some(Self { weight, mean, covariance, factor: rows(&factor), whitening: rows(&whitening), log_peak })
    }

    /// Logarithm of the density at a point.
    pub fn log_density(&self, point: &[f64]) -> f64 {
        let size = self.mean.len();
        let mut squares = 0.0;
        for row in 0..size {
            let whitening = &self.whitening[row * size..][..=row];
            let deviations = point.iter().zip(&self.mean).map(|(point, mean)| point - mean);
            let value: f64 =
                whitening.iter().zip(deviations).map(|(weight, deviation)| weight * deviation).sum();
            squares += value * value;
        }
        self.log_peak - 0.5 * squares
    }

    /// Covariance of two coordinates.
    pub fn covariance_of(&self, first: usize, second: usize) -> f64 {
        self.covariance[first * self.mean.len() + second]
    }

    /// A draw from the Gaussian.
    pub fn sample(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let size = self.mean.len();
        let noise = normal_values(size, random);
        let row = |row: usize| -> f64 {
            let factor = &self.factor[row * size..][..=row];
            self.mean[row] + factor.iter().zip(&noise).map(|(factor, noise)| factor * noise).sum::<f64>()
        };
        (0..size).map(row).collect()
    }
}

/// A mixture of Gaussians in d dimensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// Its Gaussians; their weights sum to 1.
    pub components: Vec<Component>,
    /// Components that were dropped because their covariance stayed singular.
    pub dropped: usize,
}

impl Mixture {
    /// The mixture of given Gaussians (weight, mean `[d]`, covariance `[d, d]`); nothing where a
    /// covariance is not positive definite.
    pub fn new(parts: Vec<(f64, Vec<f64>, Vec<f64>)>) -> Option<Self> {
        let build = |(weight, mean, covariance)| Component::new(weight, mean, covariance, 0.0);
        Some(Self { components: parts.into_iter().map(build).collect::<Option<_>>()?, dropped: 0 })
    }

    /// Fits `count` components to points, rows of `dimensions` numbers, from k-means clusters;
    /// nothing where every component collapses.
    pub fn fit(
        points: &[f64],
        dimensions: usize,
        count: usize,
        settings: FitSettings,
        random: &mut ChaCha8Rng,
    ) -> Option<Self> {
        let labels = kmeans(points, dimensions, count, random);
        let mut responsibilities = vec![0.0; labels.len() * count];
        for (row, label) in labels.iter().enumerate() {
            responsibilities[row * count + label] = 1.0;
        }
        Self::maximise(points, dimensions, &responsibilities, count, 0, settings)?.refine(points, settings)
    }

    /// Continues expectation maximisation from this mixture; nothing where every component
    /// collapses.
    pub fn refine(mut self, points: &[f64], settings: FitSettings) -> Option<Self> {
        let dimensions = self.components.first()?.mean.len();
        let mut before = f64::NEG_INFINITY;
        for _ in 0..settings.iterations {
            let (responsibilities, log_likelihood) = self.responsibilities(points);
            let count = self.components.len();
            self = Self::maximise(points, dimensions, &responsibilities, count, self.dropped, settings)?;
            let mean = log_likelihood / (points.len() / dimensions) as f64;
            if (mean - before).abs() < settings.tolerance {
                break;
            }
            before = mean;
        }
        Some(self)
    }

    /// The best of the mixtures with these numbers of components by a criterion.
    pub fn select(
        points: &[f64],
        dimensions: usize,
        counts: std::ops::RangeInclusive<usize>,
        criterion: Criterion,
        settings: FitSettings,
        random: &mut ChaCha8Rng,
    ) -> Option<Self> {
        let rows = points.len() / dimensions;
        let fits = counts.filter_map(|count| {
            let mixture = Self::fit(points, dimensions, count, settings, random)?;
            let score = mixture.criterion(criterion, mixture.log_likelihood(points), rows);
            score.is_finite().then_some((score, mixture))
        });
        fits.min_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, mixture)| mixture)
    }

    /// The M step: weights, means and covariances from responsibilities `[n, count]`.
    fn maximise(
        points: &[f64],
        dimensions: usize,
        responsibilities: &[f64],
        count: usize,
        dropped: usize,
        settings: FitSettings,
    ) -> Option<Self> {
        let rows = points.len() / dimensions;
        let one = |component: usize| {
            // A component without points gets an empty share instead of a division by 0.
            let mut total = 10.0 * f64::EPSILON;
            let mut mean = vec![0.0; dimensions];
            let share = |row: usize| responsibilities[row * count + component];
            for (row, point) in points.chunks_exact(dimensions).enumerate() {
                total += share(row);
                mean.iter_mut().zip(point).for_each(|(mean, value)| *mean += share(row) * value);
            }
            mean.iter_mut().for_each(|mean| *mean /= total);
            let mut covariance = vec![0.0; dimensions * dimensions];
            for (row, point) in points.chunks_exact(dimensions).enumerate() {
                let share = share(row) / total;
                if share == 0.0 {
                    continue;
                }
                for first in 0..dimensions {
                    let scaled = share * (point[first] - mean[first]);
                    for second in 0..=first {
                        covariance[first * dimensions + second] += scaled * (point[second] - mean[second]);
                    }
                }
            }
            for first in 0..dimensions {
                covariance[first * dimensions + first] += settings.regularisation;
                for second in 0..first {
                    covariance[second * dimensions + first] = covariance[first * dimensions + second];
                }
            }
            Component::new(total / rows as f64, mean, covariance, settings.regularisation)
        };
        let mut components: Vec<Component> = (0..count).filter_map(one).collect();
        let total: f64 = components.iter().map(|component| component.weight).sum();
        components.iter_mut().for_each(|component| component.weight /= total);
        let dropped = dropped + count - components.len();
        (!components.is_empty()).then_some(Self { components, dropped })
    }

    /// The E step: how far every component answers for every point, `[n, k]` with rows that sum to
    /// 1, and the log-likelihood of all points.
    pub fn responsibilities(&self, points: &[f64]) -> (Vec<f64>, f64) {
        let count = self.components.len();
        let Some(first) = self.components.first() else { return (Vec::new(), 0.0) };
        let log_weights: Vec<f64> = self.components.iter().map(|component| component.weight.ln()).collect();
        let mut shares = Vec::with_capacity(points.len() / first.mean.len() * count);
        let mut log_likelihood = 0.0;
        for point in points.chunks_exact(first.mean.len()) {
            let start = shares.len();
            let joint = self.components.iter().zip(&log_weights);
            shares.extend(joint.map(|(component, weight)| weight + component.log_density(point)));
            let row = &mut shares[start..];
            let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|value| *value = (*value - top).exp());
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|value| *value /= total);
            log_likelihood += top + total.ln();
        }
        (shares, log_likelihood)
    }

    /// Log-likelihood of all points.
    pub fn log_likelihood(&self, points: &[f64]) -> f64 {
        self.responsibilities(points).1
    }

    /// Number of free parameters: k means, k symmetric covariances and k - 1 weights.
    pub fn parameters(&self) -> usize {
        let count = self.components.len();
        let size = self.components.first().map_or(0, |component| component.mean.len());
        count * size + count * size * (size + 1) / 2 + count.saturating_sub(1)
    }

    /// Value of a criterion for `rows` points of this log-likelihood.
    pub fn criterion(&self, criterion: Criterion, log_likelihood: f64, rows: usize) -> f64 {
        let (q, n) = (self.parameters() as f64, rows as f64);
        let akaike = 2.0 * q - 2.0 * log_likelihood;
        match criterion {
            Criterion::Aic => akaike,
            Criterion::Bic => q * n.ln() - 2.0 * log_likelihood,
            Criterion::Aicc if n <= q + 1.0 => f64::INFINITY,
            Criterion::Aicc => akaike + 2.0 * q * (q + 1.0) / (n - q - 1.0),
        }
    }

    /// The component that a draw in proportion to these weights gives; uniform where all are 0.
    pub fn choose(&self, weights: &[f64], random: &mut ChaCha8Rng) -> &Component {
        &self.components[draw(weights, random)]
    }
}

#[cfg(test)]
mod tests;
