//! What a single setting can hold.

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};
use toml::Value as Toml;

use crate::refusal::shown;

/// A setting's type. Types of several parts come from and go to their serde form; `check` may ask for
/// more than the type says.
pub trait Value: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// What is expected, as it stands behind "it must be": `a whole number`.
    fn expected() -> String;

    /// The names that are allowed, where they can be counted.
    fn choices() -> Option<&'static [&'static str]> {
        None
    }

    /// The value in a table.
    ///
    /// # Errors
    /// What is wrong, in the words that stand behind the value.
    fn read(value: &Toml) -> Result<Self, String> {
        value.clone().try_into().map_err(|error: toml::de::Error| {
            format!("it must be {} ({})", Self::expected(), error.message().trim())
        })
    }

    /// The value as a table holds it; nothing where there is none.
    fn write(&self) -> Option<Toml> {
        Toml::try_from(self).ok()
    }

    /// Shows every number that a range is about.
    fn numbers(&self, _visit: &mut dyn FnMut(f64)) {}

    /// Checks what neither type nor range say.
    ///
    /// # Errors
    /// What is wrong, in the words that stand behind the value.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// An enum of names.
pub trait Choice: Sized {
    /// All names.
    const NAMES: &'static [&'static str];

    /// The name of this one.
    fn name(&self) -> &'static str;

    /// The one of this name.
    fn named(name: &str) -> Option<Self>;
}

/// Names as a sentence lists them.
pub fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [name] => format!("`{name}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

/// Whole numbers: the sentence says what fits.
macro_rules! whole {
    ($($kind:ty),*) => {$(
        impl Value for $kind {
            fn expected() -> String {
                "a whole number".to_owned()
            }

            fn read(value: &Toml) -> Result<Self, String> {
                let Toml::Integer(number) = value else { return Err("it must be a whole number".to_owned()) };
                (*number).try_into().map_err(|_| match *number < 0 {
                    true => format!("it must be a whole number of at least {}", <$kind>::MIN),
                    false => format!("it must be a whole number of at most {}", <$kind>::MAX),
                })
            }

            fn numbers(&self, visit: &mut dyn FnMut(f64)) {
                visit(*self as f64);
            }
        }
    )*};
}

whole!(usize, u64, u32, i64);

impl Value for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn read(value: &Toml) -> Result<Self, String> {
        match value {
            Toml::Float(number) => Ok(*number),
            Toml::Integer(number) => Ok(*number as f64),
            _ => Err("it must be a number".to_owned()),
        }
    }

    fn numbers(&self, visit: &mut dyn FnMut(f64)) {
        visit(*self);
    }
}

impl Value for f32 {
    fn expected() -> String {
        f64::expected()
    }

    fn read(value: &Toml) -> Result<Self, String> {
        f64::read(value).map(|number| number as f32)
    }

    /// The shortest decimal that is read as the same number.
    fn write(&self) -> Option<Toml> {
        self.to_string().parse().ok().map(Toml::Float)
    }

    fn numbers(&self, visit: &mut dyn FnMut(f64)) {
        visit(f64::from(*self));
    }
}

impl Value for bool {
    fn expected() -> String {
        "true or false".to_owned()
    }

    fn read(value: &Toml) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "it must be true or false".to_owned())
    }
}

impl Value for String {
    fn expected() -> String {
        "text".to_owned()
    }

    fn read(value: &Toml) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "it must be text".to_owned())
    }
}

impl<T: Value> Value for Option<T> {
    fn expected() -> String {
        T::expected()
    }

    fn choices() -> Option<&'static [&'static str]> {
        T::choices()
    }

    fn read(value: &Toml) -> Result<Self, String> {
        T::read(value).map(Some)
    }

    fn write(&self) -> Option<Toml> {
        self.as_ref().and_then(T::write)
    }

    fn numbers(&self, visit: &mut dyn FnMut(f64)) {
        self.iter().for_each(|value| value.numbers(visit));
    }

    fn check(&self) -> Result<(), String> {
        self.iter().try_for_each(T::check)
    }
}

/// What is wrong with a list, as it stands behind the list's own value: the element, and what is wrong
/// with that.
pub(crate) fn holds(element: impl Display, why: &str) -> String {
    format!("it holds {element}, {}", why.replacen("it ", "which ", 1))
}

impl<T: Value> Value for Vec<T> {
    fn expected() -> String {
        format!("a list, each {}", T::expected())
    }

    fn read(value: &Toml) -> Result<Self, String> {
        let list = value.as_array().ok_or_else(|| format!("it must be {}", Self::expected()))?;
        list.iter().map(|value| T::read(value).map_err(|why| holds(shown(value), &why))).collect()
    }

    fn write(&self) -> Option<Toml> {
        Some(Toml::Array(self.iter().filter_map(T::write).collect()))
    }

    fn numbers(&self, visit: &mut dyn FnMut(f64)) {
        self.iter().for_each(|value| value.numbers(visit));
    }

    fn check(&self) -> Result<(), String> {
        self.iter().try_for_each(T::check)
    }
}

impl<T: Value, const N: usize> Value for [T; N]
where
    Self: Serialize + DeserializeOwned,
{
    fn expected() -> String {
        format!("a list of {N}, each {}", T::expected())
    }

    fn read(value: &Toml) -> Result<Self, String> {
        let list = Vec::<T>::read(value)?;
        list.try_into().map_err(|_| format!("it must be {}", Self::expected()))
    }

    fn write(&self) -> Option<Toml> {
        Some(Toml::Array(self.iter().filter_map(T::write).collect()))
    }

    fn numbers(&self, visit: &mut dyn FnMut(f64)) {
        self.iter().for_each(|value| value.numbers(visit));
    }

    fn check(&self) -> Result<(), String> {
        self.iter().try_for_each(T::check)
    }
}
