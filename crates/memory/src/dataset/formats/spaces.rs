//! Gymnasium's spaces as Minari writes them: JSON with Python's `Infinity` and `NaN` in it.

use serde_json::{Value, json};

/// A space.
#[derive(Clone, Debug, PartialEq)]
pub enum Space {
    /// Numbers in a box, bounds in row-major order.
    Box {
        /// Lengths of the axes.
        shape: Vec<usize>,
        /// NumPy's name of the type.
        dtype: String,
        /// Lower bounds.
        low: Vec<f32>,
        /// Upper bounds.
        high: Vec<f32>,
    },
    /// `count` whole numbers from `start` on.
    Discrete {
        /// How many.
        count: usize,
        /// The first.
        start: i64,
    },
    /// Named parts, in order.
    Dict(Vec<(String, Space)>),
    /// Parts without names.
    Tuple(Vec<Space>),
    /// A space of another type, by its type's name.
    Other(String),
}

impl Space {
    /// Reads a space; the error says what is missing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(&quoted(text)).map_err(|error| error.to_string())?;
        Self::of(&value)
    }

    fn of(value: &Value) -> Result<Self, String> {
        let kind = value["type"].as_str().ok_or("a space has no `type`")?;
        match kind {
            "Box" => {
                let axes = value["shape"].as_array().ok_or("a box has no `shape`")?;
                let axis = |axis: &Value| axis.as_u64().map(|length| length as usize);
                let shape: Vec<usize> = axes
                    .iter()
                    .map(axis)
                    .collect::<Option<_>>()
                    .ok_or("the shape of a box is not a list of lengths")?;
                let size = shape.iter().product();
                let bound = |name: &str| bounds(&value[name], size, name);
                let dtype = value["dtype"].as_str().unwrap_or("float32").to_owned();
                Ok(Self::Box { shape, dtype, low: bound("low")?, high: bound("high")? })
            }
            "Discrete" => {
                let count = value["n"].as_u64().ok_or("a discrete space has no `n`")? as usize;
                Ok(Self::Discrete { count, start: value["start"].as_i64().unwrap_or(0) })
            }
            "Dict" => {
                let parts =
                    value["subspaces"].as_object().ok_or("a dictionary of spaces has no `subspaces`")?;
                let part = |(name, part): (&String, &Value)| Ok((name.clone(), Self::of(part)?));
                Ok(Self::Dict(parts.iter().map(part).collect::<Result<_, String>>()?))
            }
            "Tuple" => {
                let parts = value["subspaces"].as_array().ok_or("a tuple of spaces has no `subspaces`")?;
                Ok(Self::Tuple(parts.iter().map(Self::of).collect::<Result<_, String>>()?))
            }
            other => Ok(Self::Other(other.to_owned())),
        }
    }

    /// The space as Minari reads it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Box { shape, dtype, low, high } => {
                let whole = !dtype.starts_with("float");
                let bounds = |bounds: &[f32]| nested(shape, bounds, whole);
                json!({"type": "Box", "dtype": dtype, "shape": shape, "low": bounds(low), "high": bounds(high)})
            }
            Self::Discrete { count, start } => {
                json!({"type": "Discrete", "dtype": "int64", "start": start, "n": count})
            }
            Self::Dict(parts) => {
                let parts: serde_json::Map<String, Value> =
                    parts.iter().map(|(name, part)| (name.clone(), part.to_json())).collect();
                json!({"type": "Dict", "subspaces": parts})
            }
            Self::Tuple(parts) => {
                json!({"type": "Tuple", "subspaces": parts.iter().map(Self::to_json).collect::<Vec<_>>()})
            }
            Self::Other(kind) => json!({"type": kind}),
        }
    }

    /// The text that Minari keeps in its metadata.
    pub fn text(&self) -> String {
        let mut text = self.to_json().to_string();
        // As a bound, that is, not where it is a name, which a colon follows.
        for word in ["-Infinity", "Infinity"] {
            for behind in [",", "]", "}"] {
                text = text.replace(&format!("\"{word}\"{behind}"), &format!("{word}{behind}"));
            }
        }
        text
    }
}

