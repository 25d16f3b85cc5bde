//! The losses of the theory of contrastive learning (Arora et al., 2019, arXiv 1902.09229): plain
//! inner products, no temperature, no normalisation, no stopped gradient, and negatives that may
//! share the positive's class. The bounds that the paper proves hold for these losses only.

use std::f64::consts::{LN_2, SQRT_2};

use burn::tensor::{Tensor, activation};
use settings::Choice;

use crate::error::{LearnError, expect_setting};

/// A convex loss of the margins v_1..v_k by which the right answer leads, scaled so that one margin
/// of 0 costs 1: the constants of the bounds need that scale (section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Margin {
    /// log2(1 + sum_i exp(-v_i)).
    #[default]
    Logistic,
    /// max(0, 1 + max_i(-v_i)).
    Hinge,
}

impl Margin {
    /// Loss of margins `[B, k]`, per row `[B]`.
    pub fn forward(self, margins: Tensor<2>) -> Tensor<1> {
        let rows = margins.dims()[0];
        match self {
            Margin::Logistic => {
                let zeros = Tensor::<2>::zeros([rows, 1], &margins.device());
                // -log_softmax(0, -v)_0 = ln(1 + sum exp(-v)), without overflow.
                let all = activation::log_softmax(Tensor::cat(vec![zeros, margins.neg()], 1), 1);
                all.narrow(1, 0, 1).reshape([rows]).div_scalar(-LN_2)
            }
            Margin::Hinge => {
                let worst = margins.neg().max_dim(1).reshape([rows]);
                activation::relu(worst.add_scalar(1.0))
            }
        }
    }

    /// Loss of the margins of one example.
    pub fn value(self, margins: impl IntoIterator<Item = f64>) -> f64 {
        let costs = margins.into_iter().map(|margin| -margin);
        match self {
            Margin::Logistic => {
                let costs: Vec<f64> = costs.collect();
                let top = costs.iter().copied().fold(0.0, f64::max);
                let sum: f64 = costs.iter().map(|cost| (cost - top).exp()).sum();
                (((-top).exp() + sum).ln() + top) / LN_2
            }
            Margin::Hinge => costs.fold(f64::NEG_INFINITY, f64::max).max(-1.0) + 1.0,
        }
    }

    /// Loss of a single margin.
    pub fn single(self, margin: f64) -> f64 {
        match self {
            // ln(1 + exp(-v)) = max(-v, 0) + ln(1 + exp(-|v|)).
            Margin::Logistic => ((-margin).max(0.0) + (-margin.abs()).exp().ln_1p()) / LN_2,
            Margin::Hinge => (1.0 - margin).max(0.0),
        }
    }

    /// The constant c' of [`intraclass_bound`]: sqrt(2) times the slope that bounds the loss,
    /// l(v) <= 1 + slope |v|.
    pub fn deviation_constant(self) -> f64 {
        match self {
            Margin::Logistic => SQRT_2 / LN_2,
            Margin::Hinge => SQRT_2,
        }
    }
}

/// L_un with k negatives (section 2): l({f(x)ᵀ(f(x+) - f(x-_i))}_i), per row.
///
/// `anchor` and `positive` are `[B, d]`, `negatives` is `[B, k, d]`; gradients flow into all three.
pub fn k_negatives(
    anchor: Tensor<2>,
    positive: Tensor<2>,
    negatives: Tensor<3>,
    margin: Margin,
) -> Tensor<1> {
    let [rows, count, _] = negatives.dims();
    let similar = (anchor.clone() * positive).sum_dim(1);
    let dissimilar = (negatives * anchor.unsqueeze_dim::<3>(1)).sum_dim(2).reshape([rows, count]);
    margin.forward(similar - dissimilar)
}

/// L_un of blocks (section 6.2): l(f(x)ᵀ(mean_i f(x+_i) - mean_i f(x-_i))), per row. The mean is of
/// features, not of losses; by Jensen's inequality this is at most the loss of single pairs.
///
/// `anchor` is `[B, d]`, `positives` and `negatives` are `[B, b, d]`.
pub fn block(anchor: Tensor<2>, positives: Tensor<3>, negatives: Tensor<3>, margin: Margin) -> Tensor<1> {
    let [rows, _, width] = positives.dims();
    k_negatives(anchor, positives.mean_dim(1).reshape([rows, width]), negatives.mean_dim(1), margin)
}

