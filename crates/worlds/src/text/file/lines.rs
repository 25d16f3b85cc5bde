//! The lines of a problem file, and what can be wrong with them.

use serde_json::{Map, Value};

use super::{LEVEL, LONG_MARKER, Problem};
use crate::WorldError;
use crate::name::nearest;

/// How a file writes its problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `prompt`, `answer` and perhaps `steps`.
    Plain,
    /// `question` and `answer`, steps and result in one.
    Gsm8k,
}

/// A problem with the line that it stands in, counted from 1.
pub(super) type Numbered = (usize, Problem);

/// What is wrong, and in which line, counted from 1.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub line: Option<usize>,
    pub cause: String,
}

impl Fault {
    /// The error of the file called `name`.
    pub fn of(self, name: &str) -> WorldError {
        WorldError::Invalid(match self.line {
            None => format!("`{name}` {}", self.cause),
            Some(line) => format!("`{name}`, line {line}: {}", self.cause),
        })
    }
}

/// Style and problems of a file's content.
pub(super) fn read(bytes: &[u8]) -> Result<(Style, Vec<Numbered>), Fault> {
    let mut style = None;
    let mut problems = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let at = |cause: String| Fault { line: Some(index + 1), cause };
        let line = std::str::from_utf8(line).map_err(|_| at("the text is not UTF-8".to_owned()))?;
        // A byte order mark is no white space to `trim`.
        let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if line.trim().is_empty() {
            continue;
        }
        let object = object(line).map_err(at)?;
        let style = *style.get_or_insert_with(|| {
            let gsm8k = object.contains_key("question") && !object.contains_key("prompt");
            if gsm8k { Style::Gsm8k } else { Style::Plain }
        });
        problems.push((index + 1, problem(&object, style).map_err(at)?));
    }
    match style {
        None => Err(Fault { line: None, cause: "is empty; it needs a JSON object a line".to_owned() }),
        Some(style) => Ok((style, problems)),
    }
}

fn object(line: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => {
            Err(format!("a problem must be an object with `prompt` and `answer`, not {}", kind(&other)))
        }
        Err(error) => {
            let (text, column) = (error.to_string(), error.column());
            let cause = text.split(" at line ").next().unwrap_or_default();
            Err(format!("broken JSON at column {column}: {cause}"))
        }
    }
}

fn problem(object: &Map<String, Value>, style: Style) -> Result<Problem, String> {
    let (prompt, steps, answer) = match style {
        Style::Plain => (text(object, "prompt")?, steps(object)?, text(object, "answer")?.trim()),
        Style::Gsm8k => {
            let (steps, answer) = worked(text(object, "answer")?)?;
            (text(object, "question")?, Some(steps), answer)
        }
    };
    if answer.contains('\n') {
        return Err("key `answer` must be one line; working belongs into `steps`".to_owned());
    }
    let (prompt, answer, steps) = (prompt.to_owned(), answer.to_owned(), steps.map(str::to_owned));
    Ok(Problem { prompt, answer, steps, level: LEVEL, task: "file" })
}

/// The text of a key that must be there and say something.
fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a str, String> {
    match object.get(key) {
        Some(Value::String(text)) if text.trim().is_empty() => Err(format!("key `{key}` is empty")),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(wrong_kind(key, other)),
        None => {
            let near = nearest(key, object.keys().map(String::as_str));
            let near = near.map(|near| format!("; is it what `{near}` should be?")).unwrap_or_default();
            Err(format!("key `{key}` is missing{near}"))
        }
    }
}

fn steps(object: &Map<String, Value>) -> Result<Option<&str>, String> {
    match object.get("steps") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(steps)) => Ok(Some(steps)),
        Some(other) => Err(wrong_kind("steps", other)),
    }
}

/// Steps and result of GSM8K's answer.
fn worked(answer: &str) -> Result<(&str, &str), String> {
    let parts: Vec<&str> = answer.split(LONG_MARKER).collect();
    match parts.as_slice() {
        [steps, result] if !result.trim().is_empty() => Ok((steps.trim_end(), result.trim())),
        _ => Err(format!("key `answer` must hold `{LONG_MARKER}` once, with the result after it")),
    }
}

fn wrong_kind(key: &str, value: &Value) -> String {
    format!("key `{key}` must be text in quotes, not {}", kind(value))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
