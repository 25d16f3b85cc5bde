//! InfoNCE (van den Oord et al., 2018, equation 4): pick the candidate that belongs to the anchor
//! out of a row of candidates, by cross-entropy over the row.
//!
//! Every loss is row-wise: an anchor is compared with all candidates, never a candidate with all
//! anchors. A symmetric loss is the sum of two calls, the second with the logits transposed.

use burn::tensor::{Tensor, activation::log_softmax};

/// How alike an anchor and a candidate are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Similarity {
    /// Their inner product.
    Inner,
    /// Their cosine divided by `temperature`, above 0; norms count as at least `floor`, above 0.
    Cosine {
        /// Divides the cosine.
        temperature: f64,
        /// Least norm.
        floor: f64,
    },
}

/// Similarities `[B, M]` of `anchors [B, d]` and `candidates [M, d]`.
pub fn logits(anchors: Tensor<2>, candidates: Tensor<2>, similarity: Similarity) -> Tensor<2> {
    match similarity {
        Similarity::Inner => anchors.matmul(candidates.transpose()),
        Similarity::Cosine { temperature, floor } => {
            let product = unit(anchors, floor).matmul(unit(candidates, floor).transpose());
            product.div_scalar(temperature)
        }
    }
}

/// Rows divided by their norms, which count as at least `floor`.
fn unit(rows: Tensor<2>, floor: f64) -> Tensor<2> {
    // The squares are floored before the root, whose derivative at zero is infinite.
    let norm = rows.clone().square().sum_dim(1).clamp_min(floor * floor).sqrt();
    rows / norm
}

/// Which candidates belong to an anchor.
#[derive(Clone, Debug)]
// One is made per loss and taken apart at once; a box would only add an allocation.
#[allow(clippy::large_enum_variant)]
pub enum Labels {
    /// Candidate number i to anchor number i; there are as many candidates as anchors.
    Paired,
    /// Weights `[B, M]` that sum to 1 in every row, without gradient.
    Soft(Tensor<2>),
}

/// Cross-entropy `[B]` of the labels under the row-wise softmax of `logits [B, M]`.
pub fn info_nce(logits: Tensor<2>, labels: Labels) -> Tensor<1> {
    let rows = logits.dims()[0];
    let log_shares = log_softmax(logits, 1);
    let agreement = match labels {
        Labels::Paired => {
            let diagonal = Tensor::<2>::eye(rows, &log_shares.device().without_autodiff());
            log_shares * diagonal
        }
        Labels::Soft(weights) => log_shares * weights.detach(),
    };
    agreement.sum_dim(1).reshape([rows]).neg()
}

/// The loss of temporal-difference InfoNCE per anchor, `[B]`, (1 - gamma) CE1 + gamma CE2 (Zheng,
/// Salakhutdinov and Eysenbach, 2023, equation 10): CE1 picks the anchor's next state out of the
/// batch's next states with logits `next [B, B]`; CE2 fits the logits `random [B, M]` of other
/// random states to the soft labels `weights [B, M]`, the softmax over the same random states of
/// the target critic at the next state and next action. No gradient enters the weights.
///
/// The derivation weighs CE2 by M times the softmax. As in the authors' program M is left out:
/// with it one positive in CE1 would stand against M in CE2.
pub fn td_info_nce(next: Tensor<2>, random: Tensor<2>, weights: Tensor<2>, gamma: f64) -> Tensor<1> {
    let next = info_nce(next, Labels::Paired).mul_scalar(1.0 - gamma);
    next + info_nce(random, Labels::Soft(weights)).mul_scalar(gamma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        assert_close, check_gradient, numbers, random_tensor, random_values, tensor, values,
    };
    use burn::tensor::activation::softmax;

    const GOLDEN: &str = include_str!("../../tests/data/info_nce.txt");

    fn golden(name: &str) -> Tensor<2> {
        let rows = numbers(GOLDEN, name);
        let shape = [rows.len(), rows[0].len()];
        tensor(&rows.concat().iter().map(|&value| value as f32).collect::<Vec<_>>(), shape)
    }

    fn check(found: Tensor<1>, name: &str) {
        assert_close(&values(found), &numbers(GOLDEN, name).concat(), 1e-5);
    }

    const COSINE: Similarity = Similarity::Cosine { temperature: 0.2, floor: 1e-8 };

    #[test]
    fn losses_follow_the_reference() {
        let (anchors, candidates) = (golden("anchors"), golden("candidates"));
        let inner = logits(anchors.clone(), candidates.clone(), Similarity::Inner);
        let cosine = logits(anchors, candidates, COSINE);
        assert_close(&values(cosine.clone()), &numbers(GOLDEN, "cosine").concat(), 1e-5);
        check(info_nce(inner.clone(), Labels::Paired), "paired");
        check(info_nce(cosine.clone(), Labels::Soft(golden("weights"))), "soft");
        check(td_info_nce(inner, cosine, golden("weights"), 0.9), "temporal");
    }

    #[test]
    fn a_row_is_free_to_shift_and_large_logits_are_safe() {
        let free = random_tensor(1, [3, 3]);
        let shifted = free.clone() + tensor(&[1e4, -1e4, 3.0], [3, 1]);
        let expected: Vec<f64> = values(info_nce(free, Labels::Paired)).into_iter().map(f64::from).collect();
        assert_close(&values(info_nce(shifted, Labels::Paired)), &expected, 2e-3);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let candidates = random_tensor(3, [4, 3]);
        let labels = softmax(random_tensor(4, [4, 4]), 1);
        for similarity in [Similarity::Inner, Similarity::Cosine { temperature: 0.5, floor: 1e-8 }] {
            check_gradient(&random_values(2, 12), |leaf| {
                let anchors = leaf.reshape([4, 3]);
                let scores = logits(anchors, candidates.clone(), similarity);
                td_info_nce(scores.clone(), scores.square(), labels.clone(), 0.7).mean()
            });
        }
    }

    #[test]
    fn weights_get_no_gradient() {
        let leaf = random_tensor(5, [2, 2]).autodiff().require_grad();
        let other = random_tensor(6, [2, 2]).autodiff().require_grad();
        let weights = softmax(other.clone(), 1);
        let gradients = td_info_nce(leaf.clone(), leaf.clone(), weights, 0.5).sum().backward();
        assert!(leaf.grad(&gradients).is_some());
        let none = other.grad(&gradients).map_or(vec![0.0; 4], values);
        assert_eq!(none, [0.0; 4]);
    }
}
