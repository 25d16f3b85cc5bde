//! Parts that plug into agents by name: how they register themselves, and how an agent's configuration
//! holds one without knowing its fields, as `latent = { name = "spr", steps = 5 }` or
//! `bonus = { name = "rnd", scale = 0.5 }`.

use settings::{Config, Field, Refusal, one_of};
use toml::{Table, Value};

use crate::{LearnError, intrinsic::Bonuses, objective::Objectives};

/// The name for no part.
pub const NONE: &str = "none";

/// The key that holds the name.
const NAME: &str = "name";

/// A kind of part.
pub trait Kind: Clone + Send + Sync + 'static {
    /// The part without its types.
    type Part: ?Sized;
    /// What a part is made for, besides its settings.
    type Context;
    /// The setting of an agent that holds one, and the command line's option: `latent`.
    const KEY: &'static str;
    /// What one is called: `objective`.
    const WORD: &'static str;
    /// What the setting's name means.
    const HELP: &'static str;

    /// Every part of the crates that are linked into the program.
    fn plugs() -> &'static [Plug<Self>];
}

/// Makes a part of its settings for a context.
type Make<K> = fn(&Table, &<K as Kind>::Context) -> Result<Box<<K as Kind>::Part>, Refusal>;

/// A registered part, without its types.
pub struct Plug<K: Kind> {
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
    make: Make<K>,
}

impl<K: Kind> Plug<K> {
    /// The entry of a part with settings of type `C`.
    pub const fn new<C: Config>(id: &'static str, summary: &'static str, make: Make<K>) -> Self {
        Self {
            id,
            summary,
            fields: fields::<C>,
            presets: [|| C::default().table(), || C::paper().table()],
            complete: complete::<C>,
            check: |table| read::<C>(table)?.check(),
            make,
        }
    }
}

fn fields<C: Config>() -> Vec<Field> {
    let mut fields = Vec::new();
    C::describe(&C::default(), &C::paper(), &mut fields);
    fields
}

/// The settings in a part's own table.
///
/// # Errors
/// A value of the wrong type.
pub(crate) fn read<C: Config>(table: &Table) -> Result<C, Refusal> {
    let mut config = C::default();
    config.read(table)?;
    Ok(config)
}

/// The settings of `base`, changed by `changes`.
fn complete<C: Config>(base: &Table, changes: &Table) -> Result<Table, Refusal> {
    let mut config = read::<C>(base)?;
    config.read(changes)?;
    Ok(config.table())
}

/// The part that an agent carries, and its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugged<K: Kind> {
    name: String,
    settings: Table,
    kind: std::marker::PhantomData<K>,
}

impl<K: Kind> Default for Plugged<K> {
    fn default() -> Self {
        Self::new(NONE, Table::new())
    }
}

impl<K: Kind> Plugged<K> {
    /// A part of this name under these settings.
    pub(crate) fn new(name: &str, settings: Table) -> Self {
        Self { name: name.to_owned(), settings, kind: std::marker::PhantomData }
    }

    /// The part of this name under its laptop preset, or the paper's.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn named(name: &str, paper: bool) -> Result<Self, Refusal> {
        let settings = match plug::<K>(name)? {
            Some(plug) => plug.presets[usize::from(paper)](),
            None => Table::new(),
        };
        Ok(Self::new(name, settings))
    }

    /// The part's name, or `none`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its settings.
    pub(crate) fn settings(&self) -> &Table {
        &self.settings
    }

    /// The part, made for `context`; nothing for `none`.
    ///
    /// # Errors
    /// There is none of that name, or a setting does not fit the context.
    pub fn build(&self, context: &K::Context) -> Result<Option<Box<K::Part>>, LearnError> {
        let made = plug::<K>(&self.name)
            .and_then(|plug| plug.map(|plug| (plug.make)(&self.settings, context)).transpose());
        made.map_err(|refusal| LearnError::Refused(refusal.inside(K::KEY).complete()))
    }

    fn preset(&self, paper: bool) -> Table {
        Self::named(&self.name, paper).map(|plugged| plugged.settings).unwrap_or_default()
    }
}

