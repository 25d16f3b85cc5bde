//! What a replay keeps.

use serde::{Deserialize, Serialize};
use worlds::{Layout, Spec};

use crate::MemoryError;

/// A column of numbers that a method stores beside the transition, e.g. the behaviour's logits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, for messages.
    pub name: String,
    /// Numbers per entry.
    pub width: usize,
}

/// What a replay keeps and how much of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayConfig {
    /// Entries over all rows; each row holds `capacity / rows` of them.
    pub capacity: usize,
    /// Rows of the vector world.
    pub rows: usize,
    /// The world's spec: layouts of the fields, action space, reward channels.
    pub spec: Spec,
    /// Which fields of the spec are kept, by index; the policy's input (0) comes first.
    pub fields: Vec<usize>,
    /// Columns that the method adds.
    pub extra: Vec<Column>,
}

impl ReplayConfig {
    /// Keeps the policy's input, actions, rewards and ends of `rows` copies of the world.
    pub fn new(spec: &Spec, rows: usize, capacity: usize) -> Self {
        Self { capacity, rows, spec: spec.clone(), fields: vec![0], extra: Vec::new() }
    }

    /// Entries that each row holds.
    pub fn length(&self) -> usize {
        self.capacity.checked_div(self.rows).unwrap_or(0)
    }

    pub(crate) fn validate(&self) -> Result<(), MemoryError> {
        if self.rows == 0 {
            return Err(MemoryError::setting("rows", "a replay needs at least one row"));
        }
        if u32::try_from(self.capacity).is_err() {
            let most = u32::MAX;
            return Err(MemoryError::setting("capacity", format!("at most {most} entries")));
        }
        if self.fields.first() != Some(&0) {
            let reason = "field 0, the policy's input, must be kept and come first";
            return Err(MemoryError::setting("fields", reason));
        }
        for (place, &index) in self.fields.iter().enumerate() {
            let known = self.spec.fields.len();
            if index >= known {
                let reason = format!("there is no field {index}, the world has {known}");
                return Err(MemoryError::setting("fields", reason));
            }
            if self.fields[..place].contains(&index) {
                return Err(MemoryError::setting("fields", format!("field {index} is listed twice")));
            }
        }
        let mut deepest = 1;
        for &index in &self.fields {
            let field = &self.spec.fields[index];
            if let Layout::Image { channels, frames, .. } = field.layout {
                if frames == 0 || channels % frames != 0 {
                    let name = &field.name;
                    let reason =
                        format!("`{name}` has {channels} channels, which are not {frames} equal frames");
                    return Err(MemoryError::setting("fields", reason));
                }
                deepest = deepest.max(frames);
            }
        }
        if self.length() < deepest + 1 {
            let (capacity, rows, least) = (self.capacity, self.rows, (deepest + 1) * self.rows);
            let reason = format!("{capacity} entries are too few for {rows} rows; at least {least}");
            return Err(MemoryError::setting("capacity", reason));
        }
        Ok(())
    }
}
