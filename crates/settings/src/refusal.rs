//! What is said of a setting that cannot be taken.

use std::fmt::Display;

/// One setting that is wrong: the sentence names the full key, the value and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is {value}: {why}")]
pub struct Refusal {
    key: String,
    value: String,
    why: String,
}

impl Refusal {
    /// A value that must be something else: `allowed` stands behind "it must be". Other settings of
    /// the same group are named with a dot before them, `` `.horizon` ``, and get their full key.
    pub fn new(key: impl Into<String>, value: impl Display, allowed: impl Display) -> Self {
        Self::saying(key, value, format!("it must be {allowed}"))
    }

    /// As [`Refusal::new`], with the whole of what is said behind the value.
    pub fn saying(key: impl Into<String>, value: impl Display, why: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.to_string(), why: why.into() }
    }

    /// The refusal as it is said outside the group of this name.
    pub fn inside(self, group: &str) -> Self {
        let why = self.why.replace("`.", &format!("`.{group}."));
        Self { key: format!("{group}.{}", self.key), why, ..self }
    }

    /// The refusal as it is said to a person: the keys of other settings are complete.
    pub fn complete(self) -> Self {
        Self { why: self.why.replace("`.", "`"), ..self }
    }

    /// The full key.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A value as a sentence shows it: words without quotes.
pub(crate) fn shown(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) if text.is_empty() => "empty".to_owned(),
        toml::Value::String(text) => text.clone(),
        toml::Value::Float(number) => number.to_string(),
        other => other.to_string().trim().replace('\n', " "),
    }
}
