//! A distribution over A indices.

use burn::tensor::{Int, Tensor, activation};

/// One distribution over A indices per row.
#[derive(Clone, Debug)]
pub struct Categorical {
    /// Log-probabilities, `[B, A]`.
    log_probabilities: Tensor<2>,
}

impl Categorical {
    /// From unnormalised `logits [B, A]`.
    pub fn new(logits: Tensor<2>) -> Self {
        Self { log_probabilities: activation::log_softmax(logits, 1) }
    }

    /// Log-probabilities of all indices, `[B, A]`.
    pub fn log_probabilities(&self) -> Tensor<2> {
        self.log_probabilities.clone()
    }

    /// Probabilities of all indices, `[B, A]`.
    pub fn probabilities(&self) -> Tensor<2> {
        self.log_probabilities.clone().exp()
    }

    /// An index per row, `[B]`, from `noise [B]` uniform on [0, 1): the inverse of the distribution
    /// function. No gradient.
    pub fn sample(&self, noise: Tensor<1>) -> Tensor<1, Int> {
        let cumulative = self.probabilities().detach().cumsum(1);
        // Divided by its last element, the function reaches exactly 1, above every draw.
        let total = cumulative.clone().narrow(1, self.actions() - 1, 1);
        let below = (cumulative / total).lower_equal(noise.unsqueeze_dim::<2>(1));
        below.int().sum_dim(1).squeeze_dim(1)
    }

    /// Log-probability of one index per row: `[B] -> [B]`.
    pub fn log_prob(&self, index: Tensor<1, Int>) -> Tensor<1> {
        self.log_probabilities.clone().gather(1, index.unsqueeze_dim::<2>(1)).squeeze_dim(1)
    }

    /// Cross-entropy in nats to the distributions `targets [B, A]`, one-hot where an index is known, as
    /// `[B]`. No gradient enters the targets.
    pub fn cross_entropy(&self, targets: Tensor<2>) -> Tensor<1> {
        (self.log_probabilities.clone() * targets.detach()).sum_dim(1).squeeze_dim::<1>(1).neg()
    }

    /// Entropy in nats, `[B]`.
    pub fn entropy(&self) -> Tensor<1> {
        (self.probabilities() * self.log_probabilities.clone()).sum_dim(1).neg().squeeze_dim(1)
    }

    /// The most probable index, `[B]`; the first of several.
    pub fn mode(&self) -> Tensor<1, Int> {
        self.log_probabilities.clone().argmax(1).squeeze_dim(1)
    }

    /// KL(self ‖ other) in nats, `[B]`.
    pub fn kl(&self, other: &Self) -> Tensor<1> {
        let ratio = self.log_probabilities.clone() - other.log_probabilities.clone();
        (self.probabilities() * ratio).sum_dim(1).squeeze_dim(1)
    }

    fn actions(&self) -> usize {
        self.log_probabilities.dims()[1]
    }
}
