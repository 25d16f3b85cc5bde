//! Losses that keep latents from collapsing into few directions, and how many directions they use.
//!
//! The losses take tensors and pass gradients to all of them; nothing is stopped here. Statistics are
//! those of N samples in each of G groups, `[G, N, d]`: a batch at one time is one group of B, the steps
//! of every sequence are B groups of T, and the batch at every time T groups of B, which is for the
//! caller to swap. The measures are in f64 on the host.

use burn::tensor::{Device, Tensor, activation};
use nalgebra::DMatrix;

use crate::{
    error::{LearnError, expect_length},
    normalise::Divisor,
};

pub use crate::tabular::spectral::gram_drift;

/// Mean over dimensions of max(0, target - sqrt(variance + epsilon)), `[G]`: the variance term of
/// VICReg (Bardes et al., 2022; target 1, epsilon 1e-4, [`Divisor::Sample`]) for `latents [G, N, d]`.
pub fn variance_hinge(latents: Tensor<3>, target: f64, epsilon: f64, divisor: Divisor) -> Tensor<1> {
    let samples = latents.dims()[1];
    let squares = centred(latents).square().sum_dim(1).div_scalar(divisor.of(samples));
    let short = activation::relu(squares.add_scalar(epsilon).sqrt().neg().add_scalar(target));
    short.flatten::<2>(1, 2).mean_dim(1).squeeze_dim(1)
}

/// Mean squared covariance of two different dimensions, `[G]`, for `latents [G, N, d]`: the covariance
/// term of VICReg (Bardes et al., 2022), which divides the sum by d in place of d (d - 1).
pub fn covariance(latents: Tensor<3>, divisor: Divisor) -> Tensor<1> {
    let [_, samples, width] = latents.dims();
    let latents = centred(latents);
    let matrix = latents.clone().transpose().matmul(latents).div_scalar(divisor.of(samples));
    let different = matrix.clone() * apart(width, &matrix.device()).unsqueeze();
    different.square().flatten::<2>(1, 2).sum_dim(1).squeeze_dim::<1>(1).div_scalar(pairs(width))
}

/// Σ (1 - c_ii)² + lambda Σ c_ij² over i ≠ j, `[1]`, where c is the correlation of the dimensions of
/// `first [N, d]` with those of `second [N, d]`: Barlow twins (Zbontar et al., 2021). `epsilon` is added
/// to the variances, 1e-5 in the paper's code. Rows may be brought to a common scale before, by
/// [`standardise`].
pub fn barlow(first: Tensor<2>, second: Tensor<2>, lambda: f64, epsilon: f64) -> Tensor<1> {
    let [samples, width] = first.dims();
    let [first, second] = [first, second].map(|view| standardise(view, 0, epsilon));
    let correlation: Tensor<2> = first.transpose().matmul(second).div_scalar(samples as f64);
    let apart = apart(width, &correlation.device());
    let different = (correlation.clone() * apart.clone()).square().sum();
    let same = apart.neg().add_scalar(1.0);
    let alike = ((correlation.neg().add_scalar(1.0)) * same).square().sum();
    alike + different.mul_scalar(lambda)
}

/// (x - mean)/sqrt(variance + epsilon) along `dimension` (0: every column, 1: every row) of `[N, d]`,
/// the variance with divisor n.
pub fn standardise(values: Tensor<2>, dimension: usize, epsilon: f64) -> Tensor<2> {
    let centred = values.clone() - values.mean_dim(dimension);
    let variance = centred.clone().square().mean_dim(dimension);
    centred / variance.add_scalar(epsilon).sqrt()
}

/// -mean x·x + ½ mean over pairs i ≠ j of (x_i·x_j)², `[1]`, for `latents [N, d]` with N >= 2: without
/// bias and up to a constant half of |E[x xᵀ] - I|², as in forward-backward representations (Touati et
/// al., 2023).
pub fn orthonormality(latents: Tensor<2>) -> Tensor<1> {
    let samples = latents.dims()[0];
    let lengths = latents.clone().square().sum_dim(1).mean();
    let products = latents.clone().matmul(latents.transpose());
    let different = products.clone() * apart(samples, &products.device());
    different.square().sum().div_scalar(2.0 * pairs(samples)) - lengths
}

