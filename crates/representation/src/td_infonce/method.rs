//! The method in a run, and how its deep form is built and saved.

use agents::{
    baseline::sac::actor::SquashedActor,
    device,
    experience::Experience,
    state::{load_module, load_trained, save_module, save_trained},
};
use learn::optim::{AdamSettings, Trained};
use memory::TransitionBatch;
use nets::{ema, mlp::MlpConfig};
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, task::World,
};
use worlds::{GoalSpace, noise::Autoregressive};

use super::{
    Collect, Deep, DeepConfig, Estimator, Learner, TdInfoNce, TdInfoNceConfig, critic::GoalCritic,
    tabular::Tabular,
};

/// Correlation and deviation of smooth random actions.
const SMOOTH: [f64; 2] = [0.9, 0.6];

run::register!(TdInfoNce);

impl Method for TdInfoNce {
    const CARD: Card = Card {
        id: "td-infonce",
        title: "Contrastive Difference Predictive Coding",
        paper: "Zheng, Salakhutdinov and Eysenbach, 2023, arXiv 2310.20141",
        family: "representation",
        summary: "the discounted future by contrastive temporal differences, and goals reached with it",
        needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Vector }],
        metrics: &[
            "diag/occupancy_error",
            "diag/occupancy_error_at_*",
            "diag/certainty_equivalent_error",
            "loss/critic",
            "loss/actor",
            "diag/accuracy",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/occupancy_error", higher_is_better: false },
        unit: "transitions",
        steps: 30_000,
        instead: "gridwalk-5x5 or point-maze-umaze",
    };
    type Config = TdInfoNceConfig;

    fn build(config: TdInfoNceConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let learner = match config.variant.table(world, &Self::CARD)? {
            Some(table) => Learner::Tabular(Box::new(Tabular::new(&config, table, run)?)),
            None => Learner::Deep(Box::new(Deep::new(&config, world, run)?)),
        };
        Ok(Self { learner })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.learner {
            Learner::Tabular(learner) => Ok(Progress { finished: learner.advance(run)?, ..Progress::MAIN }),
            Learner::Deep(learner) => learner.iteration(run).map(|()| Progress::MAIN),
        }
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        match &self.learner {
            Learner::Tabular(_) => None,
            Learner::Deep(learner) => Some(Box::new(learner.goal_policy())),
        }
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match &self.learner {
            Learner::Tabular(learner) => Ok(learner.scores()),
            Learner::Deep(_) => run::scores::of_policy(self.policy(), protocol, run),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.learner {
            Learner::Tabular(learner) => learner.save(snapshot),
            Learner::Deep(learner) => learner.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.learner {
            Learner::Tabular(learner) => learner.load(snapshot),
            Learner::Deep(learner) => learner.load(snapshot),
        }
    }
}

impl Deep {
    /// Nothing collected yet.
    ///
    /// # Errors
    /// The world has no goals, or another kind of actions or observations than this form reads.
    fn new(config: &TdInfoNceConfig, world: &World, run: &mut Run) -> Result<Self> {
        let estimator = config.estimator;
        if !matches!(estimator, Estimator::TdInfonce | Estimator::McInfonce) {
            return Err(RunError::Task(
                "the deep form of `td-infonce` has the estimators `td-infonce` and `mc-infonce`: set one of them, \
                 or use a world whose table is known"
                    .to_owned(),
            ));
        }
        let bootstrap = config.bootstrap;
        let config = config.deep.clone();
        let (goal, goal_field) = goal_space(&config, world)?;
        let Some(actions) = world.continuous() else {
            return Err(RunError::Task(format!(
                "the deep form of `td-infonce` needs continuous actions, and `{}` has discrete ones: try \
                 point-maze-umaze, or the tabular form",
                world.spec.name
            )));
        };
        let source = data_world(&config, world)?;
        let device = device::parse(run.device())?;
        let training = device.clone().autodiff();
        let (input, hidden) = (world.spec.input().size(), &config.hidden);
        let shape = MlpConfig::new(input + goal.size(), hidden, actions);
        let actor = SquashedActor::new(&shape, &training, run.random("init"));
        let critic = GoalCritic::new(
            (input + actions + goal.size(), goal.size()),
            (hidden, config.embedding),
            (config.normalise, config.temperature),
            &training,
            run.random("init"),
        );
        let experience = Experience::new(&source, config.worlds, config.capacity, run)?;
        let mut smooth = Autoregressive::new(config.worlds * actions, SMOOTH[0], SMOOTH[1]);
        smooth.begin(run.random("policy"));
        Ok(Self {
            monte_carlo: estimator == Estimator::McInfonce,
            bootstrap,
            critic_target: ema::target_of(&critic),
            actor: Trained::new(actor, AdamSettings::new(config.actor_learning_rate)),
            critic: Trained::new(critic, AdamSettings::new(config.learning_rate)),
            spec: world.spec.clone(),
            device,
            goal,
            goal_field,
            experience,
            smooth,
            positions: Vec::new(),
            goals: Vec::new(),
            transitions: TransitionBatch::new(),
            noted: false,
            config,
        })
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("actor", &self.actor), ("critic", &self.critic)]);
        save_module(snapshot, "critic-target", &self.critic_target);
        snapshot.put("smooth", &self.smooth)?;
        snapshot.put("noted", &self.noted)?;
        self.experience.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let arrays = snapshot.arrays();
        load_trained(arrays, &mut [("actor", &mut self.actor), ("critic", &mut self.critic)])?;
        self.critic_target = load_module(arrays, "critic-target", self.critic_target.clone())?;
        self.smooth = snapshot.get("smooth")?;
        self.noted = snapshot.get("noted")?;
        self.experience.load(snapshot)
    }
}

/// How goals relate to observations, and which field holds them.
fn goal_space(config: &DeepConfig, world: &World) -> Result<(GoalSpace, usize)> {
    let name = &world.spec.name;
    let known = worlds::goal(name)?;
    let (Some(mut goal), Some(field)) = (known, world.spec.goal_field()) else {
        return Err(RunError::Task(format!(
            "the deep form of `td-infonce` needs a world with goals, and `{name}` has none: try point-maze-umaze"
        )));
    };
    if !config.goal_map.is_empty() {
        goal.achieved.clone_from(&config.goal_map);
    }
    let (size, wanted) = (world.spec.input().size(), world.spec.fields[field].layout.size());
    if goal.size() != wanted {
        return Err(RunError::Task(format!(
            "`deep.goal_map` picks {} elements of an observation, but goals of `{name}` have {wanted}",
            goal.size()
        )));
    }
    if let Some(index) = goal.achieved.iter().find(|index| **index >= size) {
        return Err(RunError::Task(format!(
            "`deep.goal_map` names element {index}, but observations of `{name}` have {size}"
        )));
    }
    Ok((goal, field))
}

/// The world that transitions are collected in.
fn data_world(config: &DeepConfig, world: &World) -> Result<World> {
    if config.data_world.is_empty() {
        return Ok(world.clone());
    }
    let source = World::new(&config.data_world)?;
    world.check_same_spaces(&source)?;
    if config.collect == Collect::Policy && source.spec.goal_field() != world.spec.goal_field() {
        return Err(RunError::Task(format!(
            "`deep.collect=policy` follows the goals of `deep.data_world`, and `{}` has none: use smooth",
            source.spec.name
        )));
    }
    Ok(source)
}
