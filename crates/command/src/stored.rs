//! A stored run, loaded from its latest checkpoint for evaluation, play and export.

use std::path::Path;

use run::{
    AnyMethod, Policy, Problems, Run, Settings, Task,
    data::{Data, check_same_spaces},
    folder::Folder,
    session,
    task::World,
};

use crate::{failure::Failure, seeds::Group};

/// A method as its latest checkpoint has it.
pub struct Stored {
    /// The run's settings.
    pub settings: Settings,
    /// The method.
    pub method: Box<dyn AnyMethod>,
    /// Its generators and counters.
    pub run: Run,
    /// Environment steps of the checkpoint.
    pub step: u64,
    trained: Option<World>,
    data: Option<Data>,
    problems: Option<Problems>,
}

impl Stored {
    /// Loads the run in this folder.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        if Group::is_at(path) {
            return Err(Failure::usage(format!(
                "`{0}` holds several seeds: name one of them, such as `{0}/s0`",
                path.display()
            )));
        }
        let folder = Folder::open(path)?;
        let settings = Settings::of_checkpoint(&folder)?;
        let entry = run::registry::find(&settings.method)?;
        agents::device::check(&settings.device)?;
        let task = Task::of(entry.card, &settings.task)?;
        let (trained, data) = (task.get::<World>().cloned(), task.get::<Data>().cloned());
        let problems = task.get::<Problems>().cloned();
        let (mut method, mut run) = session::build(entry, &settings, &task)?;
        let step = session::load_latest(&folder, &settings, method.as_mut(), &mut run)?;
        Ok(Self { settings, method, run, step, trained, data, problems })
    }

    /// The world to be scored in: the one asked for, else the run's evaluation world; none where
    /// the method works without.
    pub fn evaluation_world(&self, asked: Option<&str>) -> Result<Option<World>, Failure> {
        let name = asked.or(self.settings.task.eval_world.as_deref());
        match (&self.trained, &self.data, name) {
            (None, None, Some(_)) => Err(self.without_world()),
            (None, _, None) => Ok(None),
            (Some(trained), _, None) => Ok(Some(trained.clone())),
            (trained, data, Some(name)) => {
                let world = World::new(name)?;
                trained.as_ref().map_or(Ok(()), |trained| trained.check_same_spaces(&world))?;
                if let Some(data) = data {
                    check_same_spaces(&data.name, data.spec(), &world)?;
                }
                Ok(Some(world))
            }
        }
    }

    /// The problems in text to be scored on: those asked for, else the run's for evaluation; none where
    /// the method does not work on text.
    pub fn evaluation_problems(&self, asked: Option<&str>) -> Result<Option<Problems>, Failure> {
        let Some(problems) = &self.problems else { return Ok(None) };
        match asked.or(self.settings.task.eval_world.as_deref()) {
            Some(name) => Ok(Some(problems.to_score(name)?)),
            None => Ok(Some(problems.clone())),
        }
    }

    /// The world to act in.
    pub fn world(&self, asked: Option<&str>) -> Result<World, Failure> {
        self.evaluation_world(asked)?.ok_or_else(|| self.without_world())
    }

    fn without_world(&self) -> Failure {
        let method = &self.settings.method;
        if self.problems.is_some() {
            return Failure::usage(format!(
                "`{method}` trains a language model: talk to it with `latentrl chat`"
            ));
        }
        Failure::usage(match self.data {
            Some(_) => format!("`{method}` was trained on data only: name a world to act in with --world"),
            None => format!("`{method}` works without a world: there is none to act in"),
        })
    }

    /// What acts.
    pub fn policy(&self) -> Result<Box<dyn Policy>, Failure> {
        self.method.policy().ok_or_else(|| {
            Failure::usage(format!("the product of `{}` is not a policy", self.settings.method))
        })
    }
}
