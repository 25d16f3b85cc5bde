//! Stage `latent-policy`: the policy predicts from one frame what the inverse model sees in the
//! window.

use agents::failure::failure;
use burn::tensor::Tensor;
use learn::{optim::update, reduce};
use rand::RngExt;
use run::{Result, Run};

use super::{Lapo, Variant, decode::cross_entropy, frames::Windows};

impl Lapo {
    /// One update of the policy, with the inverse model fixed.
    pub(super) fn fit_policy(&mut self, run: &mut Run) -> Result<()> {
        let stage = self.config.policy;
        self.policy.set_learning_rate(self.schedules[1].value(self.position.done));
        let loss = match self.config.variant {
            Variant::Cloning => {
                let (windows, actions) = self.labelled(stage.batch, run)?;
                cross_entropy(self.predict(&windows), &actions, 0.0)
            }
            Variant::Idm => {
                let windows = self.frames.draw(stage.batch, run.random("windows"), &self.device)?;
                let logits = self.inverse.inference().network.forward(windows.all.clone());
                let actions: Vec<usize> =
                    logits.argmax(1).into_data().iter::<i64>().map(|index| index as usize).collect();
                cross_entropy(self.predict(&windows), &actions, 0.0)
            }
            _ => {
                let windows = self.frames.draw(stage.batch, run.random("windows"), &self.device)?;
                // The latent in front of the codes: a smooth target.
                let latent = self.inverse.inference().network.forward(windows.all.clone());
                reduce::mean((self.predict(&windows) - latent.autodiff()).square())
            }
        };
        let done = update("policy", loss, &mut [&mut self.policy], stage.clip())
            .map_err(|error| failure(run, error))?;
        run.count_updates("policy", 1);
        run.log("loss/policy", f64::from(done.loss))
    }

    /// The policy's output for the frames in which the agent acts.
    fn predict(&self, windows: &Windows) -> Tensor<2> {
        self.policy.module().forward(windows.current().autodiff())
    }

    /// `count` labelled windows with their actions, drawn with replacement.
    pub(super) fn labelled(&mut self, count: usize, run: &mut Run) -> Result<(Windows, Vec<usize>)> {
        let random = run.random("labels");
        let drawn: Vec<usize> = (0..count).map(|_| random.random_range(0..self.labels.len())).collect();
        let positions: Vec<_> = drawn.iter().map(|&index| self.labels.positions[index]).collect();
        let actions = drawn.iter().map(|&index| self.labels.actions[index]).collect();
        Ok((self.frames.at(&positions, &self.device)?, actions))
    }
}
