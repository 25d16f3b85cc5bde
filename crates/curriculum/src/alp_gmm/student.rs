//! What the teacher teaches: a world of one-step episodes that is its own student, or a policy that
//! learns in a world with parameters. Neither sees the teacher, nor the policy its parameters.

use agents::baseline::ppo::Ppo;
use learn::{
    LearnError,
    curriculum::{Bounds, Curriculum, TaskSpace},
};
use run::{
    Collector, Method, Policy, Protocol, Result, Run, RunError, Scope, Snapshot,
    scores::{self, Score, Scores},
    task::World,
};
use worlds::{ActionSpace, Array, Outcome, Parameter};

use super::{AlpGmm, AlpGmmConfig};

/// How a world takes tasks.
pub enum Form {
    /// The action of a one-step episode is the task.
    Action {
        /// Number of the task's parameters, each in [-1, 1].
        size: usize,
        /// Index of the truth field `mastered`.
        mastered: usize,
    },
    /// Physical parameters are the task.
    Parameters(&'static [Parameter]),
}

impl Form {
    /// How a world takes tasks.
    ///
    /// # Errors
    /// It takes none.
    pub fn of(world: &World) -> Result<Self> {
        let mastered = world.spec.fields.iter().position(|field| field.name == "mastered");
        if let (ActionSpace::Box { low, .. }, Some(1), Some(mastered)) =
            (&world.spec.action, world.spec.horizon, mastered)
        {
            return Ok(Form::Action { size: low.len(), mastered });
        }
        match world.make(1, 0)?.parameters() {
            [] => Err(RunError::Task(format!(
                "`{}` needs a space of tasks: a world with parameters, such as `cartpole`, or one whose \
                 action is the task, such as `cube-toy`; `{}` is neither, try {}",
                AlpGmm::CARD.id,
                world.spec.name,
                AlpGmm::CARD.instead
            ))),
            parameters => Ok(Form::Parameters(parameters)),
        }
    }

    /// The box of tasks.
    ///
    /// # Errors
    /// A range without a width.
    pub fn space(&self, scaled: bool) -> std::result::Result<TaskSpace, LearnError> {
        let (names, bounds) = match self {
            Form::Action { size, .. } => (
                (1..=*size).map(|index| format!("action {index}")).collect(),
                Bounds { low: vec![-1.0; *size], high: vec![1.0; *size] },
            ),
            Form::Parameters(parameters) => (
                parameters.iter().map(|parameter| parameter.name.to_owned()).collect(),
                Bounds {
                    low: parameters.iter().map(|parameter| parameter.low).collect(),
                    high: parameters.iter().map(|parameter| parameter.high).collect(),
                },
            ),
        };
        TaskSpace::new(names, bounds.low, bounds.high, scaled)
    }

    /// The best return that is known of the world.
    pub fn best_return(&self, world: &World) -> Option<f64> {
        match self {
            Form::Action { .. } => Some(1.0),
            Form::Parameters(_) => world.spec.reference.map(|reference| reference.expert),
        }
    }
}

/// What the teacher teaches.
// There is one.
#[allow(clippy::large_enum_variant)]
pub enum Student {
    /// A world that is its own student.
    World {
        /// The one copy, whose state is the student.
        collector: Collector,
        /// Index of the truth field `mastered`.
        mastered: usize,
    },
    /// A policy.
    Agent(Box<Agent>),
}

/// A policy that learns with tasks, one per copy of its world.
pub struct Agent {
    /// The policy and how it learns.
    pub ppo: Ppo,
    /// Current task of every copy.
    pub tasks: Vec<Vec<f64>>,
    world: World,
    parameters: &'static [Parameter],
    /// What the policy is tested on.
    tests: Vec<Vec<f64>>,
    /// Return from which on a test task is mastered.
    mastered: f64,
}

impl Student {
    /// A student that has its first tasks.
    ///
    /// # Errors
    /// The world cannot be made, or the policy does not fit it.
    pub fn new(
        form: Form,
        config: AlpGmmConfig,
        returns: [f64; 2],
        world: &World,
        curriculum: &mut Curriculum,
        run: &mut Run,
    ) -> Result<Self> {
        let parameters = match form {
            Form::Action { mastered, .. } => {
                let collector = Collector::new(world, 1, run)?.counting_episodes();
                return Ok(Student::World { collector, mastered });
            }
            Form::Parameters(parameters) => parameters,
        };
        let rows = config.student.worlds;
        let mut collector = Collector::new(world, rows, run)?.counting_episodes();
        let mut tasks = Vec::with_capacity(rows);
        for row in 0..rows {
            let task = curriculum.sample(run.random("teacher"));
            collector.set_parameters(row, &task)?;
            tasks.push(task);
        }
        collector.restart();
        let learnable = |end: usize| parameters.iter().map(|parameter| parameter.learnable[end]).collect();
        let learnable = Bounds { low: learnable(0), high: learnable(1) };
        // The same for every run, whatever its seed.
        let mut random = worlds::seed::stream(0, "test tasks", 0);
        Ok(Student::Agent(Box::new(Agent {
            tests: (0..config.test_tasks).map(|_| learnable.uniform(&mut random)).collect(),
            mastered: returns[0] + config.mastered * (returns[1] - returns[0]),
            ppo: Ppo::learner(config.student, world, collector, run)?,
            world: world.clone(),
            parameters,
            tasks,
        })))
    }