/// Bounds of a box, in nested lists or as a number for all elements.
fn bounds(value: &Value, size: usize, name: &str) -> Result<Vec<f32>, String> {
    fn collect(value: &Value, out: &mut Vec<f32>) -> Option<()> {
        match value {
            Value::Array(parts) => parts.iter().try_for_each(|part| collect(part, out)),
            Value::Number(number) => number.as_f64().map(|number| out.push(number as f32)),
            Value::Bool(flag) => {
                out.push(f32::from(u8::from(*flag)));
                Some(())
            }
            Value::String(text) => {
                out.push(match text.as_str() {
                    "Infinity" => f32::INFINITY,
                    "-Infinity" => f32::NEG_INFINITY,
                    "NaN" => f32::NAN,
                    _ => return None,
                });
                Some(())
            }
            _ => None,
        }
    }
    let mut out = Vec::with_capacity(size);
    let read = collect(value, &mut out);
    if out.len() == 1 {
        out.resize(size, out[0]);
    }
    match read {
        Some(()) if out.len() == size => Ok(out),
        _ => Err(format!("`{name}` of a box does not have {size} numbers")),
    }
}

/// Numbers in nested lists of these lengths.
fn nested(shape: &[usize], values: &[f32], whole: bool) -> Value {
    let Some((&length, inner)) = shape.split_first() else {
        return values.first().map_or(Value::Null, |&value| number(value, whole));
    };
    let size: usize = inner.iter().product();
    (0..length).map(|index| nested(inner, &values[index * size..(index + 1) * size], whole)).collect()
}

fn number(value: f32, whole: bool) -> Value {
    match (value.is_finite(), whole) {
        (true, true) => json!(value as i64),
        (true, false) => json!(f64::from(value)),
        _ if value > 0.0 => json!("Infinity"),
        _ => json!("-Infinity"),
    }
}

/// The text with Python's numbers that JSON does not have as strings.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut rest) = (false, text);
    while let Some(first) = rest.chars().next() {
        let word = if inside {
            None
        } else {
            ["-Infinity", "Infinity", "NaN"].iter().find(|word| rest.starts_with(**word))
        };
        if let Some(word) = word {
            out.push_str(&format!("\"{word}\""));
            rest = &rest[word.len()..];
            continue;
        }
        // An escaped character never ends a string.
        let taken = if inside && first == '\\' {
            rest.chars().take(2).map(char::len_utf8).sum()
        } else {
            first.len_utf8()
        };
        inside ^= first == '"';
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_survives_its_text() {
        let space = Space::Dict(vec![
            ("Infinity".into(), Space::Discrete { count: 3, start: 1 }),
            (
                "pair".into(),
                Space::Tuple(vec![
                    Space::Box {
                        shape: vec![2, 1],
                        dtype: "float32".into(),
                        low: vec![f32::NEG_INFINITY, -0.5],
                        high: vec![f32::INFINITY, 2.0],
                    },
                    Space::Box { shape: vec![1], dtype: "uint8".into(), low: vec![0.0], high: vec![255.0] },
                ]),
            ),
        ]);
        let text = space.text();
        assert!(text.contains("[-Infinity]") && text.contains("[255]"), "{text}");
        assert_eq!(Space::parse(&text), Ok(space));
    }

    #[test]
    fn what_is_missing_is_said() {
        for (text, part) in [
            ("{}", "`type`"),
            (r#"{"type": "Box", "low": 0}"#, "`shape`"),
            (r#"{"type": "Box", "shape": [2], "low": [0, 0, 0], "high": 1}"#, "`low`"),
            ("{", "EOF"),
        ] {
            let error = Space::parse(text).expect_err(text);
            assert!(error.contains(part), "{error}");
        }
    }
}
