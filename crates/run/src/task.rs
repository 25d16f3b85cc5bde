//! What a method is given to work on: a set of capabilities asked for by type.

use std::{any::Any, path::PathBuf};

use worlds::{ActionSpace, Layout, Spec, Worlds};

use crate::{
    Result, RunError,
    card::{Card, Parts},
    data::{self, Data},
    problems::{self, Problems},
    settings::TaskSettings,
};

/// A kind of thing that a task can offer.
pub trait Capability: Any + Send + Sync {
    /// What it is called in a refusal: `a world`, `a data set`, ...
    const NAME: &'static str;
    /// The command-line option that gives it.
    const OPTION: &'static str;
}

/// The capabilities of one experiment.
#[derive(Default)]
pub struct Task {
    parts: Vec<Box<dyn Any + Send + Sync>>,
}

impl Task {
    /// Nothing offered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the settings of a run describe, checked against what its method needs.
    ///
    /// # Errors
    /// A name does not parse, a file cannot be read, a need is missing, or a policy trained in the one
    /// world or on the data cannot act in the evaluation world.
    pub fn of(card: &Card, settings: &TaskSettings) -> Result<Self> {
        Self::check(card, settings)?;
        let mut task = Self::new();
        if let Some(problems) = Problems::of(settings)? {
            task = task.with(problems);
        }
        if let Some(name) = acting(settings.world.as_deref()) {
            task = task.with(World::new(name)?);
        }
        if let Some(name) = acting(settings.data.as_deref()) {
            task = task.with(Data::open(name)?);
        }
        if let Some(folder) = &settings.model {
            task = task.with(Checkpoint { folder: PathBuf::from(folder) });
        }
        Ok(task)
    }

    /// Checks the settings of a run against what its method needs, without recording any data.
    ///
    /// # Errors
    /// As [`Task::of`].
    pub fn check(card: &Card, settings: &TaskSettings) -> Result<()> {
        let world = acting(settings.world.as_deref()).map(World::new).transpose()?;
        let data = match acting(settings.data.as_deref()) {
            Some(name) => Some((name, data::spec(name)?)),
            None => None,
        };
        let problems = Problems::of(settings)?;
        card.check_parts(&Parts {
            world: world.as_ref(),
            data: data.as_ref().map(|(name, spec)| (*name, spec)),
            problems: problems.as_ref().map(|problems| problems.name.as_str()),
            checkpoint: settings.model.is_some(),
        })?;
        let Some(other) = &settings.eval_world else { return Ok(()) };
        if let Some(problems) = &problems {
            return problems.to_score(other).map(drop);
        }
        let other = World::new(other)?;
        if let Some(world) = &world {
            world.check_same_spaces(&other)?;
        }
        match &data {
            Some((name, spec)) => data::check_same_spaces(name, spec, &other),
            None => Ok(()),
        }
    }

    /// Adds a capability.
    pub fn with<C: Capability>(mut self, part: C) -> Self {
        self.parts.push(Box::new(part));
        self
    }

    /// The capability of this type, where the task has it.
    pub fn get<C: Capability>(&self) -> Option<&C> {
        self.parts.iter().find_map(|part| part.downcast_ref())
    }

    /// The capability of this type.
    ///
    /// # Errors
    /// The task lacks it; the sentence names the method and the option that would give it.
    pub fn require<C: Capability>(&self, card: &Card) -> Result<&C> {
        self.get().ok_or_else(|| card.lacks::<C>())
    }
}

/// A name of something to act in or recorded by acting, and not of problems in text.
fn acting(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !problems::is_problems(name))
}

/// A published language model to start from.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Its folder, as it was published.
    pub folder: PathBuf,
}

impl Capability for Checkpoint {
    const NAME: &'static str = "a language model";
    const OPTION: &'static str = "--model";
}

/// A world to act in, as many copies as a method likes.
#[derive(Clone, Debug)]
pub struct World {
    /// What each copy gives and takes.
    pub spec: Spec,
}

impl Capability for World {
    const NAME: &'static str = "a world";
    const OPTION: &'static str = "--world";
}

impl World {
    /// The world of this name.
    ///
    /// # Errors
    /// The name does not parse; the sentence says what is near.
    pub fn new(name: &str) -> Result<Self> {
        Ok(Self { spec: worlds::spec(name)? })
    }

    /// Refuses a world in which a policy trained in this one cannot act.
    ///
    /// # Errors
    /// Actions or observations differ.
    pub fn check_same_spaces(&self, other: &World) -> Result<()> {
        let differs = if self.spec.action != other.spec.action {
            "actions"
        } else if self.spec.input() != other.spec.input() {
            "observations"
        } else {
            return Ok(());
        };
        Err(RunError::Task(format!(
            "a policy trained in `{}` cannot act in `{}`: their {differs} differ",
            self.spec.name, other.spec.name
        )))
    }

    /// `rows` copies seeded by `seed`.
    ///
    /// # Errors
    /// As [`World::new`].
    pub fn make(&self, rows: usize, seed: u64) -> Result<Box<dyn Worlds>> {
        Ok(worlds::make(&self.spec.name, rows, seed)?)
    }

    /// The exact table of this world.
    ///
    /// # Errors
    /// It has none.
    pub fn table(&self, card: &Card) -> Result<worlds::tabular::Table> {
        worlds::table(&self.spec.name)?.ok_or_else(|| {
            RunError::Task(format!(
                "`{}` needs a world whose table is known, but `{}` has none; try random-mdp, grid7-slip or \
                 four-rooms (`latentrl worlds` lists them)",
                card.id, self.spec.name
            ))
        })
    }

    /// Number of discrete actions, or nothing for a box.
    pub fn discrete(&self) -> Option<usize> {
        match self.spec.action {
            ActionSpace::Discrete { count } => Some(count),
            ActionSpace::Box { .. } => None,
        }
    }

    /// Number of continuous action dimensions, or nothing for discrete actions.
    pub fn continuous(&self) -> Option<usize> {
        match &self.spec.action {
            ActionSpace::Discrete { .. } => None,
            ActionSpace::Box { low, .. } => Some(low.len()),
        }
    }

    /// Whether the policy's input is an image.
    pub fn images(&self) -> bool {
        matches!(self.spec.input(), Layout::Image { .. })
    }
}
