//! One arm at several values of a number.

use toml::Value;

use super::document::{Item, Section};
use crate::Result;

/// Replaced by a run's seed, so never the name of a swept number.
pub(super) const SEED: &str = "seed";

/// One value of a swept number.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPoint {
    /// The number's name, as it stands in braces.
    pub key: String,
    /// The value as the file writes it.
    pub text: String,
    /// The value.
    pub value: f64,
    whole: bool,
}

impl SweepPoint {
    /// The name of the arm at this point.
    pub(super) fn name(&self, base: &str) -> String {
        format!("{base}[{}={}]", self.key, self.text)
    }

    /// What stands for the number.
    pub(super) fn placeholder(&self) -> String {
        format!("{{{}}}", self.key)
    }

    /// A text with the value in place of its placeholder.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace(&self.placeholder(), &self.text)
    }

    /// A setting with the value in place: a text that is nothing but the placeholder becomes the
    /// number.
    pub(super) fn fill_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) if text == self.placeholder() && self.whole => {
                Value::Integer(self.value as i64)
            }
            Value::String(text) if text == self.placeholder() => Value::Float(self.value),
            Value::String(text) => Value::String(self.fill(&text)),
            Value::Array(values) => {
                Value::Array(values.into_iter().map(|value| self.fill_value(value)).collect())
            }
            other => other,
        }
    }
}

/// The points of an arm's `sweep`; none where it has no such key.
pub(super) fn points(arm: &Section<'_>) -> Result<Vec<SweepPoint>> {
    let Some(item) = arm.get("sweep") else { return Ok(Vec::new()) };
    let table = item.section()?;
    let mut entries = table.keys();
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return Err(item.refuse("it must have exactly one key, such as { H = [16, 64, 256] }"));
    };
    if entry.name() == SEED {
        return Err(entry.refuse("`{seed}` stands for the run's seed: choose another name"));
    }
    let values = entry.list()?;
    if values.is_empty() {
        return Err(entry.refuse("it has no values"));
    }
    let mut points: Vec<SweepPoint> = Vec::new();
    for value in &values {
        let point = point(entry.name(), value)?;
        if points.iter().any(|earlier| earlier.value == point.value) {
            return Err(value.refuse(format!("{} stands there twice", point.text)));
        }
        points.push(point);
    }
    Ok(points)
}

fn point(key: &str, item: &Item<'_>) -> Result<SweepPoint> {
    let value = item.number()?;
    let text = if item.is_integer() { item.integer()?.to_string() } else { value.to_string() };
    Ok(SweepPoint { key: key.to_owned(), text, value, whole: item.is_integer() })
}
