//! Names of worlds: `name[,key=value]*[+modifier[=value][,key=value]*]*`.
//!
//! No character of a name needs quoting in a shell. [`WorldName`] is the parsed form and its
//! `Display` the canonical text; [`Options`] are the `key=value` pairs of a world or a modifier,
//! read with a default and a range, and closed with [`Options::finish`], which refuses keys that
//! nobody reads.

use std::fmt::{self, Display, Formatter};
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::WorldError;

/// What one option of a world or modifier is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OptionHelp {
    /// The option's key.
    pub name: &'static str,
    /// The value it has when it is not given, as text; empty where it must be given.
    pub default: &'static str,
    /// Its meaning and values in one line.
    pub help: &'static str,
}

/// The help of the option `name`.
pub const fn help(name: &'static str, default: &'static str, help: &'static str) -> OptionHelp {
    OptionHelp { name, default, help }
}

/// The ordered `key=value` pairs of a world or a modifier, with its name for error messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    owner: String,
    pairs: Vec<(String, String)>,
}

impl Options {
    /// No options, for the world or modifier `owner` (`four-rooms`, `+pixels`).
    pub fn new(owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), pairs: Vec::new() }
    }

    /// The same options with `key=value` added at the end.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Display) -> Self {
        self.pairs.push((key.into(), value.to_string()));
        self
    }

    /// Name of the world (`four-rooms`) or modifier (`+pixels`) that the options belong to.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The pairs in the order they were written.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The text given for `key`, if any.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.0 == key).map(|pair| pair.1.as_str())
    }

    /// A whole number.
    ///
    /// # Errors
    /// The text is no whole number or lies outside `range`.
    pub fn usize(
        &self,
        key: &str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, WorldError> {
        self.number(key, default, range, "a whole number")
    }

    /// The option `world_seed`, the seed of everything that a world draws once and for all; 0
    /// where it is not given.
    ///
    /// # Errors
    /// The text is no whole number from 0 to 4294967295.
    pub fn world_seed(&self) -> Result<u64, WorldError> {
        Ok(self.usize("world_seed", 0, 0..=u32::MAX as usize)? as u64)
    }

    /// A finite number.
    ///
    /// # Errors
    /// The text is no number or lies outside `range`.
    pub fn float(&self, key: &str, default: f64, range: RangeInclusive<f64>) -> Result<f64, WorldError> {
        self.number(key, default, range, "a number")
    }

    /// An interval of finite numbers, written LOW-HIGH, or one number for both ends.
    ///
    /// # Errors
    /// The text is neither, an end lies outside `range`, or the ends are the wrong way round.
    pub fn interval(
        &self,
        key: &str,
        default: f64,
        range: RangeInclusive<f64>,
    ) -> Result<[f64; 2], WorldError> {
        let text = self.text(key).map_or(default.to_string(), str::to_owned);
        let (low, high) = text.split_once('-').unwrap_or((&text, &text));
        match (low.parse(), high.parse()) {
            (Ok(low), Ok(high)) if low <= high && range.contains(&low) && range.contains(&high) => {
                Ok([low, high])
            }
            _ => Err(WorldError::Invalid(format!(
                "`{key}` of {} must be a number from {} to {}, or two as in `0.2-0.8`, not `{text}`",
                self.owner,
                range.start(),
                range.end()
            ))),
        }
    }

    /// A whole number that has no default.
    ///
    /// # Errors
    /// It is missing, no whole number or outside `range`.
    pub fn required(&self, key: &str, range: RangeInclusive<usize>) -> Result<usize, WorldError> {
        if self.text(key).is_none() {
            return Err(WorldError::Invalid(format!(
                "{0} needs a number, as in `{0}={1}`",
                self.owner,
                range.start().max(&2)
            )));
        }
        self.usize(key, 0, range)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// The text is neither.
    pub fn boolean(&self, key: &str, default: bool) -> Result<bool, WorldError> {
        match self.text(key) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(text) => Err(WorldError::Invalid(format!(
                "`{key}` of {} must be `true` or `false`, not `{text}`",
                self.owner
            ))),
        }
    }

    /// One of the words in `choices`.
    ///
    /// # Errors
    /// The text is none of them; the message lists them and names the nearest.
    pub fn choice(&self, key: &str, default: &str, choices: &[&str]) -> Result<String, WorldError> {
        let text = self.text(key).unwrap_or(default);
        if choices.contains(&text) {
            return Ok(text.to_owned());
        }
        let near = nearest(text, choices.iter().copied())
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        Err(WorldError::Invalid(format!(
            "`{key}` of {} must be one of {}, not `{text}`{near}",
            self.owner,
            choices.join(", ")
        )))
    }

    /// Refuses every key that is not in `known`, with the nearest one that is.
    ///
    /// # Errors
    /// A key nobody reads.
    pub fn finish(&self, world: &str, known: &[&str]) -> Result<(), WorldError> {
        match self.pairs.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, _)) => Err(WorldError::Unknown {
                kind: format!("option of {world}"),
                name: key.clone(),
                suggestion: nearest(key, known.iter().copied()),
            }),
        }
    }

    fn number<T: FromStr + PartialOrd + Display>(
        &self,
        key: &str,
        default: T,
        range: RangeInclusive<T>,
        kind: &str,
    ) -> Result<T, WorldError> {
        let Some(text) = self.text(key) else {
            return Ok(default);
        };
        match text.parse::<T>() {
            Ok(value) if range.contains(&value) => Ok(value),
            _ => Err(WorldError::Invalid(format!(
                "`{key}` of {} must be {kind} from {} to {}, not `{text}`",
                self.owner,
                range.start(),
                range.end()
            ))),
        }
    }
}

