//! A claim file as its author sees it: every value knows its key and its line.

use toml::{
    Spanned, Table, Value,
    de::{DeString, DeTable, DeValue},
};

use crate::{EvidenceError, Result};

/// The text with its name.
pub(super) struct Document<'a> {
    /// The file as its reader named it.
    pub file: &'a str,
    /// All of it.
    pub text: &'a str,
}

impl Document<'_> {
    /// The error at a byte of the text.
    pub fn refuse(&self, at: usize, key: &str, cause: impl Into<String>) -> EvidenceError {
        let before = self.text.as_bytes().iter().take(at);
        EvidenceError::Claim {
            file: self.file.to_owned(),
            line: 1 + before.filter(|&&byte| byte == b'\n').count(),
            key: key.to_owned(),
            cause: cause.into(),
        }
    }

    /// The error of a text that is not TOML.
    pub fn malformed(&self, error: &toml::de::Error) -> EvidenceError {
        let at = error.span().map_or(0, |span| span.start);
        let line = self.text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        let rest = self.text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
        let whole = format!("{line}{rest}");
        let key = whole.split('=').next().unwrap_or_default().trim();
        let cause = error.message().lines().collect::<Vec<_>>().join(", ");
        self.refuse(at, key, format!("not TOML: {cause}"))
    }
}

/// A table of the file.
#[derive(Clone)]
pub(super) struct Section<'a> {
    document: &'a Document<'a>,
    key: String,
    at: usize,
    table: &'a DeTable<'a>,
}

/// A value of the file.
#[derive(Clone)]
pub(super) struct Item<'a> {
    document: &'a Document<'a>,
    name: &'a str,
    key: String,
    at: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub fn root(document: &'a Document<'a>, table: &'a DeTable<'a>) -> Self {
        Self { document, key: String::new(), at: 0, table }
    }

    /// Refuses keys that are not among these.
    pub fn known(&self, keys: &[&str]) -> Result<()> {
        self.keys().try_for_each(|item| {
            let name = item.name();
            if keys.contains(&name) {
                return Ok(());
            }
            Err(item.unknown("key", name, keys.iter().copied()))
        })
    }

    /// Its entries in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = Item<'a>> + '_ {
        self.table.iter().map(|(name, value)| self.item(name, value))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Item<'a>> {
        let (name, value) = self.table.get_key_value(key)?;
        Some(self.item(name, value))
    }

    /// The value of a key that must be there.
    pub fn require(&self, key: &str, why: &str) -> Result<Item<'a>> {
        self.get(key).ok_or_else(|| self.missing(key, why))
    }

    /// The error for a key that is not there.
    pub fn missing(&self, key: &str, why: &str) -> EvidenceError {
        self.document.refuse(self.at, &self.path(key), format!("missing: {why}"))
    }

    /// A table inside, where there is one.
    pub fn section(&self, key: &str) -> Result<Option<Section<'a>>> {
        self.get(key).map(|item| item.section()).transpose()
    }

    /// An array of tables; none where the key is missing.
    pub fn sections(&self, key: &str) -> Result<Vec<Section<'a>>> {
        self.get(key).map_or_else(|| Ok(Vec::new()), |item| item.list()?.iter().map(Item::section).collect())
    }

    /// The error that this table as a whole deserves.
    pub fn refuse(&self, key: &str, cause: impl Into<String>) -> EvidenceError {
        self.document.refuse(self.at, &self.path(key), cause)
    }

    fn path(&self, key: &str) -> String {
        match (self.key.as_str(), key) {
            ("", key) => key.to_owned(),
            (own, "") => own.to_owned(),
            (own, key) => format!("{own}.{key}"),
        }
    }

    fn item(&self, name: &'a Spanned<DeString<'a>>, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        Item {
            document: self.document,
            name: name.get_ref(),
            key: self.path(name.get_ref()),
            at: name.span().start,
            value: value.get_ref(),
        }
    }
}

impl<'a> Item<'a> {
    /// Its key in the table that holds it.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The error for this value.
    pub fn refuse(&self, cause: impl Into<String>) -> EvidenceError {
        self.document.refuse(self.at, &self.key, cause)
    }