/// tau_k: the probability that at least one of `negatives` negatives is of the positive's class,
/// sum_c rho_c (1 - (1 - rho_c)^k); for one negative sum_c rho_c².
///
/// # Errors
/// `prior` does not sum to 1, or all its mass is on one class, so that no negative can be
/// informative.
pub fn collision(prior: &[f64], negatives: usize) -> Result<f64, LearnError> {
    let total: f64 = prior.iter().sum();
    let proper = (total - 1.0).abs() < 1e-6 && prior.iter().all(|rho| (0.0..=1.0).contains(rho));
    expect_setting("sum of the class probabilities", total, proper, "1, with no probability below 0")?;
    let count = i32::try_from(negatives).unwrap_or(i32::MAX);
    let tau: f64 = prior.iter().map(|rho| rho * (1.0 - (1.0 - rho).powi(count))).sum();
    let single: f64 = prior.iter().map(|rho| rho * rho).sum();
    let range = "below 1: with a single class no negative is informative, so give at least two classes";
    expect_setting("tau", single, single < 1.0 - 1e-9, range)?;
    Ok(tau)
}

/// Theorem 4.1 for one negative: (L_un - tau)/(1 - tau), which is at least the mean classifier's
/// supervised loss.
pub fn collision_bound(unsupervised: f64, tau: f64) -> f64 {
    (unsupervised - tau) / (1.0 - tau)
}

/// Theorem 4.5 for one negative: L≠_un + c' tau/(1 - tau) s(f), where L≠_un is the loss of
/// negatives of other classes and s(f) the intraclass deviation of [`intraclass_deviation`].
pub fn intraclass_bound(distinct: f64, tau: f64, deviation: f64, margin: Margin) -> f64 {
    distinct + margin.deviation_constant() * tau / (1.0 - tau) * deviation
}

/// s(f) = E_c[sqrt(||Cov_c f||_2) E_c||f||] with c drawn by nu(c) = rho(c)²/tau, the class of a
/// collision (section 4.2; for equally likely classes the plain mean). `classes` holds each class's
/// feature vectors.
pub fn intraclass_deviation(classes: &[Vec<&[f64]>], prior: &[f64]) -> f64 {
    let tau: f64 = prior.iter().map(|rho| rho * rho).sum();
    let one = |features: &Vec<&[f64]>| {
        let norms = features.iter().map(|x| x.iter().map(|v| v * v).sum::<f64>().sqrt());
        largest_variance(features).sqrt() * norms.sum::<f64>() / features.len().max(1) as f64
    };
    classes.iter().zip(prior).map(|(features, rho)| rho * rho / tau * one(features)).sum()
}

/// Largest eigenvalue of the covariance of `features`, by power iteration.
fn largest_variance(features: &[&[f64]]) -> f64 {
    let (count, width) = (features.len().max(1) as f64, features.first().map_or(0, |x| x.len()));
    let mean: Vec<f64> = (0..width).map(|k| features.iter().map(|x| x[k]).sum::<f64>() / count).collect();
    // Unequal entries, so that no symmetric covariance has a leading direction orthogonal to it.
    let mut direction: Vec<f64> = (0..width).map(|k| 1.0 + 0.01 * k as f64).collect();
    let mut value = 0.0;
    for _ in 0..POWER_ITERATIONS {
        let norm = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm == 0.0 {
            return 0.0;
        }
        direction.iter_mut().for_each(|v| *v /= norm);
        let mut image = vec![0.0; width];
        for x in features {
            let along: f64 = (0..width).map(|k| (x[k] - mean[k]) * direction[k]).sum();
            (0..width).for_each(|k| image[k] += along * (x[k] - mean[k]) / count);
        }
        value = image.iter().map(|v| v * v).sum::<f64>().sqrt();
        direction = image;
    }
    value
}

