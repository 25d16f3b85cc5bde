//! Recorded experience as something a method is given to work on: a file, or a recipe that records
//! it on the spot.

use std::{path::Path, sync::Arc};

use memory::{DataSpec, Dataset, dataset};
use worlds::{ActionSpace, Layout};

use crate::{
    Result, RunError,
    recipe::Recipe,
    task::{Capability, World},
};

/// What begins the name of a recipe.
pub const RECIPE: &str = "data:";

/// A data set under the name that the user gave.
#[derive(Clone, Debug)]
pub struct Data {
    /// Its file, or its recipe.
    pub name: String,
    /// The episodes.
    pub set: Arc<Dataset>,
}

impl Capability for Data {
    const NAME: &'static str = "a data set";
    const OPTION: &'static str = "--data";
}

impl Data {
    /// The data set of a file, or of a recipe `data:<world>/<policy>[,key=value]*`.
    ///
    /// # Errors
    /// The file cannot be read as any known format, or the recipe does not parse.
    pub fn open(name: &str) -> Result<Self> {
        let set = match name.strip_prefix(RECIPE) {
            Some(recipe) => Recipe::parse(recipe)?.record()?,
            None => dataset::open(Path::new(name))?,
        };
        Ok(Self { name: name.to_owned(), set: Arc::new(set) })
    }

    /// What it holds of every step.
    pub fn spec(&self) -> &DataSpec {
        self.set.spec()
    }
}

/// What a data set of this name holds, without recording or reading it.
///
/// # Errors
/// As [`Data::open`].
pub fn spec(name: &str) -> Result<DataSpec> {
    match name.strip_prefix(RECIPE) {
        Some(recipe) => Recipe::parse(recipe)?.spec(),
        None => Ok(dataset::outline(Path::new(name))?.spec),
    }
}

/// Refuses a world in which a policy trained on the data set of this name cannot act.
///
/// # Errors
/// Actions or observations differ; the sentence says how.
pub fn check_same_spaces(name: &str, spec: &DataSpec, world: &World) -> Result<()> {
    let other = &world.spec;
    let differs = match &spec.action {
        Some(action) if *action != other.action => {
            format!("its actions are {}, the world's {}", action_words(action), action_words(&other.action))
        }
        _ if spec.input() != other.input() => {
            let words = [spec.input(), other.input()].map(layout_words);
            format!("its observations are {}, the world's {}", words[0], words[1])
        }
        _ => return Ok(()),
    };
    Err(RunError::Task(format!("`{name}` was not recorded in a world like `{}`: {differs}", other.name)))
}

/// A kind of actions in a few words.
pub fn action_words(action: &ActionSpace) -> String {
    match action {
        ActionSpace::Discrete { count } => format!("{count} indices"),
        ActionSpace::Box { low, high } => {
            let bounds = |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(", ");
            match low.iter().all(|bound| *bound == low[0]) && high.iter().all(|bound| *bound == high[0]) {
                true => format!("{} numbers in [{}, {}]", low.len(), low[0], high[0]),
                false => format!("{} numbers from ({}) to ({})", low.len(), bounds(low), bounds(high)),
            }
        }
    }
}

/// A kind of observations in a few words.
pub fn layout_words(layout: &Layout) -> String {
    match layout {
        Layout::Vector { size } => format!("{size} numbers"),
        Layout::Image { height, width, channels, .. } => {
            format!("{height} x {width} images of {channels} channels")
        }
    }
}
