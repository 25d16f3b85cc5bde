//! Keys and values of the slots that were seen so far.

use burn::tensor::{Device, Tensor, TensorData};

use super::decoder::Decoder;
use super::version::Version;
use crate::{NetsError, host};

/// What a decoder remembers of a batch of sequences between passes. Gradients flow from later passes
/// through it into earlier ones, unless it is detached.
#[derive(Clone, Debug)]
pub struct Cache {
    version: Version,
    store: Store,
    /// Which slots hold a token, `[B][P]`.
    present: Vec<Vec<bool>>,
    /// Heads of keys and elements of each.
    heads: [usize; 2],
}

/// Keys, turned by their positions, and values of every layer.
#[derive(Clone, Debug)]
enum Store {
    /// `[B, K, P, d]` each, perhaps with gradients; nothing of layers that no pass has reached.
    Tensors(Vec<Option<[Tensor<4>; 2]>>),
    /// In host memory, where a pass without gradients appends in place.
    Host(Vec<HostMemory>),
}

/// Keys and values of one layer, `[B, capacity, K d]` each.
#[derive(Clone, Debug, Default)]
pub(super) struct HostMemory {
    pub keys: Vec<f32>,
    pub values: Vec<f32>,
    pub capacity: usize,
}

impl Cache {
    /// An empty one for `decoder` as it is now: after any change of its weights it is refused.
    pub fn new(decoder: &Decoder) -> Self {
        let config = decoder.config();
        Self {
            version: decoder.version().clone(),
            store: Store::Tensors(vec![None; config.layers]),
            present: Vec::new(),
            heads: [config.key_heads, config.head_width],
        }
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
        let detached = |[keys, values]: [Tensor<4>; 2]| [keys.detach(), values.detach()];
        let store = match self.store {
            Store::Host(memories) => Store::Host(memories),
            Store::Tensors(layers) => {
                Store::Tensors(layers.into_iter().map(|pair| pair.map(detached)).collect())
            }
        };
        Self { store, ..self }
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
        let width = self.heads[0] * self.heads[1];
        let store = match &self.store {
            Store::Host(memories) => {
                Store::Host(memories.iter().map(|memory| memory.rows(rows, width)).collect())
            }
            Store::Tensors(layers) => {
                let select = |pair: &[Tensor<4>; 2]| {
                    let indices: Vec<i64> = rows.iter().map(|row| *row as i64).collect();
                    let indices = Tensor::from_data(indices.as_slice(), &pair[0].device());
                    pair.each_ref().map(|tensor| tensor.clone().select(0, indices.clone()))
                };
                Store::Tensors(layers.iter().map(|pair| pair.as_ref().map(select)).collect())
            }
        };
        Ok(Self { version: self.version.clone(), store, present, heads: self.heads })
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

    /// Whether gradients flow into what it holds.
    pub(super) fn is_tracked(&self) -> bool {
        match &self.store {
            Store::Host(_) => false,
            Store::Tensors(layers) => layers.iter().flatten().flatten().any(Tensor::is_tracked),
        }
    }

    /// Appends keys and values `[B, K, T, d]` of layer `index` and returns all of that layer.
    pub(super) fn extend(&mut self, index: usize, new: [Tensor<4>; 2]) -> [Tensor<4>; 2] {
        let layers = self.as_tensors(&new[0].device());
        let [keys, values] = new;
        let whole = match layers[index].take() {
            None => [keys, values],
            Some([old_keys, old_values]) => {
                [Tensor::cat(vec![old_keys, keys], 2), Tensor::cat(vec![old_values, values], 2)]
            }
        };
        layers[index].insert(whole).clone()
    }

    /// Takes the slots that a pass has appended into account.
    pub(super) fn occupy(&mut self, present: &[Vec<bool>]) {
        self.present.resize(present.len(), Vec::new());
        for (all, new) in self.present.iter_mut().zip(present) {
            all.extend_from_slice(new);
        }
    }

    fn as_tensors(&mut self, device: &Device) -> &mut Vec<Option<[Tensor<4>; 2]>> {
        let (rows, length) = (self.present.len(), self.length());
        if let Store::Host(memories) = &self.store {
            let plain = device.clone().without_autodiff();
            let tensor = |values: &[f32], capacity: usize| {
                let [heads, size] = self.heads;
                let data = TensorData::new(values.to_vec(), [rows, capacity, heads, size]);
                let tensor = Tensor::<4>::from_data(data, &plain).narrow(1, 0, length).swap_dims(1, 2);
                if device.is_autodiff() { tensor.autodiff() } else { tensor }
            };
            let layers = memories.iter().map(|memory| {
                let pair = [&memory.keys, &memory.values].map(|values| tensor(values, memory.capacity));
                (length > 0).then_some(pair)
            });
            self.store = Store::Tensors(layers.collect());
        }
        match &mut self.store {
            Store::Tensors(layers) => layers,
            Store::Host(_) => unreachable!("it has just been turned into tensors"),
        }
    }

    /// The memories of all layers, with space for `slots` slots of `rows` sequences. What it holds has
    /// no gradients.
    pub(super) fn on_host(&mut self, rows: usize, slots: usize) -> &mut [HostMemory] {
        let (length, width) = (self.length(), self.heads[0] * self.heads[1]);
        if let Store::Tensors(layers) = &self.store {
            let values = |tensor: &Tensor<4>| -> Vec<f32> { host(tensor.clone().swap_dims(1, 2)) };
            let memories = layers.iter().map(|pair| match pair {
                None => HostMemory::default(),
                Some([keys, values_of]) => {
                    HostMemory { keys: values(keys), values: values(values_of), capacity: length }
                }
            });
            self.store = Store::Host(memories.collect());
        }
        match &mut self.store {
            Store::Host(memories) => {
                memories.iter_mut().for_each(|memory| memory.reserve(rows, length, slots, width));
                memories
            }
            Store::Tensors(_) => unreachable!("it has just been moved to the host"),
        }
    }
}

impl HostMemory {
    /// Makes space for `slots` slots of `width` elements beside the `length` that are taken.
    fn reserve(&mut self, rows: usize, length: usize, slots: usize, width: usize) {
        if slots <= self.capacity {
            return;
        }
        // Doubled, so that a sequence that grows by a token at a time is copied now and then only.
        let capacity = slots.max(2 * self.capacity).max(32);
        let grown = |old: &[f32]| {
            let mut new = vec![0.0; rows * capacity * width];
            if length > 0 {
                let rows =
                    new.chunks_exact_mut(capacity * width).zip(old.chunks_exact(self.capacity * width));
                rows.for_each(|(new, old)| new[..length * width].copy_from_slice(&old[..length * width]));
            }
            new
        };
        (self.keys, self.values) = (grown(&self.keys), grown(&self.values));
        self.capacity = capacity;
    }

    fn rows(&self, rows: &[usize], width: usize) -> Self {
        let size = self.capacity * width;
        let select = |values: &[f32]| {
            rows.iter().flat_map(|row| &values[row * size..(row + 1) * size]).copied().collect()
        };
        Self { keys: select(&self.keys), values: select(&self.values), capacity: self.capacity }
    }
}
