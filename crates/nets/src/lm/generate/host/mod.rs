//! Generation on host memory, for small models on the CPU.
//!
//! A step of a small model is some hundred tensor operations, each of which costs microseconds before
//! it computes anything. Here weights are gathered once, every sequence keeps its keys and values in
//! memory of its own, without padding, and the rows are split over the threads. Products of matrices
//! are those of the tensor operations (the `gemm` crate), which give a row the same bits in whatever
//! company it is, so that a completion does not depend on the rest of the batch.

mod attention;
mod pass;
mod product;
mod weights;

use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

use super::engine::{Engine, Inputs, distinct};
use crate::lm::{Decoder, LmConfig};
use crate::parameters;
use crate::{NetsError, host};
use pass::{Work, advance};
use weights::Weights;

/// Most parameters of a model that is computed here: beyond, gathering them costs more than the
/// overhead of tensors.
const LARGEST: usize = 16 << 20;

/// A small model and the sequences it is completing.
pub(super) struct Host {
    weights: Weights,
    sequences: Vec<Sequence>,
    device: Device,
}

/// What a model remembers of one sequence.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    /// Of every layer `[K, h, capacity]`: elements of keys apart, slots together.
    keys: Vec<f32>,
    /// Of every layer `[K, capacity, h]`.
    values: Vec<f32>,
    capacity: usize,
    /// Slots that were read.
    length: usize,
    /// Behind the final normalisation, of the last slot, `[d]`.
    last: Vec<f32>,
    /// What follows the last slot, `[V]`.
    logits: Vec<f32>,
}

impl Sequence {
    fn new(config: &LmConfig, slots: usize) -> Self {
        let capacity = slots.next_multiple_of(attention::BLOCK);
        let size = config.layers * config.key_heads * config.head_width * capacity;
        Self {
            keys: vec![0.0; size],
            values: vec![0.0; size],
            capacity,
            length: 0,
            last: vec![0.0; config.width],
            logits: vec![0.0; config.vocabulary],
        }
    }
}

impl Host {
    /// Whether this model, without gradients and adapters, is computed here.
    pub fn serves(decoder: &Decoder) -> bool {
        let embedding = decoder.embedding();
        embedding.device() == Device::flex()
            && embedding.dtype() == DType::F32
            && parameters::count(decoder) <= LARGEST
    }

    /// Gathers the weights.
    pub fn new(decoder: &Decoder) -> Self {
        let device = decoder.embedding().device();
        Self { weights: Weights::of(decoder), sequences: Vec::new(), device }
    }

    fn config(&self) -> &LmConfig {
        &self.weights.config
    }

    fn tensor(&self, values: Vec<f32>) -> Tensor<2> {
        let width = self.config().width;
        let rows = values.len() / width;
        Tensor::from_data(TensorData::new(values, [rows, width]), &self.device)
    }
}

impl Engine for Host {
    fn vocabulary(&self) -> usize {
        self.config().vocabulary
    }

    fn context(&self) -> usize {
        self.config().context
    }

    fn begin(&mut self, prompts: &[Vec<u32>], max_new: usize) -> Result<(), NetsError> {
        let (distinct, of_rows) = distinct(prompts);
        let weights = &self.weights;
        let width = weights.config.width;
        let threads = distinct.len() < rayon::current_num_threads();
        let read = |prompt: &&[u32]| {
            // The last token that is drawn is not read.
            let slots = (prompt.len() + max_new - 1).min(weights.config.context);
            let mut sequence = Sequence::new(&weights.config, slots);
            let mut input = Vec::with_capacity(prompt.len() * width);
            prompt.iter().for_each(|id| input.extend_from_slice(weights.vector(*id)));
            advance(weights, &mut [Work { sequence: &mut sequence, input: &input }], threads);
            sequence
        };
        let mut read: Vec<Option<Sequence>> = distinct.par_iter().map(read).map(Some).collect();
        let mut left = vec![0_usize; read.len()];
        of_rows.iter().for_each(|prompt| left[*prompt] += 1);
        self.sequences.clear();
        for prompt in of_rows {
            left[prompt] -= 1;
            // The last row with a prompt takes the sequence, those before it copies.
            let sequence = if left[prompt] == 0 { read[prompt].take() } else { read[prompt].clone() };
            self.sequences.extend(sequence);
        }
        Ok(())
    }

    fn step(&mut self, inputs: Inputs<'_>, running: &[bool]) -> Result<(), NetsError> {
        let weights = &self.weights;
        let width = weights.config.width;
        let vectors: Vec<f32> = match inputs {
            Inputs::Tokens(ids) => ids.iter().flat_map(|id| weights.vector(*id)).copied().collect(),
            Inputs::Vectors(vectors) => host(*vectors),
        };
        let rows = self.sequences.iter_mut().zip(vectors.chunks_exact(width)).zip(running);
        let mut work: Vec<Work<'_>> = rows
            .filter(|(_, running)| **running)
            .map(|((sequence, input), _)| Work { sequence, input })
            .collect();
        let threads = rayon::current_num_threads();
        if work.len() < threads {
            advance(weights, &mut work, true);
        } else {
            let share = work.len().div_ceil(threads);
            work.par_chunks_mut(share).for_each(|work| advance(weights, work, false));
        }
        Ok(())
    }

    fn logits(&self) -> Vec<&[f32]> {
        self.sequences.iter().map(|sequence| sequence.logits.as_slice()).collect()
    }

    fn last(&self) -> Tensor<2> {
        self.tensor(self.sequences.iter().flat_map(|sequence| &sequence.last).copied().collect())
    }

    fn embed(&self, ids: &[u32]) -> Tensor<2> {
        self.tensor(ids.iter().flat_map(|id| self.weights.vector(*id)).copied().collect())
    }
}
