//! All text worlds by name.

use serde::Serialize;

use super::{TextWorld, arith, knights, stack_code};
use crate::name::{OptionHelp, Options, nearest};
use crate::{WorldError, WorldName};

/// A text world as the catalogue describes it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TextEntry {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionHelp],
    #[serde(skip)]
    pub(super) build: fn(&Options) -> Result<Box<dyn TextWorld>, WorldError>,
}

/// All text worlds, sorted by name.
static CATALOGUE: &[TextEntry] = &[arith::ENTRY, knights::ENTRY, stack_code::ENTRY];

/// All text worlds, sorted by name.
pub fn text_worlds() -> &'static [TextEntry] {
    CATALOGUE
}

/// Whether `name`, options and all, names a text world; its options are not checked.
pub fn is_text_world(name: &str) -> bool {
    let base = name.split([',', '+']).next().unwrap_or_default();
    CATALOGUE.iter().any(|entry| entry.name == base)
}

/// The text world called `name`, as in `arith,m=10,n=1-3`.
///
/// # Errors
/// A malformed or unknown name or option (with the nearest that exists), a value out of range, a
/// modifier, or options that leave a side of the split without problems.
pub fn text_world(name: &str) -> Result<Box<dyn TextWorld>, WorldError> {
    let parsed: WorldName = name.parse()?;
    let entry = CATALOGUE.iter().find(|entry| entry.name == parsed.base());
    let entry = entry.ok_or_else(|| WorldError::Unknown {
        kind: "text world".to_owned(),
        name: parsed.base().to_owned(),
        suggestion: nearest(parsed.base(), CATALOGUE.iter().map(|entry| entry.name)),
    })?;
    if let Some(modifier) = parsed.modifiers.first() {
        return Err(WorldError::Invalid(format!(
            "world `{name}`: text worlds take no modifiers, so leave out `{modifier}`"
        )));
    }
    let known: Vec<&str> = entry.options.iter().map(|option| option.name).collect();
    parsed.options.finish(entry.name, &known)?;
    (entry.build)(&parsed.options)
}
