//! A stored run, loaded from its latest checkpoint for evaluation, play and export.

use std::path::Path;

use run::{AnyMethod, Policy, Run, Settings, folder::Folder, session, task::World};

use crate::{failure::Failure, seeds::Group, setup};

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
    trained: World,
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
        let settings = settings_in(&folder)?;
        let entry = methods::find(&settings.method)?;
        methods::device::check(&settings.device)?;
        let task = setup::task(entry, &settings)?;
        let trained = task.require::<World>(entry.card)?.clone();
        let (mut method, mut run) = session::build(entry, &settings, &task)?;
        let step = session::load_latest(&folder, &settings, method.as_mut(), &mut run)?;
        Ok(Self { settings, method, run, step, trained })
    }

    /// The world to act in: the one asked for, else the run's evaluation world.
    pub fn world(&self, asked: Option<&str>) -> Result<World, Failure> {
        let Some(name) = asked.or(self.settings.task.eval_world.as_deref()) else {
            return Ok(self.trained.clone());
        };
        let world = World::new(name)?;
        setup::check_same_spaces(&self.trained.spec, &world.spec)?;
        Ok(world)
    }

    /// What acts.
    pub fn policy(&self) -> Result<Box<dyn Policy>, Failure> {
        self.method.policy().ok_or_else(|| {
            Failure::usage(format!("the product of `{}` is not a policy", self.settings.method))
        })
    }
}

/// The settings in a run's folder.
pub fn settings_in(folder: &Folder) -> Result<Settings, Failure> {
    let path = folder.config();
    let text = std::fs::read_to_string(&path).map_err(|error| run::RunError::io("read", &path, error))?;
    Settings::parse(&text).map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))
}
