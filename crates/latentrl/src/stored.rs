//! A stored run, loaded from its latest checkpoint for evaluation, play and export.

use std::path::Path;

use run::{AnyMethod, Policy, Run, Settings, Task, folder::Folder, session, task::World};

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
        let settings = Settings::read(&folder)?;
        let entry = methods::find(&settings.method)?;
        methods::device::check(&settings.device)?;
        let task = Task::of(entry.card, &settings.task)?;
        let trained = task.get::<World>().cloned();
        let (mut method, mut run) = session::build(entry, &settings, &task)?;
        let step = session::load_latest(&folder, &settings, method.as_mut(), &mut run)?;
        Ok(Self { settings, method, run, step, trained })
    }

    /// The world to be scored in: the one asked for, else the run's evaluation world; none where
    /// the method works without.
    pub fn evaluation_world(&self, asked: Option<&str>) -> Result<Option<World>, Failure> {
        let Some(trained) = &self.trained else {
            return match asked {
                Some(_) => Err(self.without_world()),
                None => Ok(None),
            };
        };
        let Some(name) = asked.or(self.settings.task.eval_world.as_deref()) else {
            return Ok(Some(trained.clone()));
        };
        let world = World::new(name)?;
        trained.check_same_spaces(&world)?;
        Ok(Some(world))
    }

    /// The world to act in.
    pub fn world(&self, asked: Option<&str>) -> Result<World, Failure> {
        self.evaluation_world(asked)?.ok_or_else(|| self.without_world())
    }

    fn without_world(&self) -> Failure {
        Failure::usage(format!("`{}` works without a world: there is none to act in", self.settings.method))
    }

    /// What acts.
    pub fn policy(&self) -> Result<Box<dyn Policy>, Failure> {
        self.method.policy().ok_or_else(|| {
            Failure::usage(format!("the product of `{}` is not a policy", self.settings.method))
        })
    }
}
