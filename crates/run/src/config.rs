//! Hyper-parameters as TOML: help from their schema, edits by dotted path, errors by key.

use settings::{Config, Field, Refusal};
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
    config.read(table).map_err(refused)?;
    let mut known = Vec::new();
    C::describe(&config, &config, &mut known);
    let known: Vec<String> = known.into_iter().map(|field| field.key).collect();
    check_keys(table, "", &known)?;
    config.check().map_err(refused)?;
    Ok(config)
}

fn refused(refusal: Refusal) -> RunError {
    RunError::Config(refusal.complete().to_string())
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
    let value = format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()));
    insert(table, path, value).map_err(|cause| RunError::Config(format!("`--set {assignment}`: {cause}")))
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
        (Value::Table(old), Value::String(name)) if old.contains_key("name") => {
            Ok(Value::Table(Table::from_iter([("name".to_owned(), Value::String(name))])))
        }
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
