//! Training the denoiser, its slow copy, and the inverse dynamics.

use agents::{
    failure::failure,
    state::{arrays, load_module, load_trained, save_module, save_trained},
};
use burn::tensor::{Device, Tensor, TensorData};
use learn::{
    batch::matrix,
    generative::{Noised, denoising},
    optim::{AdamSettings, Trained, update},
};
use nets::{
    diffusion::{Condition, Process, TemporalUnet, UnetConfig},
    dynamics::inverse::{InverseConfig, InverseHead, InverseModel},
    ema,
};
use rand::RngExt;
use run::{Result, Run, RunError, Snapshot};
use worlds::ActionSpace;

use super::{
    config::{DecisionDiffuserConfig, EmaConfig, Variant},
    data::{Asked, Paths},
    model::{Planner, Shape, process},
};

/// Denoiser and inverse dynamics, which share no parameters.
pub(super) struct Learner {
    shape: Shape,
    process: Process,
    network: Trained<TemporalUnet>,
    slow: TemporalUnet,
    inverse: Option<Trained<InverseModel>>,
    /// Which elements of a plan the network is trained on, `[H, width]`.
    weights: Tensor<2>,
    updates: u64,
    device: Device,
}

impl Learner {
    /// # Errors
    /// A size does not fit another, or the head of the inverse model does not fit the actions.
    pub(super) fn new(
        config: &DecisionDiffuserConfig,
        paths: &Paths,
        space: Option<&ActionSpace>,
        device: &Device,
        run: &mut Run,
    ) -> Result<Self> {
        let joint = config.variant == Variant::CondDiffuser;
        if joint && space.is_none() {
            return Err(RunError::Task(
                "`variant=cond-diffuser` diffuses actions, and the data have none: use `variant=diffuser`"
                    .to_owned(),
            ));
        }
        let action = if joint { paths.action } else { 0 };
        let shape = Shape { rows: config.horizon, state: paths.fields.width, action };
        let diffusion = &config.diffusion;
        let training = device.clone().autodiff();
        let network = UnetConfig::new(
            shape.rows,
            shape.width(),
            paths.condition,
            diffusion.base,
            &diffusion.multipliers,
        );
        let network = network.init(&training, run.random("init")).map_err(RunError::part)?;
        let adam = AdamSettings::new(config.learning_rate);
        let inverse = match space {
            Some(space) if !joint => {
                let model = inverse(config, paths, space)?.init(&training, run.random("init"));
                Some(Trained::new(model, adam))
            }
            _ => None,
        };
        let weights = TensorData::new(shape.weights(), [shape.rows, shape.width()]);
        Ok(Self {
            process: process(diffusion)?,
            slow: ema::target_of(&network),
            network: Trained::new(network, adam),
            inverse,
            weights: Tensor::from_data(weights, device),
            updates: 0,
            device: device.clone(),
            shape,
        })
    }

    /// One update of everything: the sum of the two losses, each on a batch of its own.
    pub(super) fn learn(
        &mut self,
        config: &DecisionDiffuserConfig,
        paths: &mut Paths,
        run: &mut Run,
    ) -> Result<()> {
        self.learn_denoising(config, paths, run)?;
        self.learn_inverse(config.inverse.batch, paths, run)?;
        self.updates += 1;
        self.follow(&config.ema);
        run.count_updates("denoiser", 1);
        Ok(())
    }

    fn learn_denoising(
        &mut self,
        config: &DecisionDiffuserConfig,
        paths: &mut Paths,
        run: &mut Run,
    ) -> Result<()> {
        paths.draw(config.batch, run.random("replay"));
        let clean = self.clean(paths, config.batch);
        let noised = Noised::draw(&self.process, clean.clone(), run.random("noise"));
        // The first state is given to the network as it is.
        let input = noised.input.clone() * self.weights.clone().unsqueeze_dim(0)
            + clean * self.weights.clone().neg().add_scalar(1.0).unsqueeze_dim(0);
        let noised = Noised { input, ..noised }.autodiff();
        let condition = (paths.condition > 0).then(|| {
            let random = run.random("noise");
            let dropped = config.diffusion.dropped;
            let kept = (0..config.batch).map(|_| f32::from(u8::from(random.random::<f64>() >= dropped)));
            Condition {
                values: matrix(&paths.conditions(), config.batch, &self.device),
                kept: matrix(&kept.collect::<Vec<f32>>(), config.batch, &self.device),
            }
            .autodiff()
        });
        let steps = noised.steps();
        let predicted = self.network.module().forward(noised.input, steps, condition.as_ref());
        let loss = denoising(predicted, noised.target, self.weights.clone().autodiff()).mean();
        let done =
            update("denoising", loss, &mut [&mut self.network], None).map_err(|error| failure(run, error))?;
        run.log("loss/denoising", f64::from(done.loss))
    }

