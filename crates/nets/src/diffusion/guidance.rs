//! Steering samples by conditions.

use burn::tensor::{Device, Tensor};

use super::embedding::Condition;

/// A network that predicts something of noised samples.
pub trait Denoiser<const D: usize> {
    /// What it predicts of `noised [B, ...]` at step `step`, 1 to K, under a condition of B rows; the
    /// null condition where there is none.
    fn predict(&self, noised: Tensor<D>, step: usize, condition: Option<&Condition>) -> Tensor<D>;
}

/// A condition and how much samples are pushed towards it; below 0 they are pushed away (NOT).
#[derive(Clone, Debug)]
pub struct Term {
    /// The condition, `[B, c]`.
    pub condition: Tensor<2>,
    /// Its weight w.
    pub weight: f64,
}

/// Predictions under conditions, put together (Ho and Salimans, 2021; Liu et al., 2022):
/// eps = eps(null) + sum over i of w_i (eps(y_i) - eps(null)). One term is classifier-free guidance,
/// with weight 1 the plain conditional prediction. Several hold together if the conditions are
/// independent given the sample.
#[derive(Clone, Debug)]
pub struct Guidance {
    /// The conditions that are asked for, one below the other.
    stacked: Option<Condition>,
    /// The factor of each prediction.
    factors: Vec<f64>,
}

impl Guidance {
    /// The null condition alone.
    pub fn unconditional() -> Self {
        Self { stacked: None, factors: vec![1.0] }
    }

    /// For `rows` samples. Terms of weight 0 are left out.
    pub fn new(terms: Vec<Term>, rows: usize, device: &Device) -> Self {
        let terms: Vec<Term> = terms.into_iter().filter(|term| term.weight != 0.0).collect();
        let Some(first) = terms.first() else { return Self::unconditional() };
        let null = 1.0 - terms.iter().map(|term| term.weight).sum::<f64>();
        let width = first.condition.dims()[1];
        let mut factors: Vec<f64> = terms.iter().map(|term| term.weight).collect();
        let mut conditions: Vec<Condition> =
            terms.into_iter().map(|term| Condition::of(term.condition)).collect();
        if null != 0.0 {
            factors.push(null);
            conditions.push(Condition::null(rows, width, device));
        }
        let (values, kept) = conditions.into_iter().map(|one| (one.values, one.kept)).unzip();
        let stacked = Condition { values: Tensor::cat(values, 0), kept: Tensor::cat(kept, 0) };
        Self { stacked: Some(stacked), factors }
    }

    /// The combined prediction for `noised [B, ...]`: all of them in one pass through the network.
    pub fn predict<const D: usize>(
        &self,
        denoiser: &impl Denoiser<D>,
        noised: Tensor<D>,
        step: usize,
    ) -> Tensor<D> {
        let rows = noised.dims()[0];
        let copies = Tensor::cat(vec![noised; self.factors.len()], 0);
        let predicted = denoiser.predict(copies, step, self.stacked.as_ref());
        let part = |(index, factor): (usize, &f64)| {
            predicted.clone().narrow(0, index * rows, rows).mul_scalar(*factor)
        };
        let parts = self.factors.iter().enumerate().map(part);
        parts.reduce(|sum, part| sum + part).unwrap_or(predicted)
    }
}
