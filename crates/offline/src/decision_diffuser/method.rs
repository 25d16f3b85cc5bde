//! What surrounds the algorithm: building, evaluation, checkpoints.

use agents::{
    device,
    state::{load_module, load_trained, save_module, save_trained},
};
use burn::tensor::{Device, Tensor, TensorData};
use learn::optim::{AdamSettings, Trained};
use nets::{
    diffusion::{Process, Schedule, UnetConfig},
    dynamics::inverse::{InverseConfig, InverseHead},
    ema,
};
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, data::Data,
};
use worlds::ActionSpace;

use super::{
    DecisionDiffuser, DecisionDiffuserConfig, Diffuser, PathModel, Planner, Shape, Together, Trainee,
    bc::Cloner,
    data::{Condition, Paths, summed},
    evaluation::LABELLED_PATHS,
    policy::PlanPolicy,
};

/// Updates of one iteration.
const CHUNK: u64 = 10;

run::register!(DecisionDiffuser);

impl Method for DecisionDiffuser {
    const CARD: Card = Card {
        id: "decision-diffuser",
        title: "Is Conditional Generative Modeling all you need for Decision-Making?",
        paper: "Ajay et al., ICLR 2023, arXiv 2211.15657",
        family: "generative",
        summary: "plans future states by diffusion, guided towards a return or labels; actions by inverse dynamics",
        needs: &[Need::Data {
            actions: DataActions::None,
            rewards: false,
            observations: ObservationNeed::Vector,
        }],
        metrics: &["loss/denoising", "loss/inverse", "loss/clone", "eval/both", "eval/a", "eval/b", "diag/*"],
        stages: &["main"],
        primary: Primary::RETURN,
        unit: "updates",
        steps: 2_000,
        instead: "`bc` or `iql`",
    };
    type Config = DecisionDiffuserConfig;

    fn build(config: DecisionDiffuserConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let data: &Data = task.require(&Self::CARD)?;
        let paths = Paths::new(&config, data, run)?;
        let mut conditions = paths.wanted(&config)?;
        if config.labels.together == Together::Sum {
            conditions = summed(&conditions, config.sampling.guidance);
        }
        let device = device::parse(run.device())?;
        let space = data.set.spec().action.clone();
        let trainee = match config.variant {
            PathModel::Bc => {
                let network = (config.inverse.hidden.as_slice(), config.learning_rate);
                Trainee::Cloner(Box::new(Cloner::new(&paths, network, config.horizon - 1, &device, run)))
            }
            _ => Trainee::Diffuser(Box::new(Diffuser::new(&config, &paths, space.as_ref(), &device, run)?)),
        };
        let checked = data.spec().policy == LABELLED_PATHS;
        Ok(Self { config, paths, space, checked, conditions, trainee })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let left = run.total_steps().saturating_sub(run.steps()).max(1);
        for _ in 0..left.min(CHUNK) {
            match &mut self.trainee {
                Trainee::Diffuser(diffuser) => diffuser.learn(&self.config, &mut self.paths, run)?,
                Trainee::Cloner(cloner) => cloner.learn(&mut self.paths, self.config.batch, run)?,
            }
            run.count_steps(1);
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(Box::new(self.plan_policy(self.conditions.clone())?))
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match &protocol.world {
            Some(_) => self.score_in_world(protocol, run),
            None => self.score_paths(&mut run.derived("eval", protocol.seed)),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("scaling", &self.paths.scaling)?;
        match &self.trainee {
            Trainee::Diffuser(diffuser) => diffuser.save(snapshot)?,
            Trainee::Cloner(cloner) => cloner.save(snapshot),
        }
        Ok(())
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        if self.paths.scaling != snapshot.get("scaling")? {
            return Err(RunError::Task(
                "the checkpoint's states are scaled differently from those of this data: give the data that the \
                 run was trained on"
                    .to_owned(),
            ));
        }
        match &mut self.trainee {
            Trainee::Diffuser(diffuser) => diffuser.load(snapshot),
            Trainee::Cloner(cloner) => cloner.load(snapshot),
        }
    }
}

impl DecisionDiffuser {
    /// What acts under these conditions; nothing where the data have no actions.
    pub(super) fn plan_policy(&self, conditions: Vec<Condition>) -> Option<PlanPolicy> {
        let Trainee::Diffuser(diffuser) = &self.trainee else { return None };
        let planner = diffuser.planner(&self.config, &self.paths, conditions);
        let space = self.space.clone()?;
        Some(PlanPolicy::new(planner, self.paths.fields.clone(), space, self.config.history))
    }
}

impl Diffuser {
    /// Networks for these paths; refuses sizes that do not fit each other, and a head of the inverse
    /// model that does not fit the actions.
    fn new(
        config: &DecisionDiffuserConfig,
        paths: &Paths,
        space: Option<&ActionSpace>,
        device: &Device,
        run: &mut Run,
    ) -> Result<Self> {
        let joint = config.variant == PathModel::CondDiffuser;
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
        let schedule = Schedule::new(diffusion.noising, diffusion.steps).map_err(RunError::part)?;
        Ok(Self {
            process: Process { schedule, prediction: diffusion.prediction },
            target: ema::target_of(&network),
            network: Trained::new(network, adam),
            inverse,
            weights: Tensor::from_data(weights, device),
            updates: 0,
            device: device.clone(),
            shape,
        })
    }

    /// What plans, as it is now.
    pub(super) fn planner(
        &self,
        config: &DecisionDiffuserConfig,
        paths: &Paths,
        conditions: Vec<Condition>,
    ) -> Planner {
        Planner {
            network: self.target.clone(),
            inverse: self.inverse.as_ref().map(|inverse| inverse.inference().clone()),
            process: self.process.clone(),
            scaling: paths.scaling.clone(),
            shape: self.shape,
            sampling: config.sampling.clone(),
            clip: (config.diffusion.clip > 0.0).then_some(config.diffusion.clip),
            conditions,
            device: self.device.clone(),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("network", &self.network)]);
        save_module(snapshot, "target", &self.target);
        if let Some(inverse) = &self.inverse {
            save_trained(snapshot, &[("inverse", inverse)]);
        }
        snapshot.put("updates", &self.updates)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        load_trained(arrays, &mut [("network", &mut self.network)])?;
        self.target = load_module(arrays, "target", self.target.clone())?;
        if let Some(inverse) = &mut self.inverse {
            load_trained(arrays, &mut [("inverse", inverse)])?;
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