    /// The plans of the places drawn, actions first where they are diffused, `[B, H, width]`.
    fn clean(&self, paths: &Paths, batch: usize) -> Tensor<3> {
        let rows = self.shape.rows;
        let upload = |values: Vec<f32>, width| {
            Tensor::<3>::from_data(TensorData::new(values, [batch, rows, width]), &self.device)
        };
        let states = upload(paths.states(0, rows), self.shape.state);
        if self.shape.action == 0 {
            return states;
        }
        Tensor::cat(vec![upload(paths.actions(rows), self.shape.action), states], 2)
    }

    fn learn_inverse(&mut self, batch: usize, paths: &mut Paths, run: &mut Run) -> Result<()> {
        let Some(inverse) = &mut self.inverse else { return Ok(()) };
        paths.draw_steps(batch, run.random("replay"));
        let upload = |values: &[f32]| matrix(values, batch, &self.device).autodiff();
        let (pairs, state) = (upload(&paths.states(0, 2)), self.shape.state);
        let (here, next) = (pairs.clone().narrow(1, 0, state), pairs.narrow(1, state, state));
        let loss = inverse.module().loss(here, next, upload(&paths.actions(1))).mean();
        let done = update("inverse", loss, &mut [inverse], None).map_err(|error| failure(run, error))?;
        run.log("loss/inverse", f64::from(done.loss))
    }

    /// Moves the slow copy.
    fn follow(&mut self, config: &EmaConfig) {
        if !self.updates.is_multiple_of(config.every) {
            return;
        }
        let rate = if self.updates <= config.start { 1.0 } else { 1.0 - config.decay };
        self.slow = ema::update(self.slow.clone(), self.network.inference(), rate);
    }

    /// What plans, as it is now.
    pub(super) fn planner(
        &self,
        config: &DecisionDiffuserConfig,
        paths: &Paths,
        asked: Vec<Asked>,
    ) -> Planner {
        let inverse = self.inverse.as_ref().map(|inverse| inverse.inference().clone());
        let parts = (self.process.clone(), paths.scaling.clone());
        Planner::new(config, (self.slow.clone(), inverse), parts, self.shape, asked, self.device.clone())
    }

    pub(super) fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        save_module(snapshot, "slow", &self.slow);
        if let Some(inverse) = &self.inverse {
            save_trained(snapshot, &[("inverse", inverse)]);
        }
        snapshot.put("updates", &self.updates)
    }

    pub(super) fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = arrays(snapshot);
        load_trained(&arrays, &mut [("network", &mut self.network)])?;
        self.slow = load_module(&arrays, "slow", self.slow.clone())?;
        if let Some(inverse) = &mut self.inverse {
            load_trained(&arrays, &mut [("inverse", inverse)])?;
        }
        self.updates = snapshot.get("updates")?;
        Ok(())
    }
}

/// The inverse model's shape.
fn inverse(config: &DecisionDiffuserConfig, paths: &Paths, space: &ActionSpace) -> Result<InverseConfig> {
    let head = config.inverse.head;
    let discrete = matches!(space, ActionSpace::Discrete { .. });
    if discrete != (head == InverseHead::Classifier) {
        return Err(RunError::Task(match discrete {
            true => "the data's actions are discrete, which a mean squared error or bins of numbers do not fit: set \
                     `inverse.head=classifier`"
                .to_owned(),
            false => "the data's actions are vectors, among which a classifier cannot choose: set \
                      `inverse.head=mse` or `inverse.head=bins`"
                .to_owned(),
        }));
    }
    Ok(InverseConfig {
        state: paths.fields.width,
        action: paths.action,
        hidden: config.inverse.hidden.clone(),
        head,
        bins: config.inverse.bins,
    })
}
