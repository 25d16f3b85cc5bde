//! Divergences between distributions over latents, and how much a latent knows.
//!
//! All numbers are in nats.

use burn::tensor::Tensor;
use nets::distribution::{Categorical, DiagonalGaussian, OneHotCategorical};

use crate::error::LearnError;

/// A distribution per row with a divergence in closed form.
pub trait Latent: Sized {
    /// KL(self ‖ other), `[B]`; for vectors the sum over dimensions.
    fn divergence(&self, other: &Self) -> Tensor<1>;

    /// The same distribution as a constant.
    fn constant(&self) -> Self;
}

impl Latent for DiagonalGaussian {
    fn divergence(&self, other: &Self) -> Tensor<1> {
        self.kl(other).sum_dim(1).squeeze_dim(1)
    }

    fn constant(&self) -> Self {
        Self::new(self.mean.clone().detach(), self.log_std.clone().detach())
    }
}

impl Latent for Categorical {
    fn divergence(&self, other: &Self) -> Tensor<1> {
        self.kl(other)
    }

    fn constant(&self) -> Self {
        Self::new(self.log_probabilities().detach())
    }
}

impl Latent for OneHotCategorical {
    fn divergence(&self, other: &Self) -> Tensor<1> {
        self.kl(other).sum_dim(1).squeeze_dim(1)
    }

    fn constant(&self) -> Self {
        self.detach()
    }
}

/// Divergence that costs nothing, in the field's three conventions: no free nats at all, as many for
/// the mean of a batch (Dreamer and its second version; Hafner et al., 2020 and 2021), or as many for
/// every element of it (its third version).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FreeNats {
    /// All of it costs.
    None,
    /// Nothing while the batch's mean divergence is below this.
    Mean(f64),
    /// Nothing for a row whose divergence, over all its dimensions, is below this.
    Element(f64),
}

/// `[B]`: share KL(sg(posterior) ‖ prior) + (1 - share) KL(posterior ‖ sg(prior)) (Hafner et al.,
/// 2021): with `share_to_prior` 0.8 the prior moves to the posterior four times as much as the
/// posterior to the prior, with 0 only the posterior moves. Where divergence is free it is a
/// constant, without a gradient.
pub fn balanced<D: Latent>(posterior: &D, prior: &D, share_to_prior: f64, free: FreeNats) -> Tensor<1> {
    let bounded = |divergence: Tensor<1>| match free {
        FreeNats::None => divergence,
        FreeNats::Element(least) => divergence.clamp_min(least),
        FreeNats::Mean(least) => {
            let rows = divergence.dims();
            divergence.mean().clamp_min(least).expand(rows)
        }
    };
    let to_prior = bounded(posterior.constant().divergence(prior)).mul_scalar(share_to_prior);
    let to_posterior = bounded(posterior.divergence(&prior.constant())).mul_scalar(1.0 - share_to_prior);
    to_prior + to_posterior
}

/// `[B]`: f(x, z) - ln of the mean of exp f(x', z), whose mean over pairs (x, z) and draws x' from x's
/// marginal bounds their mutual information from below (Donsker and Varadhan, 1983), and reaches it
/// for f = ln p(x | z) / p(x). `pair [B]` is f of the pairs, `others [B, N]` is f of each z with N
/// draws, of which those with 0 in `valid [B, N]` are left out.
///
/// A latent that must know nothing of x is trained against f: f rises along the bound while the
/// latent, read by f through [`nets::gradient::reverse`], descends.
///
/// # Errors
/// [`LearnError::Examples`]: fewer than two draws, so that there is nothing to tell apart.
pub fn energy_bound(
    pair: Tensor<1>,
    others: Tensor<2>,
    valid: Option<Tensor<2>>,
) -> Result<Tensor<1>, LearnError> {
    let [rows, draws] = others.dims();
    if draws < 2 {
        let reason = format!("the energy term needs batch >= 2, not {draws}: nothing else to compare with");
        return Err(LearnError::Examples { reason });
    }
    let (others, count) = match valid {
        Some(valid) => {
            let count = valid.clone().sum_dim(1).clamp_min(1.0);
            (others + valid.sub_scalar(1.0).mul_scalar(1e9), count.log().reshape([rows]))
        }
        None => (others, pair.zeros_like().add_scalar((draws as f64).ln())),
    };
    let largest = others.clone().detach().max_dim(1);
    let sum = (others - largest.clone()).exp().sum_dim(1).log() + largest;
    Ok(pair - sum.reshape([rows]) + count)
}

/// Mutual information of a table of joint probabilities `[rows, columns]`, row-major, which sum to 1.
pub fn mutual_information(joint: &[f64], columns: usize) -> f64 {
    let rows: Vec<f64> = joint.chunks(columns).map(|row| row.iter().sum()).collect();
    let mut sums = vec![0.0; columns];
    for row in joint.chunks(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, probability)| *sum += probability);
    }
    let term = |(index, &probability): (usize, &f64)| match probability > 0.0 {
        true => probability * (probability / (rows[index / columns] * sums[index % columns])).ln(),
        false => 0.0,
    };
    joint.iter().enumerate().map(term).sum()
}

/// I(z; x | c) of cells x in groups c: the sum over cells of w(x) sum over z of
/// q(z | x) ln( q(z | x) / q(z | c) ), where q(z | c) is the mean of q(z | x) over the group's cells
/// weighted by w. `weights [X]` are the probabilities of the cells, `groups [X]` their groups and
/// `posterior [X, codes]` the rows q(z | x).
pub fn conditional_information(weights: &[f64], groups: &[usize], posterior: &[f64], codes: usize) -> f64 {
    let means = group_means(weights, groups, posterior, codes);
    let cells = weights.iter().zip(groups).zip(posterior.chunks(codes));
    let cell = |((weight, &group), row): ((&f64, &usize), &[f64])| {
        let mean = &means[group * codes..][..codes];
        let terms = row.iter().zip(mean).filter(|(q, _)| **q > 0.0).map(|(q, mean)| q * (q / mean).ln());
        weight * terms.sum::<f64>()
    };
    cells.map(cell).sum()
}

/// `[groups, codes]`: q(z | c), the weighted mean of the group's rows; zeros for a group of no weight.
pub fn group_means(weights: &[f64], groups: &[usize], posterior: &[f64], codes: usize) -> Vec<f64> {
    let count = groups.iter().max().map_or(0, |largest| largest + 1);
    let (mut means, mut totals) = (vec![0.0; count * codes], vec![0.0; count]);
    for ((weight, &group), row) in weights.iter().zip(groups).zip(posterior.chunks(codes)) {
        totals[group] += weight;
        let mean = &mut means[group * codes..][..codes];
        mean.iter_mut().zip(row).for_each(|(mean, q)| *mean += weight * q);
    }
    for (mean, total) in means.chunks_mut(codes).zip(&totals) {
        if *total > 0.0 {
            mean.iter_mut().for_each(|mean| *mean /= total);
        }
    }
    means
}

#[cfg(test)]
mod tests;
