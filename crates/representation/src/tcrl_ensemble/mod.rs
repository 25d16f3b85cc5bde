//! Five stochastic models of observations (probabilistic ensembles; Chua et al., 2018, section 4),
//! the comparison of Zhao et al. (2023, arXiv 2306.09466): `tcrl` trains one deterministic model of
//! latents instead, and what an update of either costs stands in `clock/model`.
//!
//! Each member is one perceptron of the width, depth and activation of TCRL's latent model that gives
//! means and log-variances of the next observation's difference and of the reward. It learns to
//! predict single steps: the windows that the latent model rolls out over, as transitions. All members
//! see the same ones, since to draw each its own would only make the ensemble dearer.
//!
//! Nothing acts on these models here: actions are uniformly random.

mod config;
mod method;
#[cfg(test)]
mod tests;

use std::time::Instant;

use agents::{
    experience::Experience,
    update::{failure, update},
};
use burn::tensor::{Device, Tensor, activation::softplus};
use learn::{LearnError, batch::Windows, optim::Trained, reduce::total};
use nets::{Observed, ensemble::EnsembleMlp};
use run::{Progress, Result, Run};

pub use self::config::TcrlEnsembleConfig;

/// Models of the ensemble.
const MEMBERS: usize = 5;

/// Soft bounds of the log-variances, where the authors' program puts them at first.
const LOG_VARIANCE: [f32; 2] = [-10.0, 0.5];

/// An ensemble that learns from random experience.
pub struct TcrlEnsemble {
    config: TcrlEnsembleConfig,
    device: Device,
    members: Trained<EnsembleMlp>,
    experience: Experience,
    /// Environment steps since the last update.
    pending: u64,
}

impl TcrlEnsemble {
    /// Acts once in every copy of the world, and makes the updates that are due.
    fn iteration(&mut self, run: &mut Run) -> Result<Progress> {
        let collecting = run.meters().episodes < self.config.random_episodes;
        let before = run.steps();
        let actions = self.experience.random_actions(run.random("policy"));
        self.experience.step(&actions, run)?;
        if !collecting {
            self.pending += run.steps() - before;
            while self.pending >= self.config.update_every {
                self.pending -= self.config.update_every;
                self.update(run)?;
            }
        }
        Ok(Progress::MAIN)
    }

    /// One step of every member on one batch of windows.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let TcrlEnsembleConfig { batch, horizon, gradient_clip, .. } = self.config;
        let random = run.random("replay");
        let windows = self.experience.masked_windows(batch, horizon, random, &self.device)?;
        let begun = Instant::now();
        let loss = loss(self.members.module(), horizon, &windows).map_err(|error| failure(run, error))?;
        let done = update(run, "ensemble", loss, &mut [&mut self.members], Some(gradient_clip))?;
        run.phase("model", begun.elapsed().as_secs_f64());
        run.count_updates("ensemble", 1);
        run.log("loss/ensemble", f64::from(done.loss / MEMBERS as f32))
    }
}

/// Sum over members of the mean over steps and numbers of ((x - mean)^2 / variance + ln variance)/2,
/// the negative log-likelihood without its constant (Chua et al., 2018, section 4).
fn loss(
    members: &EnsembleMlp,
    horizon: usize,
    windows: &Windows,
) -> std::result::Result<Tensor<1>, LearnError> {
    let Steps { input, target, mask } = steps(windows, horizon)?;
    let [rows, size] = target.dims();
    let output = members.forward(input.autodiff());
    let mean = output.clone().narrow(2, 0, size);
    let log_variance = bounded(output.narrow(2, size, size));
    let error = mean - target.autodiff().unsqueeze_dim::<3>(0);
    let terms = error.square() * log_variance.clone().neg().exp() + log_variance;
    let share = mask.clone() / mask.sum().clamp_min(1.0).mul_scalar(2.0 * size as f32);
    Ok(total(terms * share.autodiff().reshape([1, rows, 1])))
}

/// Log-variances held softly between the bounds (Chua et al., 2018, appendix A.1).
fn bounded(raw: Tensor<3>) -> Tensor<3> {
    let [least, most] = LOG_VARIANCE;
    let below = softplus(raw.neg().add_scalar(most), 1.0).neg().add_scalar(most);
    softplus(below.sub_scalar(least), 1.0).add_scalar(least)
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

/// The first `horizon` steps of every window, each by itself.
fn steps(windows: &Windows, horizon: usize) -> std::result::Result<Steps, LearnError> {
    let (batch, length) = (windows.batch, windows.length);
    let (Observed::Flat(seen), Some(actions)) = (&windows.observations, windows.actions.continuous()) else {
        let reason = "it reads vectors and continuous actions";
        return Err(LearnError::Objective { id: method::ID, reason });
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
