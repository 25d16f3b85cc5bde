//! What a model says of every token of a sequence.

use burn::tensor::{Int, Tensor, activation::log_softmax};

use crate::reduce;

/// Log-probability of `targets [B, T]` under `logits [B, T, V]`, as `[B, T]`. Divide the logits by the
/// sampling temperature before where ratios to the sampler's probabilities are formed.
pub fn token_log_probs(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<2> {
    log_softmax(logits, 2).gather(2, targets.unsqueeze_dim(2)).squeeze_dim(2)
}

/// Entropy of the next-token distributions of `logits [B, T, V]`, as `[B, T]`. A token that a mask of
/// -inf excludes contributes 0.
pub fn entropies(logits: Tensor<3>) -> Tensor<2> {
    let log_probabilities = log_softmax(logits, 2);
    let probabilities = log_probabilities.clone().exp();
    (probabilities * log_probabilities.clamp_min(f32::MIN)).sum_dim(2).squeeze_dim::<2>(2).neg()
}

/// Self-certainty of `logits [B, T, V]` as `[B, T]`: `logsumexp - mean of the logits`, which is the
/// divergence KL(uniform || p) plus log V (Zhao et al., 2025, equation 2). It grows without bound as
/// any token's probability falls to 0, so it needs the logits of the whole vocabulary, all finite.
pub fn self_certainty(logits: Tensor<3>) -> Tensor<2> {
    log_softmax(logits, 2).mean_dim(2).squeeze_dim::<2>(2).neg()
}

/// Self-certainty over the tokens whose `support [V]` is 1 instead of the whole vocabulary, as `[B, T]`:
/// the distribution is renormalised over them, and a token outside weighs nothing.
pub fn self_certainty_over(logits: Tensor<3>, support: Tensor<1>) -> Tensor<2> {
    let count = support.clone().sum().clamp_min(1.0).reshape([1, 1, 1]);
    let support = support.reshape([1, 1, -1]);
    let outside = support.clone().equal_elem(0.0).expand(logits.dims());
    let inside = log_softmax(logits.mask_fill(outside.clone(), f32::MIN / 2.0), 2).mask_fill(outside, 0.0);
    (inside.sum_dim(2) / count).squeeze_dim::<2>(2).neg()
}

/// Probability of the likeliest token of `logits [B, T, V]`, as `[B, T]`.
pub fn top_probability(logits: Tensor<3>) -> Tensor<2> {
    log_softmax(logits, 2).max_dim(2).exp().squeeze_dim(2)
}

/// Cross-entropy of `logits [B, T, V]` to the demonstrated `targets [B, T]`: the mean over tokens
/// weighted by `weights [B, T]`, which are 0 for prompts and padding. 0 if nothing has weight.
pub fn sft(logits: Tensor<3>, targets: Tensor<2, Int>, weights: Tensor<2>) -> Tensor<1> {
    let unweighted = weights.clone().equal_elem(0.0);
    let losses = token_log_probs(logits, targets).neg().mask_fill(unweighted, 0.0);
    reduce::total(losses * weights.clone()) / reduce::total(weights).clamp_min(f32::MIN_POSITIVE)
}

/// Sum of `values [B, T]` over each row's positions whose `mask` is 1, as `[B]`; of log-probabilities it
/// is the response's.
pub fn sequence_sum(values: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    values.mask_fill(mask.equal_elem(0.0), 0.0).sum_dim(1).squeeze_dim(1)
}

/// Mean of `values [B, T]` over each row's positions whose `mask` is 1, as `[B]`; 0 for a row without.
pub fn sequence_mean(values: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    let count = mask.clone().sum_dim(1).squeeze_dim::<1>(1).clamp_min(1.0);
    sequence_sum(values, mask) / count
}
