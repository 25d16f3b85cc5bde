//! Problems in text as something a method is given to work on: a text world, or a file of one's own.

use std::{fmt, path::Path, sync::Arc};

use worlds::text::{TextWorld, from_json_lines, is_text_world, text_world};

use crate::{Result, RunError, settings::TaskSettings, task::Capability};

/// What ends the name of a file of problems.
const JSON_LINES: &str = ".jsonl";

/// Problems with a verifier, under the name that the user gave.
#[derive(Clone)]
pub struct Problems {
    /// The world's name with its options, or the file.
    pub name: String,
    /// Where problems come from, and who grades the answers.
    pub world: Arc<dyn TextWorld>,
}

impl fmt::Debug for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Problems").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Capability for Problems {
    const NAME: &'static str = "problems in text";
    const OPTION: &'static str = "--world, such as arith, or with --data and a .jsonl file";
}

impl Problems {
    /// The problems of this name: of a file where it ends in `.jsonl`, else of a text world.
    ///
    /// # Errors
    /// The name does not parse, or the file cannot be read; the sentence says which line is broken.
    pub fn open(name: &str) -> Result<Self> {
        let world = if is_file(name) { from_json_lines(Path::new(name))? } else { text_world(name)? };
        Ok(Self { name: name.to_owned(), world: Arc::from(world) })
    }

    /// The problems that the settings of a run name, where they name any.
    ///
    /// # Errors
    /// As [`Problems::open`], or there are two of them.
    pub(crate) fn of(settings: &TaskSettings) -> Result<Option<Self>> {
        let world = settings.world.as_deref().filter(|name| is_text_world(name));
        let file = settings.data.as_deref().filter(|name| is_file(name));
        match (world, file) {
            (Some(world), Some(file)) => Err(RunError::Task(format!(
                "both `{world}` and `{file}` give problems: leave out --world or --data"
            ))),
            (name, other) => name.or(other).map(Self::open).transpose(),
        }
    }

    /// Those that a method trained on these is scored on under another name.
    ///
    /// # Errors
    /// As [`Problems::open`], or the name is of a world to act in.
    pub fn to_score(&self, name: &str) -> Result<Self> {
        if is_file(name) || is_text_world(name) {
            return Self::open(name);
        }
        Err(RunError::Task(format!(
            "what learns from problems in text, such as `{}`, cannot act in `{name}`: name a text world to be \
             scored on, or a .jsonl file",
            self.name
        )))
    }
}

/// Whether a name given as data is that of a file of problems.
pub fn is_file(name: &str) -> bool {
    name.ends_with(JSON_LINES)
}

/// Whether a name given as a world or as data is one of problems in text.
pub fn is_problems(name: &str) -> bool {
    is_file(name) || is_text_world(name)
}
