//! Codes of several one-hot vectors.

use super::Categorical;
use crate::gradient::straight_through;
use burn::tensor::{Tensor, activation};

/// G independent distributions over C classes per row, whose samples are one-hot vectors beside each
/// other, `[B, G C]`: the codes of DreamerV2 (Hafner et al., 2021; 32 of 32 classes) and Director
/// (Hafner et al., 2022; 8 of 8).
#[derive(Clone, Debug)]
pub struct OneHotCategorical {
    /// One row for each group of each row, `[B G, C]`.
    rows: Categorical,
    groups: usize,
    classes: usize,
}

impl OneHotCategorical {
    /// From unnormalised `logits [B, G C]`. A share `mix` of the probability is uniform over the
    /// classes, so that no class dies and log-probabilities stay bounded; 0.01 in DreamerV3.
    pub fn new(logits: Tensor<2>, groups: usize, mix: f64) -> Self {
        let [batch, width] = logits.dims();
        let classes = width / groups;
        let logits = logits.reshape([batch * groups, classes]);
        let rows = match mix == 0.0 {
            true => Categorical::new(logits),
            false => {
                let own = activation::softmax(logits, 1).mul_scalar(1.0 - mix);
                Categorical::new(own.add_scalar(mix / classes as f64).log())
            }
        };
        Self { rows, groups, classes }
    }

    /// Rows B and groups G.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows.log_probabilities().dims()[0] / self.groups, self.groups]
    }

    /// The uniform distribution over codes of the same shape, without a gradient.
    pub fn uniform_like(&self) -> Self {
        Self { rows: Categorical::new(self.rows.log_probabilities().detach().zeros_like()), ..*self }
    }

    /// The same distribution as a constant.
    pub fn detach(&self) -> Self {
        Self { rows: Categorical::new(self.rows.log_probabilities().detach()), ..*self }
    }

    /// Probabilities of all classes, `[B, G C]`.
    pub fn probabilities(&self) -> Tensor<2> {
        self.beside(self.rows.probabilities())
    }

    /// A code `[B, G C]` from `noise [B, G]` uniform on [0, 1), whose gradient is that of the
    /// probabilities (Bengio et al., 2013).
    pub fn sample(&self, noise: Tensor<2>) -> Tensor<2> {
        let index = self.rows.sample(noise.flatten(0, 1));
        let code = index.one_hot::<2>(self.classes).float();
        straight_through(self.beside(code), self.probabilities())
    }

    /// The most probable code, `[B, G C]`, without a gradient.
    pub fn mode(&self) -> Tensor<2> {
        self.beside(self.rows.mode().one_hot::<2>(self.classes).float())
    }

    /// Log-probability of the vectors of `code [B, G C]` one by one, `[B, G]`.
    pub fn log_prob(&self, code: Tensor<2>) -> Tensor<2> {
        let [batch, _] = code.dims();
        let code = code.reshape([batch * self.groups, self.classes]);
        (self.rows.log_probabilities() * code).sum_dim(1).reshape([batch, self.groups])
    }

    /// Entropy in nats per vector, `[B, G]`.
    pub fn entropy(&self) -> Tensor<2> {
        self.per_group(self.rows.entropy())
    }

    /// KL(self ‖ other) in nats per vector, `[B, G]`.
    pub fn kl(&self, other: &Self) -> Tensor<2> {
        self.per_group(self.rows.kl(&other.rows))
    }

    fn beside(&self, rows: Tensor<2>) -> Tensor<2> {
        let [count, classes] = rows.dims();
        rows.reshape([count / self.groups, self.groups * classes])
    }

    fn per_group(&self, rows: Tensor<1>) -> Tensor<2> {
        let [count] = rows.dims();
        rows.reshape([count / self.groups, self.groups])
    }
}
