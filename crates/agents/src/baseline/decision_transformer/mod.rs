//! The decision transformer (Chen et al., 2021, "Decision Transformer: Reinforcement Learning via
//! Sequence Modeling", arXiv 2106.01345): imitation of recorded actions by a transformer that reads,
//! for the last steps, the return still to come, the state and the action. Acting, the return to come
//! is the one that is wanted, less what has been earned.
//!
//! Windows end at any step of any episode with equal chance, so that starts are seen with as little
//! history as in acting.

mod network;
mod policy;

use burn::tensor::Device;
use learn::{
    optim::{AdamSettings, Trained, update},
    reduce, td,
};
use nets::{
    attention::BlockConfig,
    distribution::Categorical,
    trajectory::{Positions, Rolling, TrajectoryConfig},
};
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Result, Run, RunError,
    Snapshot, Task, data::Data,
};
use settings::Config;

use self::{network::Network, policy::ReturnPolicy};
use crate::{
    device,
    failure::failure,
    state::{arrays, load_trained, save_trained},
    trajectories::{Steps, Trajectories},
};

/// Hyper-parameters of the decision transformer.
///
/// The paper's values for control from vectors (its table 9).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct DecisionTransformerConfig {
    /// Steps that the transformer reads, K.
    #[setting(10, paper = 20)]
    pub context: usize,
    /// Width of the transformer.
    #[setting(64, paper = 128)]
    pub width: usize,
    /// Number of blocks.
    #[setting(2, paper = 3)]
    pub layers: usize,
    /// Heads of each block.
    #[setting(1)]
    pub heads: usize,
    /// Share of activations dropped in training.
    #[setting(0.1)]
    pub dropout: f64,
    /// Windows per update.
    #[setting(32, paper = 64)]
    pub batch: usize,
    /// Step size of AdamW, after the warm-up.
    #[setting(1e-3, paper = 1e-4)]
    pub learning_rate: f64,
    /// Decoupled weight decay.
    #[setting(1e-4)]
    pub weight_decay: f64,
    /// Updates over which the step size rises from 0.
    #[setting(100, paper = 10_000)]
    pub warmup: u64,
    /// Limit of the gradient's norm; 0 for none.
    #[setting(0.25)]
    pub gradient_clip: f32,
    /// Return asked for in acting; the data's highest where it is missing.
    #[setting(None)]
    pub target_return: Option<f64>,
    /// What returns are divided by; the data's largest return in size where it is missing.
    #[setting(None)]
    pub return_scale: Option<f64>,
}

impl DecisionTransformerConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        for (name, count) in [("context", self.context), ("layers", self.layers), ("batch", self.batch)] {
            if count == 0 {
                return Err(format!("`{name}` is 0: it must be at least 1"));
            }
        }
        if !(self.gradient_clip.is_finite() && self.gradient_clip >= 0.0) {
            return Err(format!("`gradient_clip` is {}: it must be at least 0", self.gradient_clip));
        }
        if self.return_scale.is_some_and(|scale| !(scale.is_finite() && scale > 0.0)) {
            return Err("`return_scale` must be above 0".to_owned());
        }
        if self.target_return.is_some_and(|target| !target.is_finite()) {
            return Err("`target_return` must be a finite number".to_owned());
        }
        self.adam().validate().map_err(|error| error.to_string())?;
        self.block().validate().map_err(|error| error.to_string())
    }
}

impl DecisionTransformerConfig {
    fn block(&self) -> BlockConfig {
        BlockConfig::new(self.width, self.heads).with_dropout(self.dropout)
    }

    fn adam(&self) -> AdamSettings {
        let Self { learning_rate, weight_decay, .. } = *self;
        AdamSettings { weight_decay, decoupled: true, ..AdamSettings::new(learning_rate) }
    }
}

/// The decision transformer.
pub struct DecisionTransformer {
    config: DecisionTransformerConfig,
    data: Trajectories,
    device: Device,
    network: Trained<Network>,
    /// Return asked for, scaled.
    target: f32,
}

run::register!(DecisionTransformer);

impl Method for DecisionTransformer {
    const CARD: Card = Card {
        id: "decision-transformer",
        title: "Decision Transformer: Reinforcement Learning via Sequence Modeling",
        paper: "Chen et al., 2021, arXiv 2106.01345",
        family: "baseline",
        summary: "imitates recorded actions given the return that followed; acting asks for a high one",
        needs: &[Need::Data {
            actions: DataActions::Any,
            rewards: true,
            observations: ObservationNeed::Vector,
        }],
        metrics: &["loss/action", "diag/gradient_norm"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 5_000,
        instead: "",
    };
    type Config = DecisionTransformerConfig;

    fn build(config: DecisionTransformerConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
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

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let steps = self.data.draw(self.config.batch, run.random("replay"), &self.device)?;
        let risen = (run.steps() + 1) as f64 / self.config.warmup.max(1) as f64;
        self.network.set_learning_rate(self.config.learning_rate * risen.min(1.0));
        let loss = self.loss(&steps, run);
        let clip = (self.config.gradient_clip > 0.0).then_some(self.config.gradient_clip);
        let done =
            update("action", loss, &mut [&mut self.network], clip).map_err(|error| failure(run, error))?;
        run.log("loss/action", f64::from(done.loss))?;
        run.log("diag/gradient_norm", f64::from(done.gradient_norm))?;
        run.count_updates("network", 1);
        run.count_steps(1);
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        let input = self.data.input();
        Some(Box::new(ReturnPolicy {
            network: self.network.inference().clone(),
            reading: self.data.recorded().reading().clone(),
            bounds: self.data.recorded().scale().clone(),
            device: self.device.clone(),
            discrete: self.data.discrete(),
            actions: self.data.actions(),
            target: self.target,
            scale: self.data.scale(),
            rolling: Rolling::new(vec![1, input, self.data.actions()], self.config.context),
            wanted: Vec::new(),
        }))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        self.data.recorded().save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.data.recorded().check(snapshot)?;
        load_trained(&arrays(snapshot), &mut [("network", &mut self.network)])
    }
}

impl DecisionTransformer {
    /// Mean error of the actions of all steps inside episodes: cross-entropy of indices, squared error
    /// of vectors.
    fn loss(&self, steps: &Steps, run: &mut Run) -> burn::tensor::Tensor<1> {
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

#[cfg(test)]
mod tests;
