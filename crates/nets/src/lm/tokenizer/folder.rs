//! What a published folder says about its tokenizer beside `tokenizer.json`.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Map, Value};

use super::TokenizerError;

/// The files' content, as far as it matters here.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Source of the chat template.
    pub template: Option<String>,
    /// Texts of special tokens by name, `eos_token` and the like.
    pub special: Map<String, Value>,
    /// Tokens that end a text by the model's configuration.
    pub ends: Vec<u32>,
}

impl Beside {
    /// Reads `tokenizer_config.json`, `chat_template.jinja`, `generation_config.json` and `config.json`
    /// in `folder`, none of which need to exist.
    pub fn read(folder: &Path) -> Result<Self, TokenizerError> {
        let config = optional_json(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
        let mut special = Map::new();
        for (name, value) in config.as_object().into_iter().flatten() {
            if name.ends_with("_token")
                && let Some(text) = value.as_str().or_else(|| value["content"].as_str())
            {
                special.insert(name.clone(), text.into());
            }
        }
        let template = match optional(&folder.join("chat_template.jinja"))? {
            Some(template) => Some(template),
            None => default_template(&config["chat_template"]),
        };
        let mut ends = Vec::new();
        for file in ["generation_config.json", "config.json"] {
            if ends.is_empty() {
                let config = optional_json(&folder.join(file))?.unwrap_or_default();
                ends = tokens(&config["eos_token_id"]);
            }
        }
        Ok(Self { template, special, ends })
    }
}

/// A template, or the one named `default` of a list of named ones.
fn default_template(value: &Value) -> Option<String> {
    let named = || {
        let templates = value.as_array()?;
        let default = templates.iter().find(|template| template["name"] == "default");
        default.or(templates.first())?["template"].as_str()
    };
    value.as_str().or_else(named).map(str::to_owned)
}

/// A number or a list of numbers.
fn tokens(value: &Value) -> Vec<u32> {
    let one = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    match value.as_array() {
        Some(values) => values.iter().filter_map(one).collect(),
        None => one(value).into_iter().collect(),
    }
}

fn optional_json(path: &Path) -> Result<Option<Value>, TokenizerError> {
    let Some(text) = optional(path)? else { return Ok(None) };
    let broken = |error: serde_json::Error| TokenizerError::Broken {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    serde_json::from_str(&text).map(Some).map_err(broken)
}

fn optional(path: &Path) -> Result<Option<String>, TokenizerError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(TokenizerError::Read { path: path.display().to_string(), reason: error.to_string() })
        }
    }
}
