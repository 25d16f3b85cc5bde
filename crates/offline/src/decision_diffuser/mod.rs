//! Is conditional generative modeling all you need for decision-making? (Ajay et al., ICLR 2023,
//! arXiv 2211.15657): Decision Diffuser.
//!
//! A diffusion model of future states is conditioned on what is wanted (a return, a constraint, a
//! skill) by classifier-free guidance. The action that leads from the present state to the next one
//! of a sampled plan is read off by inverse dynamics, learnt apart. Scores of conditions that were
//! only ever seen one at a time can be added up when acting, or subtracted for what is not wanted.
//!
//! What is different here: returns can be scaled by the data instead of by a constant per world, plans
//! are followed for a few steps and sampled with a part of the process's steps (`sampling`), and the
//! networks of the laptop preset are small.

mod bc;
mod config;
mod data;
mod evaluation;
mod learner;
mod model;
mod policy;
#[cfg(test)]
mod tests;

use agents::device;
use run::{
    Card, DataActions, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, data::Data,
};
use worlds::ActionSpace;

pub use self::config::{
    ConditionOn, DecisionDiffuserConfig, DiffusionConfig, EmaConfig, InverseSettings, LabelsConfig,
    ReturnsConfig, SamplingConfig, Together, Variant,
};
use self::{
    bc::Cloner,
    data::{Asked, Paths, summed},
    learner::Learner,
    policy::PlanPolicy,
};

/// Updates of one iteration.
const CHUNK: u64 = 10;

/// What is trained.
enum Trainee {
    Diffuser(Box<Learner>),
    Cloner(Box<Cloner>),
}

/// Decision Diffuser.
pub struct DecisionDiffuser {
    config: DecisionDiffuserConfig,
    paths: Paths,
    /// The action space, where the data have actions.
    space: Option<ActionSpace>,
    /// Whether the data are the generated paths whose constraints can be checked.
    checked: bool,
    asked: Vec<Asked>,
    trainee: Trainee,
}

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
        let mut asked = paths.asked(&config)?;
        if config.labels.together == Together::Sum {
            asked = summed(&asked, config.sampling.guidance);
        }
        let device = device::parse(run.device())?;
        let space = data.set.spec().action.clone();
        let trainee = match config.variant {
            Variant::Bc => {
                let network = (config.inverse.hidden.as_slice(), config.learning_rate);
                Trainee::Cloner(Box::new(Cloner::new(&paths, network, config.horizon - 1, &device, run)))
            }
            _ => Trainee::Diffuser(Box::new(Learner::new(&config, &paths, space.as_ref(), &device, run)?)),
        };
        let checked = data.spec().policy == evaluation::LABELLED_PATHS;
        Ok(Self { config, paths, space, checked, asked, trainee })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        let left = run.total_steps().saturating_sub(run.steps()).max(1);
        for _ in 0..left.min(CHUNK) {
            match &mut self.trainee {
                Trainee::Diffuser(learner) => learner.learn(&self.config, &mut self.paths, run)?,
                Trainee::Cloner(cloner) => cloner.learn(&mut self.paths, self.config.batch, run)?,
            }
            run.count_steps(1);
        }
        Ok(Progress::MAIN)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(Box::new(self.plan_policy(self.asked.clone())?))
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match &protocol.world {
            Some(world) => self.score_in(world, protocol, run),
            None => self.score_paths(&mut run.derived("eval", protocol.seed)),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("scaling", &self.paths.scaling)?;
        match &self.trainee {
            Trainee::Diffuser(learner) => learner.save(snapshot)?,
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
            Trainee::Diffuser(learner) => learner.load(snapshot),
            Trainee::Cloner(cloner) => cloner.load(snapshot),
        }
    }
}

impl DecisionDiffuser {
    /// What acts when this is asked for; nothing where the data have no actions.
    fn plan_policy(&self, asked: Vec<Asked>) -> Option<PlanPolicy> {
        let Trainee::Diffuser(learner) = &self.trainee else { return None };
        let planner = learner.planner(&self.config, &self.paths, asked);
        let space = self.space.clone()?;
        Some(PlanPolicy::new(planner, self.paths.fields.clone(), space, self.config.history))
    }
}
