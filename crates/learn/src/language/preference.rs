//! Learning from pairs of which one is better.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// Bradley and Terry's (1952) cross-entropy `[B]` of a label to `margin [B]`, the difference of two
/// scores: `-label log sigmoid(margin) - (1 - label) log sigmoid(-margin)`, with `label [B]` the
/// probability that the first is better; 0.5 is a tie. No gradient enters the label.
pub fn bradley_terry(margin: Tensor<1>, label: Tensor<1>) -> Tensor<1> {
    let label = label.detach();
    let wrong = label.clone().neg().add_scalar(1.0);
    (label * log_sigmoid(margin.clone()) + wrong * log_sigmoid(margin.neg())).neg()
}

/// Log-probabilities of responses, summed over their tokens, `[B]`.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Of the better ones.
    pub chosen: Tensor<1>,
    /// Of the worse ones.
    pub rejected: Tensor<1>,
}

/// The loss of direct preference optimisation and what it says, all `[B]`.
#[derive(Clone, Debug)]
pub struct Preference {
    /// The loss, to be minimised.
    pub loss: Tensor<1>,
    /// `beta` times how much more than under the reference the better response is preferred; no
    /// gradient. Above 0 the pair is in the right order.
    pub margin: Tensor<1>,
}

/// Direct preference optimisation (Rafailov et al., 2023, equation 7): Bradley and Terry's loss of the
/// implicit rewards `beta log(policy / reference)`. `smoothing` in [0, 0.5) is the probability that a
/// label is wrong (Mitchell, 2023). No gradient enters the reference.
pub fn dpo(policy: Pair, reference: Pair, beta: f32, smoothing: f32) -> Preference {
    let chosen = policy.chosen - reference.chosen.detach();
    let rejected = policy.rejected - reference.rejected.detach();
    let margin = (chosen - rejected).mul_scalar(beta);
    let label = margin.clone().detach().zeros_like().add_scalar(1.0 - smoothing);
    Preference { margin: margin.clone().detach(), loss: bradley_terry(margin, label) }
}