/// Every name that a setting of this kind can take, `none` first.
pub fn names<K: Kind>() -> Vec<&'static str> {
    let mut names: Vec<&str> = K::plugs().iter().map(|plug| plug.id).collect();
    names.sort_unstable();
    names.insert(0, NONE);
    names
}

/// The part of this name; nothing for `none`.
///
/// # Errors
/// There is none of that name.
pub fn plug<K: Kind>(name: &str) -> Result<Option<&'static Plug<K>>, Refusal> {
    if name == NONE {
        return Ok(None);
    }
    let found = K::plugs().iter().find(|plug| plug.id == name);
    found.map(Some).ok_or_else(|| Refusal::new(NAME, name, one_of(&names::<K>())))
}

/// Refuses settings of a part where none is chosen; keys that no part has are not noticed.
fn idle<K: Kind>(table: &Table) -> Result<(), Refusal> {
    for (key, value) in table {
        let has =
            |plug: &&Plug<K>| (plug.fields)().iter().any(|field| field.key.split('.').next() == Some(key));
        let mut owners: Vec<&str> = K::plugs().iter().filter(has).map(|plug| plug.id).collect();
        owners.sort_unstable();
        if !owners.is_empty() {
            let (owners, word) = (one_of(&owners), K::WORD);
            let why = format!("that is a setting of {owners}, and no {word} is chosen: set `.{NAME}` too");
            return Err(Refusal::saying(key, value, why));
        }
    }
    Ok(())
}

impl<K: Kind> Config for Plugged<K> {
    fn paper() -> Self {
        Self::default()
    }

    /// The name, and the settings of the laptop preset's part.
    fn describe(laptop: &Self, paper: &Self, fields: &mut Vec<Field>) {
        let json = |value: &Value| serde_json::to_value(value).unwrap_or_default();
        fields.push(Field {
            key: NAME.to_owned(),
            default: laptop.name.clone().into(),
            paper: paper.name.clone().into(),
            help: K::HELP.to_owned(),
            allowed: one_of(&names::<K>()),
        });
        let Ok(Some(plug)) = plug::<K>(&laptop.name) else { return };
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
            Some(other) => return Err(Refusal::new(NAME, other, one_of(&names::<K>()))),
        }
        match plug::<K>(&self.name)? {
            Some(plug) => self.settings = (plug.complete)(&self.settings, table)?,
            None => idle::<K>(table)?,
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Refusal> {
        match plug::<K>(&self.name)? {
            Some(plug) => (plug.check)(&self.settings),
            None => Ok(()),
        }
    }
}

/// What a part does, in one line, and its settings.
pub type Shown = (&'static str, Vec<Field>);

/// A kind of part as a command line sees it.
pub struct Shelf {
    /// The setting of an agent that holds one, and the option.
    pub key: &'static str,
    /// What one is called.
    pub word: &'static str,
    /// Every name, `none` first.
    pub names: fn() -> Vec<&'static str>,
    /// The table of a part of this name under the laptop preset, or the paper's.
    pub table: fn(&str, bool) -> Result<Table, Refusal>,
    /// What a part of this name does, and its settings; nothing where there is none.
    pub shown: fn(&str) -> Option<Shown>,
}

impl Shelf {
    const fn of<K: Kind>() -> Self {
        Self {
            key: K::KEY,
            word: K::WORD,
            names: names::<K>,
            table: |name, paper| Ok(Plugged::<K>::named(name, paper)?.table()),
            shown: |name| Some(plug::<K>(name).ok()??).map(|plug| (plug.summary, (plug.fields)())),
        }
    }
}

/// Every kind of part.
pub static SHELVES: [Shelf; 2] = [Shelf::of::<Objectives>(), Shelf::of::<Bonuses>()];
