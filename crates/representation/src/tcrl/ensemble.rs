//! Five stochastic models of observations (probabilistic ensembles; Chua et al., 2018, section 4),
//! to weigh what an update of them costs against one of the latent model.
//!
//! Each member is one perceptron of the latent model's width, depth and activation that gives means
//! and log-variances of the next observation's difference and of the reward. It learns to predict
//! single steps: the same windows and steps that the latent model rolls out over, as transitions.
//! All members see the same ones, since to draw each its own would only make the ensemble dearer.

use std::time::Instant;

use burn::tensor::{Device, Tensor, activation::softplus};
use learn::{
    LearnError,
    batch::Windows,
    optim::{Trained, update},
    reduce::total,
};
use nets::{ensemble::EnsembleMlp, observed::Observed};
use rand_chacha::ChaCha8Rng;
use run::Run;

use super::objective::ConsistencySettings;

/// Models of the ensemble.
const MEMBERS: usize = 5;

/// Soft bounds of the log-variances, where the authors' program puts them at first.
const LOG_VARIANCE: [f32; 2] = [-10.0, 0.5];

/// Updates over which both costs are summed before one is divided by the other, so that no single
/// interrupted update decides.
const BLOCK: u64 = 100;

/// The ensemble and the times it is compared by.
pub struct Ensemble {
    members: Trained<EnsembleMlp>,
    horizon: usize,
    clip: f32,
    costs: Costs,
}

/// Seconds spent since the last comparison; a resumed run begins a new one.
#[derive(Default)]
struct Costs {
    model: f64,
    ensemble: f64,
    updates: u64,
}

/// Single steps out of windows.
struct Steps {
    /// Observations and actions, `[N, o + a]`.
    input: Tensor<2>,
    /// Differences of observations and rewards, `[N, o + 1]`.
    target: Tensor<2>,
    /// 1 for steps inside the episode, `[N]`.
    mask: Tensor<1>,
}

impl Ensemble {
    /// Fresh models of observations of `observation` numbers under actions of `action` numbers, on
    /// the training device, with the settings of the latent model that they are compared with.
    pub fn new(
        settings: &ConsistencySettings,
        observation: usize,
        action: usize,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let shape = settings.mlp(observation + action, 2 * (observation + 1));
        let members = EnsembleMlp::new(&shape, MEMBERS, device, random);
        Self {
            members: Trained::new(members, settings.adam),
            horizon: settings.horizon,
            clip: settings.clip,
            costs: Costs::default(),
        }
    }

    /// One step of every member, reported and timed beside the `model` seconds that the latent
    /// model's update took on the same windows.
    ///
    /// # Errors
    /// The loss is not finite, or the windows hold images or indices; nothing was changed then.
    pub fn compare(&mut self, windows: &Windows, model: f64, run: &mut Run) -> Result<f32, LearnError> {
        let begun = Instant::now();
        let loss = self.train(windows)?;
        let seconds = begun.elapsed().as_secs_f64();
        run.phase("ensemble", seconds);
        let costs = &mut self.costs;
        costs.model += model;
        costs.ensemble += seconds;
        costs.updates += 1;
        if costs.updates == BLOCK {
            if costs.model > 0.0 {
                run.phase("ensemble_per_model", costs.ensemble / costs.model);
            }
            *costs = Costs::default();
        }
        Ok(loss)
    }

    /// One step of every member; gives the members' mean loss before it.
    pub(super) fn train(&mut self, windows: &Windows) -> Result<f32, LearnError> {
        let loss = self.loss(windows)?;
        Ok(update("ensemble", loss, &mut [&mut self.members], Some(self.clip))?.loss / MEMBERS as f32)
    }

    /// Sum over members of the mean over steps and numbers of ((x - mean)^2 / variance + ln
    /// variance)/2, the negative log-likelihood without its constant.
    pub(super) fn loss(&self, windows: &Windows) -> Result<Tensor<1>, LearnError> {
        let Steps { input, target, mask } = steps(windows, self.horizon)?;
        let [rows, size] = target.dims();
        let output = self.members.module().forward(input.autodiff());
        let mean = output.clone().narrow(2, 0, size);
        let log_variance = bounded(output.narrow(2, size, size));
        let error = mean - target.autodiff().unsqueeze_dim::<3>(0);
        let terms = error.square() * log_variance.clone().neg().exp() + log_variance;
        let share = mask.clone() / mask.sum().clamp_min(1.0).mul_scalar(2.0 * size as f32);
        Ok(total(terms * share.autodiff().reshape([1, rows, 1])))
    }

    /// The members with their optimiser.
    pub fn members(&self) -> &Trained<EnsembleMlp> {
        &self.members
    }

    /// The members with their optimiser, to be restored.
    pub fn members_mut(&mut self) -> &mut Trained<EnsembleMlp> {
        &mut self.members
    }
}

/// The first `horizon` steps of every window, each by itself.
fn steps(windows: &Windows, horizon: usize) -> Result<Steps, LearnError> {
    let (batch, length) = (windows.batch, windows.length);
    let (Observed::Flat(seen), Some(actions)) = (&windows.observations, windows.actions.continuous()) else {
        return Err(LearnError::Objective {
            id: "tcrl",
            reason: "its ensemble reads vectors and continuous actions: leave `ensemble` off",
        });
    };
    let rows = batch * horizon;
    let ([_, size], [_, width]) = (seen.dims(), actions.dims());
    let seen = seen.clone().reshape([batch, length + 1, size]);
    let now = seen.clone().narrow(1, 0, horizon).reshape([rows, size]);
    let next = seen.narrow(1, 1, horizon).reshape([rows, size]);
    let action = actions.reshape([batch, length, width]).narrow(1, 0, horizon).reshape([rows, width]);
    let reward = windows.reward.clone().narrow(1, 0, horizon).reshape([rows, 1]);
    Ok(Steps {
        target: Tensor::cat(vec![next - now.clone(), reward], 1),
        input: Tensor::cat(vec![now, action], 1),
        mask: windows.mask.clone().narrow(1, 0, horizon).reshape([rows]),
    })
}

/// Log-variances held softly between the bounds (Chua et al., 2018, appendix A.1).
fn bounded(raw: Tensor<3>) -> Tensor<3> {
    let [least, most] = LOG_VARIANCE;
    let below = softplus(raw.neg().add_scalar(most), 1.0).neg().add_scalar(most);
    softplus(below.sub_scalar(least), 1.0).add_scalar(least)
}