/// The full text, `owner[,key=value]*`, which is what belongs in a spec's name.
impl Display for Options {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.owner)?;
        self.pairs.iter().try_for_each(|(key, value)| write!(formatter, ",{key}={value}"))
    }
}

/// One `+modifier[=value][,key=value]*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModifierName {
    /// The modifier's name without the plus sign.
    pub name: String,
    /// The text after `=`: its one main option.
    pub value: Option<String>,
    /// Its other options; their owner is `+name`.
    pub options: Options,
}

impl ModifierName {
    /// All its options, with the text after `=` as option `main`.
    ///
    /// # Errors
    /// `main` is given both ways.
    pub fn options_with(&self, main: &str) -> Result<Options, WorldError> {
        match &self.value {
            None => Ok(self.options.clone()),
            Some(value) if self.options.text(main).is_none() => Ok(self.options.clone().with(main, value)),
            Some(value) => Err(WorldError::Invalid(format!(
                "{0} is given `{main}` twice; write either `{0}={value}` or `{main}={value}`",
                self.options.owner()
            ))),
        }
    }
}

impl Display for ModifierName {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "+{}", self.name)?;
        if let Some(value) = &self.value {
            write!(formatter, "={value}")?;
        }
        let pairs = self.options.pairs();
        pairs.iter().try_for_each(|(key, value)| write!(formatter, ",{key}={value}"))
    }
}

/// A world's full name, parsed but not yet checked against the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldName {
    /// The world's options; their owner is its name.
    pub options: Options,
    /// Modifiers, innermost first.
    pub modifiers: Vec<ModifierName>,
}

impl WorldName {
    /// The world's own name, without options and modifiers.
    pub fn base(&self) -> &str {
        self.options.owner()
    }
}

impl Display for WorldName {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.options.fmt(formatter)?;
        self.modifiers.iter().try_for_each(|modifier| modifier.fmt(formatter))
    }
}

impl FromStr for WorldName {
    type Err = WorldError;

    fn from_str(text: &str) -> Result<Self, WorldError> {
        let whole = format!("world `{text}`");
        let mut parts = text.split('+');
        let world = parts.next().unwrap_or_default();
        let mut items = world.split(',');
        let base = word(items.next().unwrap_or_default(), "a world's name", &whole)?;
        let options = parse_pairs(Options::new(base), items, &whole)?;
        let modifiers =
            parts.map(|part| parse_item(part, "modifier", "+", &whole)).collect::<Result<_, _>>()?;
        Ok(Self { options, modifiers })
    }
}

/// The text of a policy, `name[=value][,key=value]*`, which is that of a modifier without its plus
/// sign.
///
/// # Errors
/// It is malformed.
pub(crate) fn parse_policy(text: &str) -> Result<ModifierName, WorldError> {
    parse_item(text, "policy", "", &format!("policy `{text}`"))
}

/// One `name[=value][,key=value]*` of the given kind inside `whole`; `sign` stands before its name
/// in error messages.
fn parse_item(part: &str, kind: &str, sign: &str, whole: &str) -> Result<ModifierName, WorldError> {
    let mut items = part.split(',');
    let head = items.next().unwrap_or_default();
    let (name, value) = match head.split_once('=') {
        Some((name, value)) => (name, Some(word(value, &format!("a {kind}'s value"), whole)?)),
        None => (head, None),
    };
    let name = word(name, &format!("a {kind}'s name"), whole)?;
    let options = parse_pairs(Options::new(format!("{sign}{name}")), items, whole)?;
    Ok(ModifierName { name, value, options })
}

fn parse_pairs<'a>(
    mut options: Options,
    items: impl Iterator<Item = &'a str>,
    whole: &str,
) -> Result<Options, WorldError> {
    for item in items {
        let Some((key, value)) = item.split_once('=') else {
            return Err(WorldError::Invalid(format!("in {whole}, `{item}` must be written `key=value`")));
        };
        let key = word(key, "an option's name", whole)?;
        let value = word(value, "an option's value", whole)?;
        if options.text(&key).is_some() {
            return Err(WorldError::Invalid(format!(
                "in {whole}, option `{key}` of {} is given twice",
                options.owner()
            )));
        }
        options = options.with(key, value);
    }
    Ok(options)
}

/// `text` if it is one or more of the characters that names are made of.
fn word(text: &str, what: &str, whole: &str) -> Result<String, WorldError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if text.is_empty() {
        return Err(WorldError::Invalid(format!("in {whole}, {what} is empty")));
    }
    if !text.chars().all(allowed) {
        return Err(WorldError::Invalid(format!(
            "in {whole}, {what} `{text}` may hold only letters, digits, `-`, `_` and `.`"
        )));
    }
    Ok(text.to_owned())
}

/// The candidate most like `text`, where one is near enough to be what was meant.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(text, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|first, second| first.0.total_cmp(&second.0))
        .map(|(_, candidate)| candidate.to_owned())
}