fn centred(latents: Tensor<3>) -> Tensor<3> {
    latents.clone() - latents.mean_dim(1)
}

/// 1 but for 0 on the diagonal, `[size, size]`.
fn apart(size: usize, device: &Device) -> Tensor<2> {
    Tensor::<2>::eye(size, device).neg().add_scalar(1.0)
}

/// Ordered pairs of two different ones, at least 1.
fn pairs(count: usize) -> f64 {
    (count * count.saturating_sub(1)).max(1) as f64
}

/// Number of directions that latents use, `[1]`, for `latents [N, d]`: (Σ l)²/Σ l² over the eigenvalues l
/// of their covariance (the participation ratio), by the traces of the Gram matrix and of its square. It
/// costs a matrix product, so that it can be watched at every update.
pub fn participation_ratio(latents: Tensor<2>) -> Tensor<1> {
    let centred = latents.clone() - latents.mean_dim(0);
    let gram = centred.clone().matmul(centred.clone().transpose());
    centred.square().sum().square() / gram.square().sum().clamp_min(1e-12)
}

/// Singular values of a matrix of latents, largest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum(Vec<f64>);

impl Spectrum {
    /// Of `latents`, row-major `[N, width]`, with their mean taken away where `centred`. They come from
    /// the eigenvalues of the smaller Gram matrix, so that what lies below 1e-7 of the largest is
    /// rounding.
    ///
    /// # Errors
    /// [`LearnError::Length`]: the latents are no rows of this width, or there are none;
    /// [`LearnError::Examples`]: one is not finite.
    pub fn of(latents: &[f32], width: usize, centred: bool) -> Result<Self, LearnError> {
        let rows = latents.len() / width.max(1);
        expect_length("latents", latents, rows.max(1) * width.max(1))?;
        if let Some(place) = latents.iter().position(|value| !value.is_finite()) {
            let reason =
                format!("latent {} holds {}: a spectrum needs finite numbers", place / width, latents[place]);
            return Err(LearnError::Examples { reason });
        }
        let mut matrix = DMatrix::from_row_iterator(rows, width, latents.iter().map(|&x| f64::from(x)));
        if centred {
            let mean = matrix.row_mean();
            matrix.row_iter_mut().for_each(|mut row| row -= &mean);
        }
        let gram = if rows < width { &matrix * matrix.transpose() } else { matrix.tr_mul(&matrix) };
        let eigenvalues = gram.symmetric_eigenvalues();
        let mut values: Vec<f64> = eigenvalues.iter().map(|value| value.max(0.0).sqrt()).collect();
        values.sort_by(|left, right| right.total_cmp(left));
        Ok(Self(values))
    }

    /// The singular values, largest first.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// exp of the entropy of the singular values over their sum (Roy and Vetterli, 2007): between 1 and
    /// their number; 0 where all are 0.
    pub fn effective_rank(&self) -> f64 {
        let total: f64 = self.0.iter().sum();
        if total == 0.0 {
            return 0.0;
        }
        let shares = self.0.iter().map(|value| value / total).filter(|share| *share > 0.0);
        (-shares.map(|share| share * share.ln()).sum::<f64>()).exp()
    }

    /// How many are above `share` of the largest.
    pub fn above(&self, share: f64) -> usize {
        let least = share * self.0.first().copied().unwrap_or(0.0);
        self.0.iter().filter(|value| **value > least).count()
    }

    /// How many, largest first, sum to at least `share` of the sum of all: with 0.99 the rank that Kumar
    /// et al. (2021) measure.
    pub fn holding(&self, share: f64) -> usize {
        let total: f64 = self.0.iter().sum();
        let mut sum = 0.0;
        let enough = self.0.iter().position(|value| {
            sum += value;
            sum >= share * total
        });
        enough.map_or(self.0.len(), |place| place + 1)
    }
}

#[cfg(test)]
mod tests;