    /// The policy, where the student is one.
    pub fn policy(&self) -> Option<Box<dyn Policy>> {
        match self {
            Student::World { .. } => None,
            Student::Agent(agent) => agent.ppo.policy(),
        }
    }

    /// The share that is mastered: of the whole space, or of the test tasks.
    ///
    /// # Errors
    /// The policy or its world fails.
    pub fn evaluate(&self, protocol: &Protocol, run: &Run) -> Result<Scores> {
        match self {
            Student::World { collector, mastered } => match &collector.observations().fields[*mastered] {
                Array::Float(share) => {
                    Ok(scores::exact(share.first().map(|share| ("diag/mastered", f64::from(*share)))))
                }
                Array::Byte(_) => Ok(Scores::new()),
            },
            Student::Agent(agent) => agent.evaluate(protocol, run),
        }
    }

    /// Writes the complete state.
    ///
    /// # Errors
    /// None in practice.
    pub fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match self {
            Student::World { collector, .. } => collector.save(snapshot),
            Student::Agent(agent) => {
                snapshot.put("tasks", &agent.tasks)?;
                agent.ppo.save(snapshot)
            }
        }
    }

    /// Takes the complete state back.
    ///
    /// # Errors
    /// The snapshot is of another world or student.
    pub fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match self {
            Student::World { collector, .. } => collector.load(snapshot),
            Student::Agent(agent) => {
                agent.tasks = snapshot.get("tasks")?;
                agent.ppo.load(snapshot)
            }
        }
    }
}

impl Agent {
    /// One greedy episode in every test task; in a world without these parameters, the protocol's
    /// episodes.
    fn evaluate(&self, protocol: &Protocol, run: &Run) -> Result<Scores> {
        let Some(mut policy) = self.ppo.policy() else { return Ok(Scores::new()) };
        let mut random = run.derived("eval", protocol.seed);
        let world = protocol.world.as_ref().unwrap_or(&self.world);
        let rows = self.tests.len();
        let mut worlds = world.make(rows, protocol.seed)?;
        if worlds.parameters() != self.parameters {
            return scores::evaluate(policy.as_mut(), world, protocol, &mut random);
        }
        for (row, task) in self.tests.iter().enumerate() {
            worlds.set_parameters(row, task)?;
        }
        let mut outcome = Outcome::new(&world.spec, rows);
        worlds.reset(&mut outcome);
        let everyone: Vec<usize> = (0..rows).collect();
        policy.begin(Scope::Lifetime, &everyone);
        policy.begin(Scope::Episode, &everyone);
        let channels = world.spec.rewards.len();
        let (mut returns, mut ended) = (vec![0.0; rows], vec![false; rows]);
        while ended.contains(&false) {
            let actions = policy.act(&outcome.observations, protocol.mode, &mut random)?;
            worlds.step(&actions, &mut outcome)?;
            for row in 0..rows {
                if !ended[row] {
                    returns[row] += f64::from(outcome.reward[row * channels]);
                    ended[row] = outcome.ended(row);
                }
            }
        }
        let mastered = returns.iter().filter(|value| **value >= self.mastered).count();
        let mut scores = scores::exact([("diag/mastered", mastered as f64 / rows as f64)]);
        scores.extend(Score::of(&returns).map(|score| ("eval/return".to_owned(), score)));
        Ok(scores)
    }
}
