//! Self-predictive learning (Tang et al., 2023, "Understanding Self-Predictive Learning for
//! Reinforcement Learning", arXiv 2212.03319).
//!
//! A representation that learns to predict itself a step ahead could become constant, but does not:
//! with a predictor that is always at its best and no gradient through the target its Gram matrix is
//! conserved, and on a symmetric chain it turns towards the top eigenspaces of the transition
//! matrix. Where the chain is not symmetric, two representations that predict each other, one
//! forward and one backward, turn towards the top singular subspaces.
//!
//! On a world whose table is known these dynamics are computed exactly in 64-bit floats
//! ([`tabular`]); elsewhere the same is an objective of an agent that learns values, here of DQN's:
//! this file. The paper's agents learn from many worlds of first-person images.
//!
//! The objective's maximum is the top eigenspace, but a symmetric matrix with eigenvalues of both
//! signs leaves it other local maxima: a small turn from an eigenvector to one of an eigenvalue of
//! the other sign makes it smaller first, however large that eigenvalue is.

mod config;
mod method;
pub mod tabular;
#[cfg(test)]
mod tests;

use burn::{module::Module, nn::Linear, tensor::Tensor};
use learn::{
    batch::{self, Windows},
    decorrelation::participation_ratio,
    objective::{Taps, Term},
    optim::{AdamSettings, Trained},
    self_predictive::rollout_cosine,
};
use nets::dynamics::Transition;

pub use self::{
    config::{Prediction, PredictionSettings, SelfPredictiveConfig},
    method::SelfPredictive,
};

/// Smallest norm of a head's output that is divided by.
const FLOOR: f32 = 1e-3;

/// What predicts in one direction: a transition model on latents under actions, and a linear map
/// between its head's outputs.
#[derive(Module, Debug)]
struct Predictor {
    transition: Transition,
    output: Linear,
}

/// The predictors, which learn on the fast time scale.
#[derive(Module, Debug)]
struct Predictors {
    forward: Predictor,
    /// In `bidirectional` only.
    backward: Option<Predictor>,
}

/// The encoder's heads in which latents are compared, one for each direction.
#[derive(Module, Debug)]
struct Heads {
    forward: Linear,
    /// In `bidirectional` only.
    backward: Option<Linear>,
}

/// Modules with their optimisers.
struct Parts {
    predictors: Trained<Predictors>,
    heads: Trained<Heads>,
}

/// Bidirectional self-prediction beside an agent's own loss.
pub struct SelfPrediction {
    settings: PredictionSettings,
    adam: AdamSettings,
    /// Nothing before it is built, and in `none`.
    parts: Option<Parts>,
    actions: usize,
}

impl SelfPrediction {
    /// The loss of each direction, and what is measured of it. Gradient reaches the encoder through the
    /// latent that a rollout begins with, the transition models, heads and predictors, and nothing of a
    /// target: neither its latents nor the head that they go through.
    fn prediction_losses(&self, taps: &dyn Taps, windows: &Windows) -> Vec<Term> {
        let report = |name, value| Term { name, weight: 0.0, loss: value };
        let rank = report("diag/rank", participation_ratio(taps.start().inner()));
        let Some(parts) = &self.parts else { return vec![rank] };
        let (predictors, heads, stopped) =
            (parts.predictors.module(), parts.heads.module(), parts.heads.inference());
        let weight = self.settings.weight as f32;
        let (actions, steps) = (self.actions(windows), windows.length);
        let targets = taps.encode_target(&windows.observations);
        let size = targets.dims()[1];
        let targets = targets.reshape([windows.batch, steps + 1, size]);

        // A step that ended the episode counts no more than those after it.
        let mask = windows.discount.clone();
        let predicted = predictors.forward.transition.rollout(taps.start(), actions.clone(), true);
        let pair = [&heads.forward, &stopped.forward];
        let later = targets.clone().narrow(1, 1, steps);
        let cosine = Self::agreement(pair, &predictors.forward, predicted, later, mask.clone());
        let (loss, mean) = Self::loss(cosine, mask.clone());
        let mut terms = vec![Term { name: "forward", weight, loss }, report("diag/cosine", mean), rank];

        let backward = (&predictors.backward, &heads.backward, &stopped.backward);
        if let (Some(predictor), Some(head), Some(stopped)) = backward {
            // The way back begins at the last step, so all of the window must lie in one episode.
            let mask = mask.min_dim(1).expand([windows.batch, steps]);
            let last = taps.encode(&windows.observation(steps));
            let predicted = predictor.transition.rollout(last, actions.flip([1]), true);
            let earlier = targets.narrow(1, 0, steps).flip([1]);
            let cosine = Self::agreement([head, stopped], predictor, predicted, earlier, mask.clone());
            let (loss, mean) = Self::loss(cosine, mask);
            terms.push(Term { name: "backward", weight, loss });
            terms.push(report("diag/backward_cosine", mean));
        }
        terms
    }

    /// Agreement of predicted latents `[B, K, d]` with those of the target encoder, by step, 0 where
    /// `mask [B, K]` is: the prediction goes through the head and the predictor's output, the target
    /// through the same head without gradient.
    fn agreement(
        [head, stopped]: [&Linear; 2],
        predictor: &Predictor,
        predicted: Tensor<3>,
        targets: Tensor<3>,
        mask: Tensor<2>,
    ) -> Tensor<2> {
        let [rows, steps, size] = predicted.dims();
        let found = predictor.output.forward(head.forward(predicted.reshape([rows * steps, size])));
        let wanted = stopped.forward(targets.reshape([rows * steps, size])).autodiff();
        let width = wanted.dims()[1];
        let mask = mask.autodiff();
        let weights = batch::vector(&vec![1.0; steps], &mask.device());
        let shape = [rows, steps, width];
        rollout_cosine(found.reshape(shape), wanted.reshape(shape), mask, weights, FLOOR)
    }

    /// Loss `[B]`, the squared distance of unit vectors (2 - 2 cos) averaged over K, and the mean
    /// cosine `[1]`.
    fn loss(cosine: Tensor<2>, mask: Tensor<2>) -> (Tensor<1>, Tensor<1>) {
        let [rows, steps] = cosine.dims();
        let mean = cosine.clone().inner().sum() / mask.clone().sum().clamp_min(1.0);
        let distance = (mask.autodiff() - cosine).sum_dim(1).reshape([rows]);
        (distance * (2.0 / steps as f32), mean)
    }

    fn actions(&self, windows: &Windows) -> Tensor<3> {
        let vectors = windows.actions.vectors(self.actions).autodiff();
        vectors.reshape([windows.batch, windows.length, self.actions])
    }
}
