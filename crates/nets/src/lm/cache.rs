//! Keys and values of the slots that were seen so far.

use burn::tensor::Tensor;

use super::decoder::Decoder;
use super::version::Version;
use crate::NetsError;

/// What a decoder remembers of a batch of sequences between passes. It grows by concatenation, so that
/// gradients flow from later passes through it into earlier ones, unless it is detached.
#[derive(Clone, Debug)]
pub struct Cache {
    version: Version,
    layers: Vec<Option<Memory>>,
    /// Which slots hold a token, `[B][P]`.
    present: Vec<Vec<bool>>,
}

/// Keys and values of one layer, `[B, K, P, d]` each, keys turned by their positions.
#[derive(Clone, Debug)]
struct Memory {
    keys: Tensor<4>,
    values: Tensor<4>,
}

impl Cache {
    /// An empty one for `decoder` as it is now: after any change of its weights it is refused.
    pub fn new(decoder: &Decoder) -> Self {
        let layers = vec![None; decoder.config().layers];
        Self { version: decoder.version().clone(), layers, present: Vec::new() }
    }

    /// Number of slots, padding included.
    pub fn length(&self) -> usize {
        self.present.first().map_or(0, Vec::len)
    }

    /// Which slots hold a token, `[B][P]`; empty before the first pass.
    pub fn present(&self) -> &[Vec<bool>] {
        &self.present
    }

    /// The same without gradients into what has been.
    pub fn detach(self) -> Self {
        let detached = |memory: Memory| Memory {
            keys: memory.keys.detach(),
            values: memory.values.detach(),
        };
        Self { layers: self.layers.into_iter().map(|memory| memory.map(detached)).collect(), ..self }
    }

    /// A cache of the given rows of this one, which may repeat: sequences that ended left out, or
    /// several continuations of one prompt.
    ///
    /// # Errors
    /// [`NetsError::Sequences`] if there is no such row.
    pub fn rows(&self, rows: &[usize]) -> Result<Self, NetsError> {
        let count = self.present.len();
        if let Some(row) = rows.iter().find(|row| **row >= count) {
            let (found, expected) = (vec![*row], vec![count]);
            return Err(NetsError::Sequences { what: "the row asked of the cache", found, expected });
        }
        let present = rows.iter().map(|row| self.present[*row].clone()).collect();
        let layers = self.layers.iter().map(|memory| memory.as_ref().map(|memory| memory.rows(rows)));
        Ok(Self { version: self.version.clone(), layers: layers.collect(), present })
    }

    /// Refuses sequences of another number or weights of another version.
    pub(super) fn check(&self, rows: usize, version: &Version) -> Result<(), NetsError> {
        if self.version != *version {
            return Err(NetsError::StaleCache);
        }
        if self.length() > 0 && self.present.len() != rows {
            let (found, expected) = (vec![self.present.len()], vec![rows]);
            return Err(NetsError::Sequences { what: "the cache", found, expected });
        }
        Ok(())
    }

    /// Appends keys and values `[B, K, T, d]` of layer `index` and returns all of that layer.
    pub(super) fn extend(
        &mut self,
        index: usize,
        keys: Tensor<4>,
        values: Tensor<4>,
    ) -> (Tensor<4>, Tensor<4>) {
        let memory = match self.layers[index].take() {
            None => Memory { keys, values },
            Some(old) => Memory {
                keys: Tensor::cat(vec![old.keys, keys], 2),
                values: Tensor::cat(vec![old.values, values], 2),
            },
        };
        let whole = (memory.keys.clone(), memory.values.clone());
        self.layers[index] = Some(memory);
        whole
    }

    /// Takes the slots that a pass has appended into account.
    pub(super) fn occupy(&mut self, present: &[Vec<bool>]) {
        self.present.resize(present.len(), Vec::new());
        for (all, new) in self.present.iter_mut().zip(present) {
            all.extend_from_slice(new);
        }
    }
}

impl Memory {
    fn rows(&self, rows: &[usize]) -> Self {
        let indices: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
        let indices = Tensor::from_data(indices.as_slice(), &self.keys.device());
        let select = |tensor: &Tensor<4>| tensor.clone().select(0, indices.clone());
        Self { keys: select(&self.keys), values: select(&self.values) }
    }
}
