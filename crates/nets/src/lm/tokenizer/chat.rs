//! Conversations as text, by the template that a model was published with.

use std::time::SystemTime;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value as Jinja};
use minijinja::{Environment, Error, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::parse_strftime_owned;

use super::TokenizerError;
use super::json::dumps;

/// Steps after which a template is stopped: they come from files that others have written.
const FUEL: u64 = 10_000_000;

/// A turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks: `system`, `user` or `assistant` in most templates.
    pub role: String,
    /// What was said.
    pub content: String,
}

impl Message {
    /// What the user says.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: "user".to_owned(), content: content.into() }
    }

    /// What the model said.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: "assistant".to_owned(), content: content.into() }
    }

    /// What holds for the whole conversation.
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: "system".to_owned(), content: content.into() }
    }
}

/// How a conversation is written.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatOptions {
    /// Whether the text ends where the model's answer begins.
    pub answer: bool,
    /// What templates that show the date take for now (in universal time); the present if `None`.
    pub now: Option<SystemTime>,
    /// Further variables of the template, such as `enable_thinking`.
    pub variables: Map<String, Value>,
}

impl Default for ChatOptions {
    fn default() -> Self {
        Self { answer: true, now: None, variables: Map::new() }
    }
}

/// A template in the language of Jinja, with what transformers adds to it: `raise_exception`,
/// `strftime_now`, `tojson`, `break` and `continue`, methods of Python's strings, lists and mappings.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatTemplate {
    source: String,
    /// Texts of special tokens, `bos_token` and the like.
    special: Map<String, Value>,
}

impl ChatTemplate {
    /// Reads a template; `special` are the texts of special tokens by the names that it uses.
    ///
    /// # Errors
    /// [`TokenizerError::Template`] if it cannot be parsed.
    pub fn new(source: &str, special: Map<String, Value>) -> Result<Self, TokenizerError> {
        let template = Self { source: without_generation(source), special };
        template.environment(None)?.template_from_str(&template.source).map_err(refuse)?;
        Ok(template)
    }

    /// Writes a conversation.
    ///
    /// # Errors
    /// [`TokenizerError::Template`] if the template refuses it or is broken.
    pub fn apply(&self, messages: &[Message], options: &ChatOptions) -> Result<String, TokenizerError> {
        let mut variables = self.special.clone();
        let messages = serde_json::to_value(messages)
            .map_err(|error| TokenizerError::Template { reason: error.to_string() })?;
        variables.insert("messages".to_owned(), messages);
        variables.insert("tools".to_owned(), Value::Null);
        variables.insert("documents".to_owned(), Value::Null);
        variables.insert("add_generation_prompt".to_owned(), Value::Bool(options.answer));
        variables.extend(options.variables.clone());
        let environment = self.environment(options.now)?;
        environment.render_str(&self.source, Serde(&variables)).map_err(refuse)
    }

    fn environment(&self, now: Option<SystemTime>) -> Result<Environment<'_>, TokenizerError> {
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(refuse)?;
        let mut environment = Environment::new();
        environment.set_syntax(syntax);
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |message: String| -> Result<Jinja, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_function("strftime_now", move |format: String| time_of(now, &format));
        environment.add_filter("tojson", to_json);
        Ok(environment)
    }
}

/// The format of the C library's `strftime`, in universal time.
fn time_of(now: Option<SystemTime>, format: &str) -> Result<String, Error> {
    let refuse = |reason: String| Error::new(ErrorKind::InvalidOperation, format!("`{format}`: {reason}"));
    let items = parse_strftime_owned(format).map_err(|error| refuse(error.to_string()))?;
    let now = OffsetDateTime::from(now.unwrap_or_else(SystemTime::now));
    now.format(&items).map_err(|error| refuse(error.to_string()))
}

fn to_json(value: Jinja, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    // Templates may ask for what is the case here anyway.
    let _: Option<bool> = options.get("ensure_ascii")?;
    options.assert_all_used()?;
    let value = serde_json::to_value(&value)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    Ok(dumps(&value, indent))
}

fn refuse(error: Error) -> TokenizerError {
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    TokenizerError::Template { reason: format!("{reason}{line}") }
}

/// The tags `generation` and `endgeneration`, which mark what a model says and print nothing, as
/// conditions that always hold.
fn without_generation(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(begin) = rest.find("{%") {
        let Some(length) = rest[begin..].find("%}") else { break };
        let (tag, end) = (&rest[begin + 2..begin + length], begin + length + 2);
        let word = tag.trim_matches(['-', '+', ' ', '\n', '\t']);
        let replaced = match word {
            "generation" => tag.replace("generation", "if true"),
            "endgeneration" => tag.replace("endgeneration", "endif"),
            _ => tag.to_owned(),
        };
        out.push_str(&rest[..begin]);
        out.push_str(&format!("{{%{replaced}%}}"));
        rest = &rest[end..];
    }
    out + rest
}
