//! How a method is found, configured and built by name.

use serde::Serialize;
use toml::Table;

use crate::{
    Result, RunError, Task,
    card::Card,
    config::{self, FieldHelp},
    context::Run,
    method::{AnyMethod, Config, Method},
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

/// A registered method.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its declaration.
    pub card: &'static Card,
    /// Its hyper-parameters with help, default and the paper's value.
    pub fields: fn() -> Result<Vec<FieldHelp>>,
    /// A preset's hyper-parameters as TOML.
    pub preset: fn(Preset) -> Result<Table>,
    /// Parses and validates hyper-parameters, without building anything.
    pub check: fn(&Table) -> Result<()>,
    /// Builds the method.
    pub build: fn(&Table, &Task, &mut Run) -> Result<Box<dyn AnyMethod>>,
}

impl Entry {
    /// The entry of a method.
    pub const fn of<M: Method>() -> Self {
        Self {
            card: &M::CARD,
            fields: fields::<M>,
            preset: preset::<M>,
            check: check::<M>,
            build: build::<M>,
        }
    }
}

fn fields<M: Method>() -> Result<Vec<FieldHelp>> {
    config::fields::<M::Config>()
}

fn preset<M: Method>(preset: Preset) -> Result<Table> {
    let values = match preset {
        Preset::Laptop => M::Config::default(),
        Preset::Paper => M::Config::paper(),
    };
    Table::try_from(values).map_err(RunError::part)
}

fn check<M: Method>(table: &Table) -> Result<()> {
    config::parse::<M::Config>(table).map(drop)
}

fn build<M: Method>(table: &Table, task: &Task, run: &mut Run) -> Result<Box<dyn AnyMethod>> {
    M::CARD.check(task)?;
    Ok(Box::new(M::build(config::parse::<M::Config>(table)?, task, run)?))
}
