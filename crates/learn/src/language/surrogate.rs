//! The policy gradient over tokens: clipped ratios, the divergence from a reference, and how losses of
//! tokens become one number.

use burn::tensor::Tensor;
use settings::Choice;

use crate::{policy_gradient, reduce};

/// The clipped surrogate of every token and what it says about the step, all `[B, T]`.
#[derive(Clone, Debug)]
pub struct TokenSurrogate {
    /// The loss, to be minimised.
    pub loss: Tensor<2>,
    /// `ratio - 1 - log ratio`, an estimate of KL(old || new) that is never negative; no gradient.
    pub divergence: Tensor<2>,
    /// 1 where the ratio lies outside the clip range, else 0; no gradient.
    pub clipped: Tensor<2>,
}

/// [`policy_gradient::clipped`] for tokens: `log_prob` and `log_prob_old [B, T]`, and an advantage for
/// every token `[B, T]` or, expanded, for every response `[B, 1]`. A `high` above `low` is DAPO's
/// clip-higher (Yu et al., 2025, equation 8). With `log_prob` itself as `log_prob_old` the ratio is 1
/// and the gradient that of REINFORCE: the strictly on-policy update.
pub fn clipped(
    log_prob: Tensor<2>,
    log_prob_old: Tensor<2>,
    advantage: Tensor<2>,
    low: f32,
    high: f32,
) -> TokenSurrogate {
    let [rows, steps] = log_prob.dims();
    let flat = |tensor: Tensor<2>| tensor.reshape([rows * steps]);
    let advantage = flat(advantage.expand([rows, steps]));
    let found = policy_gradient::clipped(flat(log_prob), flat(log_prob_old), advantage, low, high);
    let back = |tensor: Tensor<1>| tensor.reshape([rows, steps]);
    TokenSurrogate {
        loss: back(found.loss),
        divergence: back(found.divergence),
        clipped: back(found.clipped),
    }
}

/// How the divergence KL(policy || reference) is estimated at tokens that the policy drew (Schulman,
/// 2020, "Approximating KL divergence"), with `d = log_prob - log_prob_reference`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Divergence {
    /// `d`: without bias, but as a loss its gradient has mean 0, so it belongs in rewards.
    K1,
    /// `d^2 / 2`: a biased value whose gradient is, in the mean, that of the divergence.
    K2,
    /// `exp(-d) - 1 + d`: without bias and never negative (GRPO's).
    #[default]
    K3,
}

/// The estimate of KL(policy || reference) at every token, `[B, T]`; no gradient enters the reference.
pub fn kl(log_prob: Tensor<2>, log_prob_reference: Tensor<2>, estimator: Divergence) -> Tensor<2> {
    let difference = log_prob - log_prob_reference.detach();
    match estimator {
        Divergence::K1 => difference,
        Divergence::K2 => difference.square().mul_scalar(0.5),
        Divergence::K3 => difference.clone().neg().exp().sub_scalar(1.0) + difference,
    }
}

/// How losses of tokens become the loss of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choice)]
pub enum Reduction {
    /// The mean over each response's tokens, then over responses (GRPO): a token of a long response
    /// weighs less.
    #[default]
    Sequence,
    /// The mean over all tokens of the batch (DAPO): a long response weighs more.
    Token,
    /// The sum over tokens divided by a constant length, then the mean over responses (Dr. GRPO): the
    /// gradient is that of the summed log-probability, whatever the lengths.
    Constant,
}

impl Reduction {
    /// The loss of a batch from `losses [B, T]` of the tokens whose `mask` is 1. `length` is the
    /// constant one, in tokens.
    pub fn apply(self, losses: Tensor<2>, mask: Tensor<2>, length: usize) -> Tensor<1> {
        match self {
            Self::Sequence => reduce::per_sequence_mean(losses, mask),
            Self::Token => reduce::masked_mean(losses, mask),
            Self::Constant => reduce::sum_then_mean(losses, mask).div_scalar(length.max(1) as f32),
        }
    }
}
