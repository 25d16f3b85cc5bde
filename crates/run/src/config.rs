//! Hyper-parameters as TOML: help from their schema, edits by dotted path, errors by key.

use serde::Serialize;
use serde_json::Value as Json;
use toml::{Table, Value};

use crate::{Result, RunError, method::Config};

/// One hyper-parameter as `info` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct FieldHelp {
    /// Dotted path, as `--set` takes it.
    pub key: String,
    /// Value in the laptop preset.
    pub default: Json,
    /// Value in the paper preset.
    pub paper: Json,
    /// What it means.
    pub help: String,
}

/// Every hyper-parameter of a config.
///
/// # Errors
/// A preset has no JSON form.
pub fn fields<C: Config>() -> Result<Vec<FieldHelp>> {
    let schema = schemars::schema_for!(C).to_value();
    let laptop = serde_json::to_value(C::default()).map_err(RunError::part)?;
    let paper = serde_json::to_value(C::paper()).map_err(RunError::part)?;
    let mut out = Vec::new();
    describe(&schema, &schema, &laptop, &paper, "", &mut out);
    Ok(out)
}

fn describe(root: &Json, schema: &Json, laptop: &Json, paper: &Json, prefix: &str, out: &mut Vec<FieldHelp>) {
    let Some(properties) = resolve(root, schema).get("properties").and_then(Json::as_object) else { return };
    for (name, property) in properties {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let (default, paper) = (&laptop[name], &paper[name]);
        let inner = resolve(root, property);
        if inner.get("properties").is_some() && default.is_object() {
            describe(root, inner, default, paper, &key, out);
            continue;
        }
        let text = property.get("description").or_else(|| inner.get("description"));
        let help = text.and_then(Json::as_str).unwrap_or_default().replace('\n', " ");
        out.push(FieldHelp { key, default: default.clone(), paper: paper.clone(), help });
    }
}

fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    let target = schema.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix('#'));
    target.and_then(|path| root.pointer(path)).unwrap_or(schema)
}

/// Parses and validates a complete table of hyper-parameters.
///
/// # Errors
/// An unknown key (with the nearest name), a wrong type or a value out of range.
pub fn parse<C: Config>(table: &Table) -> Result<C> {
    let known: Vec<String> = fields::<C>()?.into_iter().map(|field| field.key).collect();
    check_keys(table, "", &known)?;
    let config: C = serde_json::to_value(table)
        .map_err(RunError::part)
        .and_then(|json| serde_json::from_value(json).map_err(|error| RunError::Config(error.to_string())))?;
    config.validate().map_err(RunError::Config)?;
    Ok(config)
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

/// Makes a new value of the old one's type, so that `lr=1` is a float and `lr=abc` is refused.
fn fit(old: &Value, new: Value) -> std::result::Result<Value, String> {
    match (old, new) {
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
