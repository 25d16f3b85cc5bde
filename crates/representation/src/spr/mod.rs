//! Self-predictive representations (Schwarzer et al., 2021, "Data-Efficient Reinforcement Learning
//! with Self-Predictive Representations", arXiv 2007.05929).
//!
//! The encoder's latent is rolled forward K steps by a transition model that knows the actions, and
//! every predicted latent must point in the direction of the latent that a target copy of the
//! encoder gives to what was really seen then. The target gets no gradient, a predictor sits on the
//! online side alone, and both sides see images augmented independently; the projection in which
//! directions are compared is the first layer of the value network's head, so that what becomes
//! predictable is what values are read from.
//!
//! This file is the objective ([`SprObjective`]). The agent is Rainbow: encoder f_o, head with its
//! first layer g_o, and their target copies f_m and g_m (equation 2) are the agent's, which offers them
//! as [`Taps`]. Its update ([`agents::baseline::rainbow`], and of any agent that carries the objective)
//! minimises the value loss plus lambda times this one, in one step of all networks (equation 6).
//!
//! Different here: worlds of planes instead of Atari's pixels, and on vectors (`images = false`) a
//! perceptron as transition model, without augmentation.

mod config;
mod method;
#[cfg(test)]
mod tests;

use burn::{module::Module, nn::Linear, tensor::Tensor};
use learn::{
    LearnError, augment,
    batch::{self, Windows},
    decorrelation::participation_ratio,
    objective::{Taps, Term},
    optim::{AdamSettings, Trained},
    self_predictive::rollout_cosine,
};
use nets::{Observed, dynamics::Transition};
use rand_chacha::ChaCha8Rng;

use self::method::ID;
pub use self::{
    config::{SprConfig, SprSettings, SprVariant},
    method::Spr,
};

/// Smallest norm of a projection that is divided by.
const FLOOR: f32 = 1e-3;

/// The modules that the objective adds.
#[derive(Module, Debug)]
struct SprModel {
    /// h: the next latent under an action; not in `k0`.
    transition: Option<Transition>,
    /// q; not in `no-stopgrad`.
    predictor: Option<Linear>,
}

/// The objective: predicted latents must point where the target encoder's latents do.
pub struct SprObjective {
    settings: SprSettings,
    adam: AdamSettings,
    model: Option<Trained<SprModel>>,
    actions: usize,
}

impl SprObjective {
    /// Equation 5 for every window, `[B]`: -Σ_k cos(yhat_k, y_k) over K steps, and what is measured of
    /// it. Gradient reaches q, g_o, h and f_o through the whole chain of steps, and nothing of the target.
    fn prediction_loss(
        &self,
        taps: &dyn Taps,
        windows: &Windows,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Term>, LearnError> {
        let model = self.model()?.module();

        // yhat_k = q(g_o(zhat_k)) (equation 4).
        let latents = self.predicted_latents(model, taps, windows);
        let [rows, steps, size] = latents.dims();
        let projected = taps.project(latents.reshape([rows * steps, size]));
        let predicted = match &model.predictor {
            Some(predictor) => predictor.forward(projected),
            None => projected,
        };
        let targets = self.targets(taps, windows, random);

        let width = targets.dims()[1];
        let shape = [rows, steps, width];
        let (predicted, targets) = (predicted.reshape(shape), targets.reshape(shape));
        // A step whose action ended the episode for good counts no more than those after it.
        let mask = match self.settings.variant {
            SprVariant::K0 => Tensor::ones([rows, 1], &windows.discount.device()),
            _ => windows.discount.clone(),
        };
        let cosine = self.cosine(predicted, targets.clone(), mask.clone());
        let agreement = cosine.clone().inner().sum() / mask.sum().clamp_min(1.0);
        let spread = spread(targets.inner().reshape([rows * steps, width]));
        let loss = cosine.sum_dim(1).neg().reshape([rows]);
        let report = |name, loss| Term { name, weight: 0.0, loss };
        Ok(vec![
            Term { name: ID, weight: self.settings.weight as f32, loss },
            report("diag/cosine", agreement),
            report("diag/rank", participation_ratio(taps.start().inner())),
            report("diag/projection_std", spread),
        ])
    }

    /// zhat_k `[B, K, d]` with their graph: zhat_0 = f_o(aug(s_t)), zhat_k = h(zhat_(k-1), a_(t+k-1))
    /// (equation 3); in `k0` zhat_0 alone.
    fn predicted_latents(&self, model: &SprModel, taps: &dyn Taps, windows: &Windows) -> Tensor<3> {
        let start = taps.start();
        let Some(transition) = &model.transition else { return start.unsqueeze_dim(1) };
        let actions = windows.actions.vectors(self.actions).autodiff();
        transition.rollout(start, actions.reshape([windows.batch, windows.length, self.actions]), true)
    }

    /// y_k = g_m(f_m(aug'(s_(t+k)))) `[B K, d']` (equation 4) of images augmented anew, without graph; in
    /// `no-stopgrad` of the online networks with their graph, in `k0` of s_t.
    fn targets(&self, taps: &dyn Taps, windows: &Windows, random: &mut ChaCha8Rng) -> Tensor<2> {
        let observed = match self.settings.variant {
            SprVariant::K0 => windows.observation(0),
            _ => windows.futures(),
        };
        let observed = self.augmented(observed, random);
        match self.settings.variant {
            SprVariant::NoStopgrad => taps.project(taps.encode(&observed)),
            _ => taps.project_target(taps.encode_target(&observed)).autodiff(),
        }
    }

    /// Each image shifted by some pixels and multiplied by a factor near 1; the agent does so with the
    /// inputs of its value loss too, and not when acting.
    fn augmented(&self, observed: Observed, random: &mut ChaCha8Rng) -> Observed {
        match observed {
            Observed::Image(images) if self.augments() => {
                let shifted = augment::random_shift(images, self.settings.shift, random);
                Observed::Image(augment::intensity(shifted, self.settings.intensity, random))
            }
            other => other,
        }
    }

    fn augments(&self) -> bool {
        self.settings.augmentation && self.settings.variant != SprVariant::NoAug
    }

    /// cos(yhat_k, y_k) `[B, K]`, 0 where the mask is. The targets are constants but in `no-stopgrad`.
    fn cosine(&self, predicted: Tensor<3>, targets: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
        let (mask, steps) = (mask.autodiff(), predicted.dims()[1]);
        let ones = || batch::vector(&vec![1.0; steps], &mask.device());
        let cosine = rollout_cosine(predicted.clone(), targets.clone(), mask.clone(), ones(), FLOOR);
        if self.settings.variant != SprVariant::NoStopgrad {
            return cosine;
        }
        // The cosine is symmetric: with the roles exchanged its gradient is that of the targets.
        let reversed = rollout_cosine(targets, predicted, mask.clone(), ones(), FLOOR);
        cosine + (reversed.clone() - reversed.detach())
    }
}

/// Standard deviation over the batch of `projections [B, d]` of unit length, times the root of d:
/// 0 where all are the same, 1 where they point everywhere alike. `[1]`.
fn spread(projections: Tensor<2>) -> Tensor<1> {
    let width = projections.dims()[1];
    let norm = projections.clone().square().sum_dim(1).clamp_min(FLOOR * FLOOR).sqrt();
    let unit = projections / norm;
    let centred = unit.clone() - unit.mean_dim(0);
    (centred.square().mean_dim(0).sqrt().mean()).mul_scalar((width as f32).sqrt())
}
