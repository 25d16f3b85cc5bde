//! Objectives by name: how they register themselves, and how an agent's configuration holds one
//! without knowing its fields.

use settings::{Config, Field, Refusal, one_of};
use toml::{Table, Value};

use super::Objective;
use crate::{LearnError, optim::AdamSettings};

/// The name for no objective.
pub const NONE: &str = "none";

/// The key that holds the name.
const NAME: &str = "name";

/// Every objective of the crates that are linked into the program.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static OBJECTIVES: [Plug];

#[doc(hidden)]
pub use linkme;

/// Registers an objective; it stands beside the type.
#[macro_export]
macro_rules! register_objective {
    ($kind:ty) => {
        const _: () = {
            use $crate::objective::linkme;
            #[linkme::distributed_slice($crate::objective::OBJECTIVES)]
            #[linkme(crate = linkme)]
            static PLUG: $crate::objective::Plug = $crate::objective::Plug::of::<$kind>();
        };
    };
}

/// An objective that can be named on the command line.
pub trait Named: Objective + Sized + 'static {
    /// Its name.
    const ID: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// Its settings.
    type Config: Config;

    /// The objective under these settings; its modules take the agent's optimiser.
    fn new(config: Self::Config, adam: &AdamSettings) -> Self;
}

/// Makes an objective of its settings and the agent's optimiser.
type Make = fn(&Table, &AdamSettings) -> Result<Box<dyn Objective>, Refusal>;

/// A registered objective, without its types.
pub struct Plug {
    /// Its name.
    pub id: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Its settings with help, default and the paper's value.
    pub fields: fn() -> Vec<Field>,
    /// Its settings under the laptop preset and the paper's.
    presets: [fn() -> Table; 2],
    complete: fn(&Table, &Table) -> Result<Table, Refusal>,
    check: fn(&Table) -> Result<(), Refusal>,
    make: Make,
}

impl Plug {
    /// The entry of an objective.
    pub const fn of<O: Named>() -> Self {
        Self {
            id: O::ID,
            summary: O::SUMMARY,
            fields: fields::<O>,
            presets: [|| O::Config::default().table(), || O::Config::paper().table()],
            complete: complete::<O>,
            check: |table| read::<O>(table)?.check(),
            make: |table, adam| Ok(Box::new(O::new(read::<O>(table)?, adam))),
        }
    }
}

fn fields<O: Named>() -> Vec<Field> {
    let mut fields = Vec::new();
    O::Config::describe(&O::Config::default(), &O::Config::paper(), &mut fields);
    fields
}

fn read<O: Named>(table: &Table) -> Result<O::Config, Refusal> {
    let mut config = O::Config::default();
    config.read(table)?;
    Ok(config)
}

/// The settings of `base`, changed by `changes`.
fn complete<O: Named>(base: &Table, changes: &Table) -> Result<Table, Refusal> {
    let mut config = read::<O>(base)?;
    config.read(changes)?;
    Ok(config.table())
}

/// The objective that an agent carries, and its settings: `latent = { name = "spr", steps = 5 }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    name: String,
    settings: Table,
}

impl Default for Latent {
    fn default() -> Self {
        Self { name: NONE.to_owned(), settings: Table::new() }
    }
}

impl Latent {
    /// An objective under these settings.
    pub fn of<O: Named>(config: &O::Config) -> Self {
        Self { name: O::ID.to_owned(), settings: config.table() }
    }

