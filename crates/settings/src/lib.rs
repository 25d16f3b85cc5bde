//! Hyper-parameters. One annotated field says all there is to say of one: its value in the laptop
//! preset, the paper's value, the range, and in its documentation what it means. From that come the
//! presets, the table of a `config.toml`, the help of `latentrl info`, and refusals that name the
//! full key, the value and what is allowed.
//!
//! ```
//! use settings::{Choice, Config, Refusal};
//!
//! /// How actions are drawn.
//! #[derive(Clone, Copy, Debug, PartialEq, Choice)]
//! enum Acting {
//!     Softmax,
//!     EpsilonGreedy,
//! }
//!
//! /// How transitions are replayed.
//! #[derive(Clone, Debug, Config)]
//! struct Replay {
//!     /// Transitions that are kept.
//!     #[setting(100_000, paper = 1_000_000, min = 1)]
//!     capacity: usize,
//! }
//!
//! /// Hyper-parameters of an agent.
//! #[derive(Clone, Debug, Config)]
//! #[setting(check = Self::discount_fits)]
//! struct Agent {
//!     /// Discount per step.
//!     #[setting(0.99, min = 0.0, max = 1.0)]
//!     gamma: f64,
//!     /// How it acts.
//!     #[setting(Acting::Softmax)]
//!     acting: Acting,
//!     /// Its memory.
//!     #[setting(group)]
//!     replay: Replay,
//! }
//!
//! impl Agent {
//!     fn discount_fits(&self) -> Result<(), Refusal> {
//!         match self.gamma == 1.0 && self.acting == Acting::EpsilonGreedy {
//!             true => Err(Refusal::new("gamma", self.gamma, "below 1 unless `.acting` is softmax")),
//!             false => Ok(()),
//!         }
//!     }
//! }
//!
//! let mut agent = Agent::default();
//! agent.replay.capacity = 0;
//! assert_eq!(agent.check().unwrap_err().to_string(), "`replay.capacity` is 0: it must be at least 1");
//! ```

mod group;
mod range;
mod refusal;
mod value;

pub use group::{describe_group, read_group, write_group};
pub use range::Range;
pub use refusal::Refusal;
use serde::Serialize;
use serde_json::Value as Json;
pub use settings_derive::{Choice, Config};
use toml::Table;
pub use value::{Choice, Value, one_of};

// What the derives name.
#[doc(hidden)]
pub use {serde, toml};

/// One hyper-parameter as `latentrl info` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    /// Dotted path, as `--set` takes it.
    pub key: String,
    /// Value in the laptop preset; null where there is none.
    pub default: Json,
    /// Value in the paper preset.
    pub paper: Json,
    /// What it means.
    pub help: String,
    /// What it must be, as it stands behind "it must be"; empty where only its type is asked for.
    pub allowed: String,
}

/// Hyper-parameters of a method or of a part of one. The default is the laptop preset, sized for two
/// cores. `#[derive(Config)]` implements it.
pub trait Config: Clone + Default + Send + 'static {
    /// The paper's values exactly.
    fn paper() -> Self;

    /// Appends every setting, with the values of the two presets.
    fn describe(laptop: &Self, paper: &Self, fields: &mut Vec<Field>);

    /// Writes every setting into a table; those without a value are left out.
    fn write(&self, table: &mut Table);

    /// Takes those settings that the table holds; keys that do not exist are not noticed.
    ///
    /// # Errors
    /// A value of the wrong type.
    fn read(&mut self, table: &Table) -> Result<(), Refusal>;

    /// Checks ranges, then combinations.
    ///
    /// # Errors
    /// The first setting that is out of range.
    fn check(&self) -> Result<(), Refusal>;

    /// As [`Config::check`], as the sentence that a person is told.
    ///
    /// # Errors
    /// The sentence.
    fn validate(&self) -> Result<(), String> {
        self.check().map_err(|refusal| refusal.complete().to_string())
    }

    /// All settings as a table.
    fn table(&self) -> Table {
        let mut table = Table::new();
        self.write(&mut table);
        table
    }
}

/// The description of one setting.
#[doc(hidden)]
pub fn describe<T: Value>(key: &str, laptop: &T, paper: &T, help: &str, range: &Range) -> Field {
    let json =
        |value: &T| value.write().and_then(|value| serde_json::to_value(value).ok()).unwrap_or(Json::Null);
    let allowed = match range.words() {
        Some(words) => words,
        None => T::choices().map(one_of).unwrap_or_default(),
    };
    Field { key: key.to_owned(), default: json(laptop), paper: json(paper), help: help.to_owned(), allowed }
}

/// Puts one setting into a table.
#[doc(hidden)]
pub fn write<T: Value>(key: &str, value: &T, table: &mut Table) {
    if let Some(value) = value.write() {
        table.insert(key.to_owned(), value);
    }
}

/// Takes one setting from a table, if it is there.
#[doc(hidden)]
pub fn read<T: Value>(key: &str, place: &mut T, table: &Table) -> Result<(), Refusal> {
    if let Some(value) = table.get(key) {
        *place = T::read(value).map_err(|why| Refusal::saying(key, refusal::shown(value), why))?;
    }
    Ok(())
}

/// Checks one setting.
#[doc(hidden)]
pub fn check<T: Value>(key: &str, value: &T, range: &Range) -> Result<(), Refusal> {
    let shown = || value.write().map_or_else(|| "nothing".to_owned(), |value| refusal::shown(&value));
    let mut outside = None;
    value.numbers(&mut |number| outside = outside.or((!range.holds(number)).then_some(number)));
    if let Some(number) = outside {
        let words = match number.is_finite() {
            true => range.words().unwrap_or_default(),
            false => "finite".to_owned(),
        };
        let why = format!("it must be {words}");
        let alone = value.write().is_some_and(|value| value.is_integer() || value.is_float());
        let why = if alone { why } else { value::holds(number, &why) };
        return Err(Refusal::saying(key, shown(), why));
    }
    value.check().map_err(|why| Refusal::saying(key, shown(), why))
}
