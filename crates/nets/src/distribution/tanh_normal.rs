//! The squashed Gaussian of soft actor-critic (Haarnoja et al., 2018).

use super::{BOUND, DiagonalGaussian};
use crate::tanh;
use burn::tensor::{Tensor, activation};
use settings::Choice;
use std::f64::consts::LN_2;

/// How the logarithm of tanh's derivative is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Correction {
    /// 2 (ln 2 - u - softplus(-2 u)): exact everywhere.
    #[default]
    Exact,
    /// ln(1 - tanh²(u) + 1e-6), as in the first implementations; off for |u| > 6.
    Floored,
}

impl Correction {
    /// ln |d tanh(u)/du| per dimension.
    fn log_derivative(self, unsquashed: Tensor<2>) -> Tensor<2> {
        match self {
            Correction::Exact => {
                let tail = activation::softplus(unsquashed.clone().mul_scalar(-2.0), 1.0);
                (unsquashed + tail).neg().add_scalar(LN_2).mul_scalar(2.0)
            }
            Correction::Floored => tanh::tanh(unsquashed).square().neg().add_scalar(1.0 + 1e-6).log(),
        }
    }
}

/// tanh(u) with u from a diagonal Gaussian, in (-1, 1).
#[derive(Clone, Debug)]
pub struct TanhNormal {
    /// Distribution of u.
    pub base: DiagonalGaussian,
    /// How the density is corrected for the squashing.
    pub correction: Correction,
}

impl TanhNormal {
    /// The squashed `base`.
    pub fn new(base: DiagonalGaussian, correction: Correction) -> Self {
        Self { base, correction }
    }

    /// An action `[B, D]` and its u, from `noise [B, D]` of N(0, 1), with gradients. The density of
    /// the sample is [`TanhNormal::log_prob_unsquashed`] of u.
    pub fn sample(&self, noise: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let unsquashed = self.base.sample(noise);
        (tanh::tanh(unsquashed.clone()), unsquashed)
    }

    /// Log-density per dimension, `[B, D]`, of the action tanh(u).
    pub fn log_prob_unsquashed(&self, unsquashed: Tensor<2>) -> Tensor<2> {
        let derivative = self.correction.log_derivative(unsquashed.clone());
        self.base.log_prob(unsquashed) - derivative
    }

    /// Log-density per dimension, `[B, D]`, of an action, which is clamped to ±(1 - 1e-6).
    pub fn log_prob(&self, action: Tensor<2>) -> Tensor<2> {
        let action = action.clamp(-BOUND, BOUND);
        let unsquashed = (action.clone().add_scalar(1.0) / action.neg().add_scalar(1.0)).log();
        self.log_prob_unsquashed(unsquashed.mul_scalar(0.5))
    }

    /// tanh of the base's mean, the greedy action (the density's maximum may lie elsewhere).
    pub fn mode(&self) -> Tensor<2> {
        tanh::tanh(self.base.mean.clone())
    }
}
