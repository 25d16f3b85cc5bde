//! Copying rows of flat columns into the buffers of a batch.
//!
//! A source is the index of a row, or nothing where the batch holds zeros.

use worlds::{Actions, Array};

use super::{ActionColumn, Dataset, FieldColumn};
use crate::replay::prefetch::prefetch;

/// How many rows ahead of the copy memory is asked for.
const AHEAD: usize = 16;

impl Dataset {
    pub(super) fn gather_column(&self, field: usize, sources: &[Option<u32>], out: &mut Array) {
        let width = self.spec.fields[field].layout.size();
        match (&self.columns.fields[field], out) {
            (FieldColumn::Floats(values), Array::Float(out)) => gather(values, width, sources, out),
            (FieldColumn::Bytes(values), Array::Byte(out)) => gather(values, width, sources, out),
            (column, out) => {
                *out = column.empty_array();
                self.gather_column(field, sources, out);
            }
        }
    }

    /// Copies every field after the first.
    pub(super) fn gather_rest(&self, sources: &[Option<u32>], out: &mut Vec<Array>) {
        out.resize_with(self.spec.fields.len() - 1, || Array::Float(Vec::new()));
        for (index, array) in out.iter_mut().enumerate() {
            self.gather_column(index + 1, sources, array);
        }
    }

    /// Copies the actions; no elements where they are missing.
    pub(super) fn gather_actions(&self, sources: &[Option<u32>], out: &mut Actions) {
        match (&self.columns.actions, out) {
            (Some(ActionColumn::Discrete(values)), Actions::Discrete(out)) => gather(values, 1, sources, out),
            (Some(ActionColumn::Continuous(values)), Actions::Continuous(out)) => {
                gather(values, self.spec.action_width(), sources, out);
            }
            (Some(ActionColumn::Continuous(_)), out) => {
                *out = Actions::Continuous(Vec::new());
                self.gather_actions(sources, out);
            }
            (Some(ActionColumn::Discrete(_)), out) => {
                *out = Actions::Discrete(Vec::new());
                self.gather_actions(sources, out);
            }
            (None, out) => *out = Actions::Discrete(Vec::new()),
        }
    }

    pub(super) fn gather_extra(&self, sources: &[Option<u32>], out: &mut Vec<Vec<f32>>) {
        out.resize_with(self.spec.extra.len(), Vec::new);
        for ((column, values), out) in self.spec.extra.iter().zip(&self.columns.extra).zip(out) {
            gather(values, column.width, sources, out);
        }
    }

    /// Copies the rewards of every source.
    pub(super) fn gather_reward(&self, sources: &[Option<u32>], out: &mut Vec<f32>) {
        gather(&self.columns.reward, self.spec.rewards.len(), sources, out);
    }
}

/// Replaces `out` by the rows of `values` that the sources name.
fn gather<T: Copy + Default>(values: &[T], width: usize, sources: &[Option<u32>], out: &mut Vec<T>) {
    out.resize(sources.len() * width, T::default());
    if width == 0 {
        return;
    }
    let at = |source: u32| source as usize * width;
    for (index, row) in out.chunks_exact_mut(width).enumerate() {
        if let Some(Some(source)) = sources.get(index + AHEAD) {
            prefetch(values, at(*source), width);
        }
        match sources[index] {
            Some(source) => row.copy_from_slice(&values[at(source)..][..width]),
            None => row.fill(T::default()),
        }
    }
}
