//! Hyper-parameters as TOML: help from their fields, edits by dotted path, errors by key.

use settings::{Config, Field};
use toml::{Table, Value};

use crate::{Result, RunError};

/// Every hyper-parameter of a config.
pub fn fields<C: Config>() -> Vec<Field> {
    let mut fields = Vec::new();
    C::describe(&C::default(), &C::paper(), &mut fields);
    fields
}

/// Parses and checks a table of hyper-parameters; what it lacks has the laptop preset's value.
///
/// # Errors
/// An unknown key (with the nearest name), a wrong type or a value out of range.
pub fn parse<C: Config>(table: &Table) -> Result<C> {
    let mut config = C::default();
    let table = named(table, &keys(&config));
    config.read(&table)?;
    check_keys(&table, "", &keys(&config))?;
    config.check()?;
    Ok(config)
}

/// The keys of all settings.
fn keys<C: Config>(config: &C) -> Vec<String> {
    let mut fields = Vec::new();
    C::describe(config, config, &mut fields);
    fields.into_iter().map(|field| field.key).collect()
}

/// The table with what is chosen by a name alone, `latent = "spr"`, as a table with that name.
fn named(table: &Table, known: &[String]) -> Table {
    let mut table = table.clone();
    for path in known.iter().filter_map(|key| key.strip_suffix(".name")) {
        let mut parts = path.split('.');
        let first = parts.next().and_then(|part| table.get_mut(part));
        let place = parts.fold(first, |place, part| place?.get_mut(part));
        if let Some(place @ Value::String(_)) = place {
            *place = by_name(place.clone());
        }
    }
    table
}

/// A table of settings that holds the name only.
fn by_name(name: Value) -> Value {
    Value::Table(Table::from_iter([("name".to_owned(), name)]))
}

fn check_keys(table: &Table, prefix: &str, known: &[String]) -> Result<()> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let inside = format!("{key}.");
        match value {
            _ if known.contains(&key) => {}
            Value::Table(inner) if known.iter().any(|candidate| candidate.starts_with(&inside)) => {
                check_keys(inner, &key, known)?;
            }
            _ => return Err(unknown("setting", &key, known.iter().map(String::as_str))),
        }
    }
    Ok(())
}

/// The error for a name that does not exist, with the nearest that does.
pub fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> RunError {
    let nearest = known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .filter(|(similarity, _)| *similarity > 0.6);
    let hint = nearest.map(|(_, candidate)| format!("; did you mean `{candidate}`?")).unwrap_or_default();
    RunError::Config(format!("unknown {kind} `{name}`{hint}"))
}

/// Applies `key=value` to a table: the value is read as TOML, or as a word where that fails.
///
/// # Errors
/// No `=`, a path through something that is not a table, or a number where words stood and the
/// reverse; unknown keys are [`parse`]'s to refuse.
pub fn set(table: &mut Table, assignment: &str) -> Result<()> {
    let (path, text) = assignment
        .split_once('=')
        .ok_or_else(|| RunError::Config(format!("`--set {assignment}` has no `=`: write --set key=value")))?;
    insert(table, path, value(text))
        .map_err(|cause| RunError::Config(format!("`--set {assignment}`: {cause}")))
}

/// A value as `--set` gives it: as TOML, or a word where that fails.
pub fn value(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>().ok();
    parsed.and_then(|mut parsed| parsed.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Puts a value at a dotted path of a table.
///
/// # Errors
/// The cause, without the place: a path through something that is not a table, or a number where
/// words stood and the reverse; unknown keys are [`parse`]'s to refuse.
pub fn insert(table: &mut Table, path: &str, value: Value) -> std::result::Result<(), String> {
    let mut parts: Vec<&str> = path.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let mut place = table;
    for part in parts {
        let next = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
        place = next.as_table_mut().ok_or_else(|| format!("`{part}` holds no further settings"))?;
    }
    let value = match place.get(last) {
        Some(old) => fit(old, value)?,
        None => value,
    };
    place.insert(last.to_owned(), value);
    Ok(())
}

/// Makes a new value of the old one's type, so that `lr=1` is a float and `lr=abc` is refused. What is
/// chosen by name, with settings of its own, may be given by the name alone.
fn fit(old: &Value, new: Value) -> std::result::Result<Value, String> {
    match (old, new) {
        (Value::Table(old), name @ Value::String(_)) if old.contains_key("name") => Ok(by_name(name)),
        (Value::Float(_), Value::Integer(number)) => Ok(Value::Float(number as f64)),
        (old, new) if old.same_type(&new) => Ok(new),
        (old, new) => Err(format!(
            "expected {}, like `{old}`, not `{}`",
            article(old.type_str()),
            new.as_str().map_or_else(|| new.to_string(), str::to_owned)
        )),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "integer" | "array" => format!("an {kind}"),
        "float" => "a number".to_owned(),
        _ => format!("a {kind}"),
    }
}