    /// The error for a name that does not exist, with the nearest that does.
    pub fn unknown<'n>(&self, kind: &str, name: &str, known: impl Iterator<Item = &'n str>) -> EvidenceError {
        self.refuse(run::config::unknown(kind, name, known).to_string())
    }

    fn wrong(&self, wanted: &str) -> EvidenceError {
        self.refuse(format!("expected {wanted}, not {}", self.value.type_str()))
    }

    /// A string that is not empty.
    pub fn text(&self) -> Result<&'a str> {
        match self.value.as_str() {
            Some("") => Err(self.refuse("it is empty")),
            Some(text) => Ok(text),
            None => Err(self.wrong("a string")),
        }
    }

    /// A string, where it is one.
    pub fn as_text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// A finite number.
    pub fn number(&self) -> Result<f64> {
        let number = match self.value {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(_) => Some(self.integer()? as f64),
            _ => None,
        };
        number.filter(|number: &f64| number.is_finite()).ok_or_else(|| self.wrong("a finite number"))
    }

    /// Whether it is written as a whole number.
    pub fn is_integer(&self) -> bool {
        self.value.is_integer()
    }

    /// A whole number.
    pub fn integer(&self) -> Result<i64> {
        let integer = self.value.as_integer().ok_or_else(|| self.wrong("a whole number"))?;
        i64::from_str_radix(integer.as_str(), integer.radix())
            .map_err(|_| self.refuse("the number is too large"))
    }

    /// A whole number of at least 1.
    pub fn positive(&self) -> Result<u64> {
        let integer = self.integer()?;
        u64::try_from(integer)
            .ok()
            .filter(|&number| number > 0)
            .ok_or_else(|| self.refuse(format!("it is {integer}: it must be at least 1")))
    }

    /// Yes or no.
    pub fn boolean(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// The elements of an array; they carry its key.
    pub fn list(&self) -> Result<Vec<Item<'a>>> {
        let array = self.value.as_array().ok_or_else(|| self.wrong("an array"))?;
        let element = |value: &'a Spanned<DeValue<'a>>| Item {
            document: self.document,
            name: self.name,
            key: self.key.clone(),
            at: value.span().start,
            value: value.get_ref(),
        };
        Ok(array.iter().map(element).collect())
    }

    /// A list of strings, or one string alone.
    pub fn names(&self) -> Result<Vec<Item<'a>>> {
        if self.as_text().is_some() { Ok(vec![self.clone()]) } else { self.list() }
    }

    /// A table.
    pub fn section(&self) -> Result<Section<'a>> {
        let table = self.value.as_table().ok_or_else(|| self.wrong("a table"))?;
        Ok(Section { document: self.document, key: self.key.clone(), at: self.at, table })
    }

    /// One of these words.
    pub fn choice<T: Copy>(&self, kind: &str, choices: &[(&str, T)]) -> Result<T> {
        let text = self.text()?;
        let found = choices.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            let nearest = run::config::unknown(kind, text, choices.iter().map(|(word, _)| *word));
            self.refuse(format!("{nearest}; it is one of {}", words.join(", ")))
        })
    }

    /// The value without its place.
    pub fn value(&self) -> Result<Value> {
        Ok(match self.value {
            DeValue::String(text) => Value::String(text.clone().into_owned()),
            DeValue::Integer(_) => Value::Integer(self.integer()?),
            DeValue::Float(float) => {
                Value::Float(float.as_str().parse().map_err(|_| self.wrong("a number"))?)
            }
            DeValue::Boolean(yes) => Value::Boolean(*yes),
            DeValue::Datetime(_) => return Err(self.wrong("a setting's value")),
            DeValue::Array(_) => Value::Array(self.list()?.iter().map(Item::value).collect::<Result<_>>()?),
            DeValue::Table(_) => {
                let entry = |item: Item<'a>| Ok((item.name().to_owned(), item.value()?));
                Value::Table(self.section()?.keys().map(entry).collect::<Result<Table>>()?)
            }
        })
    }
}
