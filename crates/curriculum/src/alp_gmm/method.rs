//! The method in a run: building, evaluation, saving.

use learn::{
    LearnError,
    curriculum::{Bounds, Curriculum, MixtureTeacher, Oracle, Random, Riac, Signal, Teacher},
};
use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    RunError, Scores, Snapshot, Task, task::World,
};
use settings::Refusal;

use super::{
    AlpGmm, AlpGmmConfig, TeacherKind,
    student::{Form, Student},
};

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
        let form = Form::of(world)?;
        let space = form.space(config.scale).map_err(wrong)?;
        let returns = range(&config, world, form.best_return(world))?;
        let teacher = teacher(&config, space.bounds())?;
        let mut curriculum = Curriculum::new(space, returns, teacher).map_err(wrong)?;
        let student = Student::new(form, config, returns, world, &mut curriculum, run)?;
        Ok(Self { curriculum, student })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.iteration(run)
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

/// The teacher for a box.
fn teacher(config: &AlpGmmConfig, bounds: Bounds) -> Result<Box<dyn Teacher>> {
    let inside = |group: &'static str| move |refusal: Refusal| refusal.inside(group);
    let mixture = |signal| {
        MixtureTeacher::new(bounds.clone(), config.mixture.clone(), signal).map_err(inside("mixture"))
    };
    Ok(match config.teacher {
        TeacherKind::AlpGmm => Box::new(mixture(Signal::AbsoluteProgress)?),
        TeacherKind::CovarGmm => Box::new(mixture(Signal::Trend)?),
        TeacherKind::Riac => Box::new(Riac::new(bounds, config.riac.clone()).map_err(inside("riac"))?),
        TeacherKind::Random => Box::new(Random::new(bounds)),
        TeacherKind::Oracle => {
            Box::new(Oracle::new(bounds, config.oracle.clone()).map_err(inside("oracle"))?)
        }
    })
}

/// The returns that stand for rewards 0 and 1, where `best` is the best that is known.
fn range(config: &AlpGmmConfig, world: &World, best: Option<f64>) -> Result<[f64; 2]> {
    match (&config.returns[..], best) {
        ([low, high], _) => Ok([*low, *high]),
        (_, Some(best)) => Ok([0.0, best]),
        (_, None) => Err(RunError::Config(format!(
            "`returns` is empty, but no best return of world `{}` is known: give the range with --set \
             returns=[low,high]",
            world.spec.name
        ))),
    }
}
