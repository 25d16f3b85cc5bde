//! Generation by tensor operations, on any device.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::engine::{Engine, Inputs, distinct};
use crate::lm::{Cache, Decoder, LogitsOf, Pass, Place};
use crate::{NetsError, host};

/// A decoder, what it has seen, and the logits of what follows. Prompts are padded on the left; rows
/// that have ended are dropped once they are half of those that are computed.
pub(super) struct Tensors {
    decoder: Decoder,
    cache: Cache,
    /// Rows that are computed, in ascending order.
    active: Vec<usize>,
    /// `[B, V]`.
    logits: Vec<f32>,
    /// Of the active rows, `[A, d]`.
    last: Tensor<2>,
    rows: usize,
}

impl Tensors {
    /// Nothing seen yet by a decoder without gradients.
    pub fn new(decoder: Decoder) -> Self {
        let cache = Cache::new(&decoder);
        let last = Tensor::zeros([1, decoder.config().width], &decoder.embedding().device());
        Self { decoder, cache, active: Vec::new(), logits: Vec::new(), last, rows: 0 }
    }

    fn device(&self) -> Device {
        self.decoder.embedding().device()
    }

    /// Reads `input [A, T, d]` in the rows that are active.
    fn read(&mut self, input: Tensor<3>, place: &Place) -> Result<Tensor<2>, NetsError> {
        let pass = Pass { cache: Some(&mut self.cache), logits: LogitsOf::Last, ..Pass::default() };
        let output = self.decoder.forward(input, place, pass)?;
        let [rows, length, width] = output.last.dims();
        self.last = output.last.narrow(1, length - 1, 1).reshape([rows, width]);
        let vocabulary = self.vocabulary();
        Ok(output.logits.map_or_else(
            || self.decoder.head(self.last.clone().unsqueeze_dim(1)).reshape([rows, vocabulary]),
            |logits| logits.reshape([rows, vocabulary]),
        ))
    }

    fn store(&mut self, logits: Tensor<2>) {
        let vocabulary = self.vocabulary();
        let values = host(logits);
        for (row, values) in self.active.iter().zip(values.chunks_exact(vocabulary)) {
            self.logits[row * vocabulary..][..vocabulary].copy_from_slice(values);
        }
    }

    fn select(&self, rows: &[usize], tensor: Tensor<2>) -> Tensor<2> {
        tensor.select(0, indices(rows, &self.device()))
    }
}

impl Engine for Tensors {
    fn vocabulary(&self) -> usize {
        self.decoder.config().vocabulary
    }

    fn context(&self) -> usize {
        self.decoder.config().context
    }

    fn begin(&mut self, prompts: &[Vec<u32>], _max_new: usize) -> Result<(), NetsError> {
        let (distinct, of_rows) = distinct(prompts);
        let length = distinct.iter().map(|prompt| prompt.len()).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(distinct.len() * length);
        let mut present = Vec::with_capacity(distinct.len());
        for prompt in &distinct {
            let padding = length - prompt.len();
            ids.extend(std::iter::repeat_n(0_i64, padding));
            ids.extend(prompt.iter().map(|id| i64::from(*id)));
            present.push((0..length).map(|slot| slot >= padding).collect::<Vec<bool>>());
        }
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [distinct.len(), length]), &self.device());
        let logits = self.read(self.decoder.embed(ids), &Place::of(&present))?;
        self.rows = prompts.len();
        self.active = (0..self.rows).collect();
        self.logits = vec![0.0; self.rows * self.vocabulary()];
        if distinct.len() < prompts.len() {
            self.cache = self.cache.rows(&of_rows)?;
            self.last = self.select(&of_rows, self.last.clone());
            self.store(self.select(&of_rows, logits));
        } else {
            self.store(logits);
        }
        Ok(())
    }

    fn step(&mut self, inputs: Inputs<'_>, running: &[bool]) -> Result<(), NetsError> {
        let kept: Vec<usize> = (0..self.active.len()).filter(|at| running[self.active[*at]]).collect();
        if 2 * kept.len() <= self.active.len() {
            self.cache = self.cache.rows(&kept)?;
            self.active = kept.iter().map(|at| self.active[*at]).collect();
        }
        let vectors = match inputs {
            Inputs::Tokens(ids) => {
                let ids: Vec<u32> = self.active.iter().map(|row| ids[*row]).collect();
                self.embed(&ids)
            }
            Inputs::Vectors(vectors) if self.active.len() < self.rows => self.select(&self.active, *vectors),
            Inputs::Vectors(vectors) => *vectors,
        };
        // A row that has ended takes no position, so that it cannot run beyond the context.
        let present: Vec<Vec<bool>> = self.active.iter().map(|row| vec![running[*row]]).collect();
        let logits = self.read(vectors.unsqueeze_dim(1), &Place::of(&present))?;
        self.store(logits);
        Ok(())
    }

    fn logits(&self) -> Vec<&[f32]> {
        self.logits.chunks_exact(self.vocabulary()).collect()
    }

    fn last(&self) -> Tensor<2> {
        if self.active.len() == self.rows {
            return self.last.clone();
        }
        // Rows that are gone show the state of some row that is left.
        let places: Vec<usize> =
            (0..self.rows).map(|row| self.active.binary_search(&row).unwrap_or(0)).collect();
        self.select(&places, self.last.clone())
    }

    fn embed(&self, ids: &[u32]) -> Tensor<2> {
        let ids: Vec<usize> = ids.iter().map(|id| *id as usize).collect();
        self.decoder.embedding().select(0, indices(&ids, &self.device()))
    }
}

fn indices(places: &[usize], device: &Device) -> Tensor<1, Int> {
    let places: Vec<i64> = places.iter().map(|place| *place as i64).collect();
    Tensor::from_data(places.as_slice(), device)
}
