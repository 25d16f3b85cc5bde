//! Where the columns of a file go while it is read: into memory, or into a folder of column files.

use worlds::{ActionSpace, Layout};

use super::super::{ActionColumn, Columns, DataError, DataSpec, FieldColumn};

/// A column of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// An observation field.
    Field(usize),
    /// The actions.
    Action,
    /// The rewards.
    Reward,
    /// An extra column.
    Extra(usize),
}

/// Takes the values of columns, in order within each column.
pub trait Sink {
    /// Numbers of a vector field, continuous actions, rewards or an extra column.
    fn floats(&mut self, slot: Slot, values: &[f32]) -> Result<(), DataError>;
    /// Bytes of an image field.
    fn bytes(&mut self, slot: Slot, values: &[u8]) -> Result<(), DataError>;
    /// Discrete actions.
    fn indices(&mut self, values: &[u32]) -> Result<(), DataError>;
}

/// Type of a column's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Single precision.
    F32,
    /// Bytes.
    U8,
    /// Indices.
    U32,
}

/// The columns that a data set of this spec has, their types and the number of elements per row.
pub fn columns(spec: &DataSpec) -> Vec<(Slot, Store, usize)> {
    let mut out = Vec::new();
    for (index, field) in spec.fields.iter().enumerate() {
        let store = if matches!(field.layout, Layout::Image { .. }) { Store::U8 } else { Store::F32 };
        out.push((Slot::Field(index), store, field.layout.size()));
    }
    match &spec.action {
        Some(ActionSpace::Discrete { .. }) => out.push((Slot::Action, Store::U32, 1)),
        Some(ActionSpace::Box { low, .. }) => out.push((Slot::Action, Store::F32, low.len())),
        None => {}
    }
    if !spec.rewards.is_empty() {
        out.push((Slot::Reward, Store::F32, spec.rewards.len()));
    }
    for (index, column) in spec.extra.iter().enumerate() {
        out.push((Slot::Extra(index), Store::F32, column.width));
    }
    out
}

/// Bytes that a data set of this size takes.
pub fn bytes(spec: &DataSpec, steps: usize, episodes: usize) -> u64 {
    let of = |&(slot, store, width): &(Slot, Store, usize)| {
        let rows = if matches!(slot, Slot::Field(_)) { steps + episodes } else { steps };
        let size = if store == Store::U8 { 1 } else { 4 };
        rows as u64 * width as u64 * size
    };
    columns(spec).iter().map(of).sum()
}

/// Columns in memory.
pub struct Loaded {
    fields: Vec<FieldValues>,
    actions: ActionValues,
    reward: Vec<f32>,
    extra: Vec<Vec<f32>>,
}

enum FieldValues {
    Floats(Vec<f32>),
    Bytes(Vec<u8>),
}

enum ActionValues {
    None,
    Discrete(Vec<u32>),
    Continuous(Vec<f32>),
}

impl Loaded {
    /// Room for this many rows.
    pub fn new(spec: &DataSpec, steps: usize, episodes: usize) -> Self {
        let field = |layout: &Layout| {
            let elements = layout.size() * (steps + episodes);
            match layout {
                Layout::Vector { .. } => FieldValues::Floats(Vec::with_capacity(elements)),
                Layout::Image { .. } => FieldValues::Bytes(Vec::with_capacity(elements)),
            }
        };
        let actions = match &spec.action {
            None => ActionValues::None,
            Some(ActionSpace::Discrete { .. }) => ActionValues::Discrete(Vec::with_capacity(steps)),
            Some(ActionSpace::Box { low, .. }) => {
                ActionValues::Continuous(Vec::with_capacity(steps * low.len()))
            }
        };
        Self {
            fields: spec.fields.iter().map(|described| field(&described.layout)).collect(),
            actions,
            reward: Vec::with_capacity(steps * spec.rewards.len()),
            extra: spec.extra.iter().map(|column| Vec::with_capacity(steps * column.width)).collect(),
        }
    }

    /// Everything that was taken.
    pub fn into_columns(self) -> Columns {
        let field = |values| match values {
            FieldValues::Floats(values) => FieldColumn::Floats(values.into()),
            FieldValues::Bytes(values) => FieldColumn::Bytes(values.into()),
        };
        Columns {
            fields: self.fields.into_iter().map(field).collect(),
            actions: match self.actions {
                ActionValues::None => None,
                ActionValues::Discrete(indices) => Some(ActionColumn::Discrete(indices.into())),
                ActionValues::Continuous(values) => Some(ActionColumn::Continuous(values.into())),
            },
            reward: self.reward.into(),
            extra: self.extra.into_iter().map(Into::into).collect(),
        }
    }
}

impl Sink for Loaded {
    fn floats(&mut self, slot: Slot, values: &[f32]) -> Result<(), DataError> {
        let column = match slot {
            Slot::Field(index) => match &mut self.fields[index] {
                FieldValues::Floats(column) => column,
                FieldValues::Bytes(_) => return Ok(()),
            },
            Slot::Action => match &mut self.actions {
                ActionValues::Continuous(column) => column,
                _ => return Ok(()),
            },
            Slot::Reward => &mut self.reward,
            Slot::Extra(index) => &mut self.extra[index],
        };
        column.extend_from_slice(values);
        Ok(())
    }

    fn bytes(&mut self, slot: Slot, values: &[u8]) -> Result<(), DataError> {
        if let Slot::Field(index) = slot
            && let FieldValues::Bytes(column) = &mut self.fields[index]
        {
            column.extend_from_slice(values);
        }
        Ok(())
    }

    fn indices(&mut self, values: &[u32]) -> Result<(), DataError> {
        if let ActionValues::Discrete(column) = &mut self.actions {
            column.extend_from_slice(values);
        }
        Ok(())
    }
}

/// Gives everything that a data set's columns hold to a sink, in blocks.
pub fn pour(columns: &Columns, sink: &mut dyn Sink) -> Result<(), DataError> {
    const BLOCK: usize = 1 << 20;
    for (index, column) in columns.fields.iter().enumerate() {
        let slot = Slot::Field(index);
        match column {
            FieldColumn::Floats(values) => {
                values.chunks(BLOCK).try_for_each(|part| sink.floats(slot, part))?;
            }
            FieldColumn::Bytes(values) => values.chunks(BLOCK).try_for_each(|part| sink.bytes(slot, part))?,
        }
    }
    match &columns.actions {
        Some(ActionColumn::Discrete(indices)) => {
            indices.chunks(BLOCK).try_for_each(|part| sink.indices(part))?;
        }
        Some(ActionColumn::Continuous(values)) => {
            values.chunks(BLOCK).try_for_each(|part| sink.floats(Slot::Action, part))?;
        }
        None => {}
    }
    columns.reward.chunks(BLOCK).try_for_each(|part| sink.floats(Slot::Reward, part))?;
    for (index, values) in columns.extra.iter().enumerate() {
        values.chunks(BLOCK).try_for_each(|part| sink.floats(Slot::Extra(index), part))?;
    }
    Ok(())
}
