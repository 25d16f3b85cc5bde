//! Absolute learning progress with Gaussian mixtures (Portelas, Colas, Hofmann and Oudeyer, 2019,
//! arXiv 1910.07224).
//!
//! A teacher chooses the parameters of the next episode for a student of which it sees nothing but
//! returns. Absolute learning progress is how much an episode's return differs from that of the
//! most similar earlier episode, up or down. A mixture of Gaussians over parameters and progress,
//! refitted every 250 episodes, makes a bandit of the space: a Gaussian is drawn in proportion to
//! its mean progress and the parameters from the Gaussian, a fifth of them uniformly.
//!
//! Different here: parameters are scaled to [0, 1] for the teacher (`scale`), the student of a
//! control world is a small PPO instead of SAC, and the paper's other teachers (`covar-gmm`, `riac`,
//! `random`, `oracle`) are settings of this method.

mod student;

use agents::baseline::ppo::PpoConfig;
use learn::{
    LearnError,
    curriculum::{
        Bounds, Curriculum, MixtureSettings, MixtureTeacher, Oracle, OracleSettings, Random, Riac,
        RiacSettings, Signal, Teacher,
    },
};
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, task::World,
};
use settings::{Choice, Config};

use self::student::Student;

/// Who chooses the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum TeacherKind {
    /// A mixture over parameters and absolute learning progress.
    AlpGmm,
    /// A mixture over parameters, time and reward; progress is the covariance of the last two.
    CovarGmm,
    /// A tree of boxes with a progress each.
    Riac,
    /// Uniform tasks.
    Random,
    /// A hand-made window that moves from easy to hard tasks.
    Oracle,
}

/// Hyper-parameters of teacher and student.
///
/// The paper's teacher in the world's own units, with a student of its networks' widths.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct AlpGmmConfig {
    /// Who chooses the tasks: alp-gmm, covar-gmm, riac, random or oracle.
    #[setting(TeacherKind::AlpGmm)]
    pub teacher: TeacherKind,
    /// Whether every parameter is scaled to [0, 1] for the teacher; otherwise it sees the world's
    /// units.
    #[setting(true, paper = false)]
    pub scale: bool,
    /// Returns that are mapped to the teacher's rewards 0 and 1, as [low, high]; others are clamped.
    /// Empty: from 0 to the best return that is known of the world.
    #[setting(Vec::new())]
    pub returns: Vec<f64>,
    /// The mixtures of alp-gmm and covar-gmm.
    #[setting(group, paper = MixtureSettings::default())]
    pub mixture: MixtureSettings,
    /// The regions of riac.
    #[setting(group, paper = RiacSettings::default())]
    pub riac: RiacSettings,
    /// The window of oracle.
    #[setting(group, paper = OracleSettings::default())]
    pub oracle: OracleSettings,
    /// Fixed learnable tasks that a student is tested on, one episode each.
    #[setting(50)]
    pub test_tasks: usize,
    /// Reward, in [0, 1], from which on a student masters a test task.
    #[setting(0.76)]
    pub mastered: f64,
    /// The student of a control world; a world such as cube-toy is its own student.
    #[setting(group, laptop = PpoConfig { worlds: 8, epochs: 4, ..PpoConfig::default() }, paper = PpoConfig { hidden: vec![400, 300], ..PpoConfig::paper() })]
    pub student: PpoConfig,
}

impl AlpGmmConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        if !matches!(self.returns[..], [] | [_, _]) {
            return Err(format!("`returns` is {:?}: it must be [low, high], or empty", self.returns));
        }
        if self.test_tasks == 0 {
            return Err("`test_tasks` is 0: it must be at least 1".to_owned());
        }
        if !(0.0..=1.0).contains(&self.mastered) {
            return Err(format!("`mastered` is {}: it must be between 0 and 1", self.mastered));
        }
        self.student.validate()
    }
}

impl AlpGmmConfig {
    /// The teacher for a box.
    fn build_teacher(&self, bounds: Bounds) -> std::result::Result<Box<dyn Teacher>, LearnError> {
        let mixture = |signal| MixtureTeacher::new(bounds.clone(), self.mixture.clone(), signal);
        Ok(match self.teacher {
            TeacherKind::AlpGmm => Box::new(mixture(Signal::AbsoluteProgress)?),
            TeacherKind::CovarGmm => Box::new(mixture(Signal::Trend)?),
            TeacherKind::Riac => Box::new(Riac::new(bounds, self.riac.clone())?),
            TeacherKind::Random => Box::new(Random::new(bounds)),
            TeacherKind::Oracle => Box::new(Oracle::new(bounds, self.oracle.clone())?),
        })
    }

    /// The returns that stand for rewards 0 and 1, where `best` is the best that is known.
    fn range(&self, world: &World, best: Option<f64>) -> Result<[f64; 2]> {
        match (&self.returns[..], best) {
            ([low, high], _) => Ok([*low, *high]),
            (_, Some(best)) => Ok([0.0, best]),
            (_, None) => Err(RunError::Config(format!(
                "no best return of world `{}` is known: give the range with --set returns=[low,high]",
                world.spec.name
            ))),
        }
    }
}

/// A teacher and its student.
pub struct AlpGmm {
    curriculum: Curriculum,
    student: Student,
}

run::register!(AlpGmm);

impl Method for AlpGmm {
    const CARD: Card = Card {
        id: "alp-gmm",
        title: "Teacher algorithms for curriculum learning of Deep RL in continuously parameterized environments",
        paper: "Portelas et al., 2019, CoRL, arXiv 1910.07224",
        family: "curriculum",
        summary: "a teacher that samples tasks where a student's returns are changing",
        needs: &[Need::World { actions: ActionNeed::Any, observations: ObservationNeed::Any }],
        metrics: &[
            "diag/mastered",
            "train/progress",
            "diag/parts",
            "loss/policy",
            "loss/value",
            "diag/entropy",
            "diag/clip_fraction",
            "diag/kl",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/mastered", higher_is_better: true },
        unit: "episodes",
        steps: 16_000,
        instead: "`ppo`",
    };
    type Config = AlpGmmConfig;

    fn build(config: AlpGmmConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let wrong = |error: LearnError| RunError::Config(error.to_string());
        let form = student::Form::of(world)?;
        let space = form.space(config.scale).map_err(wrong)?;
        let returns = config.range(world, form.best_return(world))?;
        let teacher = config.build_teacher(space.bounds()).map_err(wrong)?;
        let mut curriculum = Curriculum::new(space, returns, teacher).map_err(wrong)?;
        let student = Student::new(form, config, returns, world, &mut curriculum, run)?;
        Ok(Self { curriculum, student })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.student.advance(&mut self.curriculum, run)
    }

    fn policy(&self) -> Option<Box<dyn Policy>> {
        self.student.policy()
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        self.student.evaluate(protocol, run)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put_bytes("curriculum", self.curriculum.save());
        self.student.save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.curriculum.restore(snapshot.bytes("curriculum")?).map_err(|cause| {
            RunError::Part(format!("the checkpoint's teacher does not fit this one: {cause}"))
        })?;
        self.student.load(snapshot)
    }
}