/// Enough for three digits even where the two largest eigenvalues are within 5 % of each other.
const POWER_ITERATIONS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        assert_close, check_gradient, numbers, random_tensor, random_values, tensor, values,
    };

    #[test]
    fn losses_agree_with_numpy() {
        let text = include_str!("../../tests/data/contrastive_theory.txt");
        let read = |name: &str| -> Vec<f32> {
            numbers(text, name).concat().into_iter().map(|value| value as f32).collect()
        };
        let anchor = tensor(&read("anchor"), [4, 3]);
        let positives = tensor(&read("positives"), [4, 2, 3]);
        let negatives = tensor(&read("negatives"), [4, 2, 3]);
        let positive = positives.clone().narrow(1, 0, 1).reshape([4, 3]);
        for (margin, name) in [(Margin::Logistic, "logistic"), (Margin::Hinge, "hinge")] {
            let found = k_negatives(anchor.clone(), positive.clone(), negatives.clone(), margin);
            assert_close(&values(found), &numbers(text, name).concat(), 1e-5);
            let found = block(anchor.clone(), positives.clone(), negatives.clone(), margin);
            assert_close(&values(found), &numbers(text, &format!("block-{name}")).concat(), 1e-5);
        }
        let prior = numbers(text, "prior").concat();
        for line in numbers(text, "collision") {
            assert!((collision(&prior, line[0] as usize).unwrap() - line[1]).abs() < 1e-12);
        }
    }

    #[test]
    fn a_margin_of_zero_costs_one_and_large_ones_are_finite() {
        for margin in [Margin::Logistic, Margin::Hinge] {
            assert_close(&values(margin.forward(tensor(&[0.0], [1, 1]))), &[1.0], 1e-6);
            assert!((margin.value([0.0]) - 1.0).abs() < 1e-12);
            let extreme = values(margin.forward(tensor(&[-1e4, 1e4], [2, 1])));
            assert!(extreme[0].is_finite() && extreme[0] > 9e3 && extreme[1] == 0.0, "{extreme:?}");
            let host = margin.value([0.3, -1.2]);
            assert!((margin.single(-1.2) - margin.value([-1.2])).abs() < 1e-12);
            assert_close(&values(margin.forward(tensor(&[0.3, -1.2], [1, 2]))), &[host], 1e-5);
        }
    }

    #[test]
    fn gradients_flow_into_anchor_positives_and_negatives() {
        for margin in [Margin::Logistic, Margin::Hinge] {
            check_gradient(&random_values(3, 2 * 3 * 5), |leaf| {
                let all = leaf.reshape([2, 5, 3]);
                let anchor = all.clone().narrow(1, 0, 1).reshape([2, 3]);
                block(anchor, all.clone().narrow(1, 1, 2), all.narrow(1, 3, 2), margin).sum()
            });
        }
    }

    #[test]
    fn blocks_cost_at_most_as_much_as_pairs() {
        let (anchor, positives) = (random_tensor(1, [64, 3]), random_tensor(2, [64, 4, 3]));
        let negatives = random_tensor(3, [64, 4, 3]);
        let blocks = values(block(anchor.clone(), positives.clone(), negatives.clone(), Margin::Logistic));
        let mut pairs = vec![0.0; 64];
        for i in 0..4 {
            let positive = positives.clone().narrow(1, i, 1).reshape([64, 3]);
            let negative = negatives.clone().narrow(1, i, 1);
            let losses = values(k_negatives(anchor.clone(), positive, negative, Margin::Logistic));
            pairs.iter_mut().zip(losses).for_each(|(sum, loss)| *sum += loss / 4.0);
        }
        assert!(blocks.iter().zip(&pairs).all(|(block, pair)| *block <= pair + 1e-5));
    }

    #[test]
    fn improper_probabilities_are_refused() {
        assert!(collision(&[0.5, 0.4], 1).unwrap_err().to_string().contains("must be 1"));
        assert!(collision(&[1.0], 1).unwrap_err().to_string().contains("no negative is informative"));
    }

    #[test]
    fn the_deviation_of_a_known_cloud() {
        // Points at (±3, 0) and (0, ±1): variances 4.5 and 0.5, mean norm 2.
        let points = [[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
        let class: Vec<&[f64]> = points.iter().map(|point| point.as_slice()).collect();
        let found = intraclass_deviation(&[class.clone(), class], &[0.25, 0.75]);
        assert!((found - 2.0 * 4.5f64.sqrt()).abs() < 1e-9, "{found}");
    }
}
