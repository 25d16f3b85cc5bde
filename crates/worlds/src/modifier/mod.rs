//! Modifiers: worlds around worlds, written `+name[=value][,key=value]*` behind a world's name.
//!
//! They apply from left to right, so the last one written is the outermost.

use serde::Serialize;

use crate::name::{help, nearest};
use crate::spec::{Field, Layout, Role, Spec};
use crate::{Environment, ModifierName, OptionHelp, WorldError};

mod distractors;
mod hide;
mod pixels;
mod repeat;
mod stack;
mod sticky;
mod timelimit;
mod wrapper;

pub use distractors::Distractors;
pub use hide::Hide;
pub use pixels::Pixels;
pub use repeat::Repeat;
pub use stack::Stack;
pub use sticky::Sticky;
pub use timelimit::TimeLimit;

type Build = fn(Box<dyn Environment>, &ModifierName) -> Result<Box<dyn Environment>, WorldError>;

/// A modifier as the catalogue describes it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ModifierEntry {
    /// Its name without the plus sign.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Its options; the first is the one that `+name=value` sets.
    pub options: &'static [OptionHelp],
    #[serde(skip)]
    build: Build,
}

const fn entry(
    name: &'static str,
    summary: &'static str,
    options: &'static [OptionHelp],
    build: Build,
) -> ModifierEntry {
    ModifierEntry { name, summary, options, build }
}

/// All modifiers, sorted by name.
static MODIFIERS: [ModifierEntry; 8] = [
    entry(
        "distractors",
        "appends numbers that mean nothing to the observation",
        &[
            help("k", "20", "how many numbers, 1 to 10000"),
            help("kind", "iid", "iid: fresh normal draws; ar: chains with correlation 0.95"),
            help("scale", "1", "standard deviation"),
        ],
        |inner, name| Ok(Box::new(Distractors::new(inner, name)?)),
    ),
    entry(
        "hide",
        "leaves elements out of the observation; the field `state` has all of them",
        &[help("elements", "0", "which, counted from 0 and set apart by `_`, such as 1_3")],
        |inner, name| Ok(Box::new(Hide::new(inner, name)?)),
    ),
    entry(
        "pixels",
        "replaces the observation by a drawing of the world",
        &[
            help("size", "64", "width and height in pixels, 8 to 512"),
            help("grey", "false", "true: one channel instead of three"),
        ],
        |inner, name| Ok(Box::new(Pixels::new(inner, name)?)),
    ),
    entry(
        "repeat",
        "repeats every action and sums the rewards; the horizon counts the agent's steps",
        &[help("k", "", "how often, 1 to 1000")],
        |inner, name| Ok(Box::new(Repeat::new(inner, name)?)),
    ),
    entry(
        "stack",
        "joins the last observations, oldest first; an episode's first one is repeated",
        &[help("k", "", "how many, 1 to 64")],
        |inner, name| Ok(Box::new(Stack::new(inner, name)?)),
    ),
    entry(
        "sticky",
        "replaces the action by the previous one with some probability",
        &[help("p", "0.25", "the probability, 0 to 1")],
        |inner, name| Ok(Box::new(Sticky::new(inner, name)?)),
    ),
    entry(
        "tile",
        "replaces the observation by a board's drawing of one RGB pixel per cell",
        &[],
        |inner, name| Ok(Box::new(Pixels::of_cells(inner, name)?)),
    ),
    entry(
        "timelimit",
        "truncates episodes after a number of steps, instead of the world's own limit",
        &[help("n", "", "how many steps, 1 or more")],
        |inner, name| Ok(Box::new(TimeLimit::new(inner, name)?)),
    ),
];

/// All modifiers, sorted by name.
pub fn modifiers() -> &'static [ModifierEntry] {
    &MODIFIERS
}

/// `inner` modified as `name` says.
///
/// # Errors
/// There is no such modifier or option, a value is out of range, or the modifier does not go with
/// the world.
pub fn apply(inner: Box<dyn Environment>, name: &ModifierName) -> Result<Box<dyn Environment>, WorldError> {
    let Some(entry) = MODIFIERS.iter().find(|entry| entry.name == name.name) else {
        return Err(WorldError::Unknown {
            kind: "modifier".to_owned(),
            name: name.name.clone(),
            suggestion: nearest(&name.name, MODIFIERS.iter().map(|entry| entry.name)),
        });
    };
    let known: Vec<&str> = entry.options.iter().map(|option| option.name).collect();
    name.options.finish(name.options.owner(), &known)?;
    (entry.build)(inner, name)
}

/// The spec of `inner` under its new name.
fn renamed(inner: &dyn Environment, name: &ModifierName) -> Spec {
    let mut spec = inner.spec().clone();
    spec.name = format!("{}{name}", spec.name);
    spec
}

/// The same for a modifier that changes what returns are reached, so that the reference scores of
/// `inner` do not hold.
fn renamed_without_reference(inner: &dyn Environment, name: &ModifierName) -> Spec {
    Spec { reference: None, ..renamed(inner, name) }
}

/// The fields behind a new input: which of the inner world's they are and how they are called
/// now. The inner input, where it is a vector, becomes the truth `state`, unless there is one.
fn truths(spec: &Spec) -> Vec<(usize, Field)> {
    let has_state = spec.fields.iter().any(|field| field.name == "state");
    let keep = |index: usize, field: &Field| {
        index > 0 || (!has_state && matches!(field.layout, Layout::Vector { .. }))
    };
    let truth = |(index, field): (usize, &Field)| {
        let name = if index == 0 { "state".to_owned() } else { field.name.clone() };
        let role = if index == 0 { Role::Truth } else { field.role };
        (index, Field { name, role, layout: field.layout.clone() })
    };
    let fields = spec.fields.iter().enumerate();
    fields.filter(|(index, field)| keep(*index, field)).map(truth).collect()
}

/// Whether a world's name holds the modifier `name`.
pub(crate) fn has(spec: &Spec, name: &str) -> bool {
    spec.name.split('+').skip(1).any(|part| part.split([',', '=']).next() == Some(name))
}
