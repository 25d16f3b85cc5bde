//! The columns of a data set, owned or mapped from a file.

use std::{fmt, ops::Deref, sync::Arc};

use worlds::{ActionSpace, Array, Layout};

use super::DataSpec;
use crate::MemoryError;

/// Numbers that are only read: a vector, or a part of a mapped file.
#[derive(Clone)]
pub struct Buffer<T>(Arc<dyn AsRef<[T]> + Send + Sync>);

impl<T> Buffer<T> {
    /// Numbers that something else keeps.
    pub fn of(source: impl AsRef<[T]> + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl<T: Send + Sync + 'static> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Arc::new(values))
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        (*self.0).as_ref()
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} elements", self.len())
    }
}

/// An observation field of all episodes, `length + 1` rows each.
#[derive(Clone, Debug)]
pub enum FieldColumn {
    /// Numbers.
    Floats(Buffer<f32>),
    /// Bytes of images.
    Bytes(Buffer<u8>),
}

impl FieldColumn {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Floats(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An array of the same kind without elements.
    pub fn empty_array(&self) -> Array {
        match self {
            Self::Floats(_) => Array::Float(Vec::new()),
            Self::Bytes(_) => Array::Byte(Vec::new()),
        }
    }
}

/// The actions of all steps, in the world's units.
#[derive(Clone, Debug)]
pub enum ActionColumn {
    /// An index per step.
    Discrete(Buffer<u32>),
    /// `dimensions` numbers per step.
    Continuous(Buffer<f32>),
}

impl ActionColumn {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Discrete(values) => values.len(),
            Self::Continuous(values) => values.len(),
        }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// All columns of a data set.
#[derive(Clone, Debug)]
pub struct Columns {
    /// One column per observation field.
    pub fields: Vec<FieldColumn>,
    /// The actions, where they are known.
    pub actions: Option<ActionColumn>,
    /// `[steps, channels]`; empty where rewards are missing.
    pub reward: Buffer<f32>,
    /// One column per extra column of the spec.
    pub extra: Vec<Buffer<f32>>,
}

impl Columns {
    /// Refuses columns that do not have the rows and kinds that the spec says.
    pub(super) fn check(
        &self,
        spec: &DataSpec,
        steps: usize,
        observations: usize,
    ) -> Result<(), MemoryError> {
        if spec.fields.is_empty() || self.fields.len() != spec.fields.len() {
            return Err(MemoryError::length(
                "the list of observation fields",
                spec.fields.len(),
                self.fields.len(),
            ));
        }
        for (field, column) in spec.fields.iter().zip(&self.fields) {
            let floats = matches!(column, FieldColumn::Floats(_));
            if floats != matches!(field.layout, Layout::Vector { .. }) {
                let kind = |floats| if floats { "numbers" } else { "bytes" }.to_owned();
                return Err(MemoryError::Shape {
                    what: format!("`{}`", field.name),
                    expected: kind(!floats),
                    found: kind(floats),
                });
            }
            same(&field.name, observations * field.layout.size(), column.len())?;
        }
        match (&spec.action, &self.actions) {
            (None, None) => {}
            (Some(ActionSpace::Discrete { .. }), Some(ActionColumn::Discrete(indices))) => {
                same("actions", steps, indices.len())?;
            }
            (Some(ActionSpace::Box { low, .. }), Some(ActionColumn::Continuous(values))) => {
                same("actions", steps * low.len(), values.len())?;
            }
            _ => return Err(MemoryError::setting("actions", "they are not of the kind that was declared")),
        }
        same("rewards", steps * spec.rewards.len(), self.reward.len())?;
        if self.extra.len() != spec.extra.len() {
            return Err(MemoryError::length("the list of extra columns", spec.extra.len(), self.extra.len()));
        }
        let mut extra = spec.extra.iter().zip(&self.extra);
        extra.try_for_each(|(column, values)| same(&column.name, steps * column.width, values.len()))
    }
}

fn same(name: &str, expected: usize, found: usize) -> Result<(), MemoryError> {
    if expected == found { Ok(()) } else { Err(MemoryError::length(format!("`{name}`"), expected, found)) }
}