    /// The objective of this name under its laptop preset, or the paper's.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn named(name: &str, paper: bool) -> Result<Self, Refusal> {
        let settings = match plug(name)? {
            Some(plug) => plug.presets[usize::from(paper)](),
            None => Table::new(),
        };
        Ok(Self { name: name.to_owned(), settings })
    }

    /// The objective's name, or `none`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The settings, where the objective is of this kind.
    pub fn settings_of<O: Named>(&self) -> Option<O::Config> {
        (self.name == O::ID).then(|| read::<O>(&self.settings).ok()).flatten()
    }

    /// The objective, whose modules take the agent's optimiser settings; nothing for `none`.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn build(&self, adam: &AdamSettings) -> Result<Option<Box<dyn Objective>>, LearnError> {
        let made =
            plug(&self.name).and_then(|plug| plug.map(|plug| (plug.make)(&self.settings, adam)).transpose());
        made.map_err(|refusal| LearnError::Refused(refusal.inside("latent").complete()))
    }

    fn preset(&self, paper: bool) -> Table {
        Self::named(&self.name, paper).map(|latent| latent.settings).unwrap_or_default()
    }
}

/// Every name that `latent` can take, `none` first.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = OBJECTIVES.iter().map(|plug| plug.id).collect();
    names.sort_unstable();
    names.insert(0, NONE);
    names
}

/// The objective of this name; nothing for `none`.
///
/// # Errors
/// There is none of that name.
pub fn plug(name: &str) -> Result<Option<&'static Plug>, Refusal> {
    if name == NONE {
        return Ok(None);
    }
    let found = OBJECTIVES.iter().find(|plug| plug.id == name);
    found.map(Some).ok_or_else(|| Refusal::new(NAME, name, one_of(&names())))
}

/// Refuses settings of an objective where none is chosen; keys that no objective has are not noticed.
fn idle(table: &Table) -> Result<(), Refusal> {
    for (key, value) in table {
        let has = |plug: &&Plug| (plug.fields)().iter().any(|field| field.key.split('.').next() == Some(key));
        let mut owners: Vec<&str> = OBJECTIVES.iter().filter(has).map(|plug| plug.id).collect();
        owners.sort_unstable();
        if !owners.is_empty() {
            let why = format!(
                "that is a setting of {}, and no objective is chosen: set `.{NAME}` too",
                one_of(&owners)
            );
            return Err(Refusal::saying(key, value, why));
        }
    }
    Ok(())
}

impl Config for Latent {
    fn paper() -> Self {
        Self::default()
    }

    /// The name, and the settings of the laptop preset's objective.
    fn describe(laptop: &Self, paper: &Self, fields: &mut Vec<Field>) {
        let json = |value: &Value| serde_json::to_value(value).unwrap_or_default();
        fields.push(Field {
            key: NAME.to_owned(),
            default: laptop.name.clone().into(),
            paper: paper.name.clone().into(),
            help: "Representation objective that trains the encoder, or none; its own settings stand beside its \
                   name."
                .to_owned(),
            allowed: one_of(&names()),
        });
        let Ok(Some(plug)) = plug(&laptop.name) else { return };
        let papers = if paper.name == laptop.name { paper.settings.clone() } else { laptop.preset(true) };
        for mut field in (plug.fields)() {
            let inside = |table: &Table| {
                let mut parts = field.key.split('.');
                let first = parts.next().and_then(|part| table.get(part))?;
                parts.try_fold(first, |value, part| value.get(part)).map(json)
            };
            (field.default, field.paper) =
                (inside(&laptop.settings).unwrap_or_default(), inside(&papers).unwrap_or_default());
            fields.push(field);
        }
    }

    fn write(&self, table: &mut Table) {
        table.insert(NAME.to_owned(), Value::String(self.name.clone()));
        table.extend(self.settings.clone());
    }

    /// Another name than before begins with the laptop preset of its own.
    fn read(&mut self, table: &Table) -> Result<(), Refusal> {
        match table.get(NAME) {
            Some(Value::String(name)) if *name != self.name => *self = Self::named(name, false)?,
            None | Some(Value::String(_)) => {}
            Some(other) => return Err(Refusal::new(NAME, other, one_of(&names()))),
        }
        match plug(&self.name)? {
            Some(plug) => self.settings = (plug.complete)(&self.settings, table)?,
            None => idle(table)?,
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Refusal> {
        match plug(&self.name)? {
            Some(plug) => (plug.check)(&self.settings),
            None => Ok(()),
        }
    }
}
