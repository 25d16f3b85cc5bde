//! How a method is found, configured and built by name.

use std::sync::OnceLock;

use serde::Serialize;
use settings::{Config, Field};
use toml::Table;

use crate::{
    Result, RunError, Task,
    card::Card,
    config,
    context::Run,
    method::{AnyMethod, Method},
};

/// A set of hyper-parameters to start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Sized for two cores.
    #[default]
    Laptop,
    /// The paper's values exactly.
    Paper,
}

impl Preset {
    /// The preset of this name.
    ///
    /// # Errors
    /// There are two.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "laptop" => Ok(Self::Laptop),
            "paper" => Ok(Self::Paper),
            _ => Err(RunError::Config(format!("unknown preset `{name}`: it is `laptop` or `paper`"))),
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Laptop => "laptop",
            Self::Paper => "paper",
        }
    }
}

/// Every method of the crates that are linked into the program.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static METHODS: [Entry];

#[doc(hidden)]
pub use linkme;

/// Registers a method; it stands beside its `impl Method`.
#[macro_export]
macro_rules! register {
    ($method:ty) => {
        const _: () = {
            use $crate::registry::linkme;
            #[linkme::distributed_slice($crate::registry::METHODS)]
            #[linkme(crate = linkme)]
            static ENTRY: $crate::Entry = $crate::Entry::of::<$method>(module_path!());
        };
    };
}

/// Every method of the crates that are linked into the program, by family and name.
pub fn all() -> &'static [&'static Entry] {
    static SORTED: OnceLock<Vec<&'static Entry>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut entries: Vec<&Entry> = METHODS.iter().collect();
        entries.sort_by_key(|entry| (entry.card.family, entry.card.id));
        entries
    })
}

/// The method of this name.
///
/// # Errors
/// There is none; the sentence names the nearest.
pub fn find(id: &str) -> Result<&'static Entry> {
    let found = METHODS.iter().find(|entry| entry.card.id == id);
    found.ok_or_else(|| config::unknown("method", id, METHODS.iter().map(|entry| entry.card.id)))
}

/// A registered method.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its declaration.
    pub card: &'static Card,
    /// The module that holds it.
    pub module: &'static str,
    /// Its hyper-parameters with help, default and the paper's value.
    pub fields: fn() -> Vec<Field>,
    /// A preset's hyper-parameters as TOML.
    pub preset: fn(Preset) -> Table,
    /// Parses and checks hyper-parameters, without building anything.
    pub check: fn(&Table) -> Result<()>,
    /// Builds the method.
    pub build: fn(&Table, &Task, &mut Run) -> Result<Box<dyn AnyMethod>>,
}

impl Entry {
    /// The entry of a method that stands in this module.
    pub const fn of<M: Method>(module: &'static str) -> Self {
        Self {
            card: &M::CARD,
            module,
            fields: config::fields::<M::Config>,
            preset: preset::<M>,
            check: check::<M>,
            build: build::<M>,
        }
    }
}

fn preset<M: Method>(preset: Preset) -> Table {
    match preset {
        Preset::Laptop => M::Config::default().table(),
        Preset::Paper => M::Config::paper().table(),
    }
}

fn check<M: Method>(table: &Table) -> Result<()> {
    config::parse::<M::Config>(table).map(drop)
}

fn build<M: Method>(table: &Table, task: &Task, run: &mut Run) -> Result<Box<dyn AnyMethod>> {
    M::CARD.check(task)?;
    Ok(Box::new(M::build(config::parse::<M::Config>(table)?, task, run)?))
}
