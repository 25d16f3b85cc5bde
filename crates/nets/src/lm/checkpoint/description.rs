//! `config.json`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::config::{Llama3Scaling, LmConfig, RopeConfig};
use super::refuse;
use crate::NetsError;

/// A published architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `LlamaForCausalLM`.
    Llama,
    /// `Qwen2ForCausalLM`: biases of queries, keys and values.
    Qwen2,
    /// `Qwen3ForCausalLM`: normalised queries and keys.
    Qwen3,
}

impl Architecture {
    const ALL: [Self; 3] = [Self::Llama, Self::Qwen2, Self::Qwen3];

    /// The name in `config.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "LlamaForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
            Self::Qwen3 => "Qwen3ForCausalLM",
        }
    }

    fn model_type(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    /// The architecture of a decoder's shape.
    ///
    /// # Errors
    /// [`NetsError::Setting`] if none has both biases and normalised queries and keys.
    pub fn of(config: &LmConfig) -> Result<Self, NetsError> {
        match (config.bias, config.query_key_norm) {
            (false, false) => Ok(Self::Llama),
            (true, false) => Ok(Self::Qwen2),
            (false, true) => Ok(Self::Qwen3),
            (true, true) => {
                let need = "false where `query_key_norm` is true: no published architecture has both";
                Err(NetsError::Setting { name: "bias", value: "true".to_owned(), need })
            }
        }
    }
}

/// What `config.json` says.
pub(super) struct Description {
    pub architecture: Architecture,
    pub config: LmConfig,
    pub begin: Option<u32>,
    pub end: Vec<u32>,
}

/// Reads the description of a model.
pub(super) fn parse(path: &Path, text: &str) -> Result<Description, NetsError> {
    let fields: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| refuse(path, format!("is not a JSON object: {error}")))?;
    let fields = Fields { path, fields: &fields };
    let architecture = fields.architecture()?;
    fields.refuse_unsupported()?;
    let [heads, width] = [fields.count("num_attention_heads", None)?, fields.count("hidden_size", None)?];
    let config = LmConfig {
        vocabulary: fields.count("vocab_size", None)?,
        width,
        layers: fields.count("num_hidden_layers", None)?,
        heads,
        key_heads: fields.count("num_key_value_heads", Some(heads))?,
        head_width: fields.count("head_dim", Some(width / heads.max(1)))?,
        hidden: fields.count("intermediate_size", None)?,
        rope: fields.rope()?,
        norm_epsilon: fields.number("rms_norm_eps", Some(1e-6))?,
        tied: fields.flag("tie_word_embeddings"),
        bias: architecture == Architecture::Qwen2,
        query_key_norm: architecture == Architecture::Qwen3,
        context: fields.count("max_position_embeddings", None)?,
        dropout: fields.number("attention_dropout", Some(0.0))?,
    };
    config.validate().map_err(|error| refuse(path, error.to_string()))?;
    let begin = fields.tokens("bos_token_id").first().copied();
    Ok(Description { architecture, config, begin, end: fields.tokens("eos_token_id") })
}

struct Fields<'a> {
    path: &'a Path,
    fields: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn architecture(&self) -> Result<Architecture, NetsError> {
        let found = self.get("architectures").and_then(|list| list.get(0)).and_then(Value::as_str);
        let known = Architecture::ALL.into_iter().find(|kind| Some(kind.name()) == found);
        known.ok_or_else(|| {
            let names = Architecture::ALL.map(Architecture::name).join(", ");
            let found = found.unwrap_or("missing");
            refuse(self.path, format!("the architecture is {found}, but only {names} can be read"))
        })
    }

    /// Settings that would be computed differently.
    fn refuse_unsupported(&self) -> Result<(), NetsError> {
        for name in ["attention_bias", "mlp_bias", "use_sliding_window"] {
            if self.flag(name) {
                return Err(refuse(self.path, format!("`{name}` is true, which is not supported")));
            }
        }
        match self.get("hidden_act").and_then(Value::as_str) {
            None | Some("silu") => Ok(()),
            Some(other) => {
                Err(refuse(self.path, format!("`hidden_act` is {other}, but only silu is supported")))
            }
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn count(&self, name: &str, default: Option<usize>) -> Result<usize, NetsError> {
        let found = match self.get(name) {
            None => default,
            Some(value) => value.as_u64().and_then(|value| usize::try_from(value).ok()),
        };
        found.ok_or_else(|| refuse(self.path, format!("`{name}` must be a whole number")))
    }

    fn number(&self, name: &str, default: Option<f64>) -> Result<f64, NetsError> {
        let found = self.get(name).map_or(default, Value::as_f64);
        found.ok_or_else(|| refuse(self.path, format!("`{name}` must be a number")))
    }

    /// A token or a list of tokens.
    fn tokens(&self, name: &str) -> Vec<u32> {
        let token = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
        match self.get(name) {
            None => Vec::new(),
            Some(Value::Array(list)) => list.iter().filter_map(token).collect(),
            Some(value) => token(value).into_iter().collect(),
        }
    }

    /// Both ways of writing it: `rope_parameters`, or `rope_theta` beside `rope_scaling`.
    fn rope(&self) -> Result<RopeConfig, NetsError> {
        let none = Map::new();
        let parameters = self.get("rope_parameters").or_else(|| self.get("rope_scaling"));
        let parameters = parameters.and_then(Value::as_object).unwrap_or(&none);
        let inner = Fields { path: self.path, fields: parameters };
        let base = match inner.get("rope_theta") {
            Some(_) => inner.number("rope_theta", None)?,
            None => self.number("rope_theta", Some(10_000.0))?,
        };
        let kind = inner.get("rope_type").or_else(|| inner.get("type")).and_then(Value::as_str);
        let scaling = match kind {
            None | Some("default") => None,
            Some("llama3") => Some(Llama3Scaling {
                factor: inner.number("factor", None)?,
                low: inner.number("low_freq_factor", None)?,
                high: inner.number("high_freq_factor", None)?,
                original_context: inner.count("original_max_position_embeddings", None)?,
            }),
            Some(other) => {
                let problem =
                    format!("rotary positions of type {other} are not supported, only default and llama3");
                return Err(refuse(self.path, problem));
            }
        };
        Ok(RopeConfig { base, scaling })
    }
}

/// The text of `config.json`.
pub(super) fn render(description: &Description) -> String {
    let Description { architecture, config, begin, end } = description;
    let end = match end.as_slice() {
        [] => Value::Null,
        [token] => json!(token),
        tokens => json!(tokens),
    };
    let scaling = config.rope.scaling.as_ref().map(|scaling| {
        json!({
            "rope_type": "llama3",
            "factor": scaling.factor,
            "low_freq_factor": scaling.low,
            "high_freq_factor": scaling.high,
            "original_max_position_embeddings": scaling.original_context,
        })
    });
    let document = json!({
        "architectures": [architecture.name()],
        "model_type": architecture.model_type(),
        "vocab_size": config.vocabulary,
        "hidden_size": config.width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.key_heads,
        "head_dim": config.head_width,
        "intermediate_size": config.hidden,
        "hidden_act": "silu",
        "attention_bias": false,
        "attention_dropout": config.dropout,
        "max_position_embeddings": config.context,
        "rms_norm_eps": config.norm_epsilon,
        "rope_theta": config.rope.base,
        "rope_scaling": scaling,
        "tie_word_embeddings": config.tied,
        "bos_token_id": begin,
        "eos_token_id": end,
        "dtype": "float32",
        "torch_dtype": "float32",
    });
    format!("{document:#}\n")
}
