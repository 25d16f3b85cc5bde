//! The decision transformer (Chen et al., 2021, "Decision Transformer: Reinforcement Learning via
//! Sequence Modeling", arXiv 2106.01345): imitation of recorded actions by a transformer that reads,
//! for the last steps, the return still to come, the state and the action. Acting, the return to come
//! is the one that is wanted, less what has been earned.
//!
//! Windows end at any step of any episode with equal chance, so that starts are seen with as little
//! history as in acting.

mod config;
mod method;
mod network;
mod policy;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor};
use learn::{optim::Trained, reduce, td};
use nets::{
    distribution::Categorical,
    trajectory::{Positions, TrajectoryConfig},
};
use run::{Result, Run, RunError, data::Data};

pub use self::config::DecisionTransformerConfig;
use self::network::Network;
use crate::{
    device,
    trajectories::{Steps, Trajectories},
    update::update,
};

/// The decision transformer.
pub struct DecisionTransformer {
    config: DecisionTransformerConfig,
    data: Trajectories,
    device: Device,
    network: Trained<Network>,
    /// Return asked for, scaled.
    target: f32,
}

impl DecisionTransformer {
    /// Builds the network for a data set of vectors.
    ///
    /// # Errors
    /// The data has no actions or no rewards.
    pub fn new(config: DecisionTransformerConfig, data: &Data, run: &mut Run) -> Result<Self> {
        let data = Trajectories::new(data, config.context - 1, 1, config.return_scale)?;
        let device = device::parse(run.device())?;
        let shape = TrajectoryConfig {
            kinds: vec![1, data.input(), data.actions()],
            block: config.block(),
            layers: config.layers,
            positions: Positions::PerStep { count: data.longest() },
            causal: true,
        };
        let (actions, discrete) = (data.actions(), data.discrete());
        let training = device.clone().autodiff();
        let network = Network::new(&shape, actions, discrete, &training, run.random("init"));
        let network = network.map_err(RunError::part)?;
        let best = data.recorded().set().returns().into_iter().fold(f64::NEG_INFINITY, f64::max);
        let target = config.target_return.unwrap_or(best) / data.scale();
        Ok(Self {
            network: Trained::new(network, config.adam()),
            target: target as f32,
            device,
            data,
            config,
        })
    }

    /// One update on windows of the data.
    fn update(&mut self, run: &mut Run) -> Result<()> {
        let steps = self.data.draw(self.config.batch, run.random("replay"), &self.device)?;
        let risen = (run.steps() + 1) as f64 / self.config.warmup.max(1) as f64;
        self.network.set_learning_rate(self.config.learning_rate * risen.min(1.0));
        let loss = self.loss(&steps, run);
        let clip = (self.config.gradient_clip > 0.0).then_some(self.config.gradient_clip);
        let done = update(run, "action", loss, &mut [&mut self.network], clip)?;
        run.log("loss/action", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))?;
        run.count_updates("network", 1);
        run.count_steps(1);
        Ok(())
    }

    /// Mean error of the actions of all steps inside episodes: cross-entropy of indices, squared error
    /// of vectors.
    fn loss(&self, steps: &Steps, run: &mut Run) -> Tensor<1> {
        let [rows, length] = steps.mask.dims();
        let states = steps.observations.clone().narrow(1, 0, length);
        let tokens = vec![steps.to_go.clone().unsqueeze_dim(2), states, steps.actions.clone()];
        let dropout = (self.config.dropout > 0.0).then(|| run.random("dropout"));
        let outputs = self.network.module().forward(&steps.window(tokens).autodiff(), dropout);
        let outputs = outputs.reshape([rows * length, self.data.actions()]);
        let error = match steps.taken.indices() {
            Some(indices) => Categorical::new(outputs).log_prob(indices.autodiff()).neg(),
            None => {
                let wanted = steps.taken.vectors(self.data.actions()).autodiff();
                td::squared_error(outputs, wanted).mean_dim(1).squeeze_dim(1)
            }
        };
        reduce::masked_mean(error, steps.mask.clone().reshape([rows * length]).autodiff())
    }
}
