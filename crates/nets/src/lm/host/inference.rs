//! A pass without gradients.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::super::cache::{Cache, HostMemory};
use super::super::decoder::Decoder;
use super::layer::{self, Kept, Memory, Scratch};
use super::shape::{Seating, Shape, Weights};
use super::{Arrays, norm};

/// One part of the batch on its way through all layers.
struct Part<'a> {
    sequences: std::ops::Range<usize>,
    state: &'a mut [f32],
    /// Keys and values of every layer.
    memory: Vec<Memory<'a>>,
    /// Where the states before each layer go, if they are wanted.
    hidden: Vec<&'a mut [f32]>,
}

/// What comes out of all layers and the final normalisation, `[B, T, width]`, and the input of every
/// layer where `keep` asks for it. None where something is not in the form that this needs; the cache
/// is unchanged then.
pub fn infer(
    decoder: &Decoder,
    input: &Tensor<3>,
    seating: &Seating,
    cache: Option<&mut Cache>,
    keep: bool,
) -> Option<(Tensor<3>, Vec<Tensor<3>>)> {
    let shape = Shape::of(decoder.config());
    let arrays: Vec<Arrays> = decoder.layers.iter().map(Arrays::of).collect::<Option<_>>()?;
    let weights: Vec<Weights<'_>> = arrays.iter().map(Arrays::weights).collect();
    let gain = crate::kernel::primitive(decoder.norm.gamma.val())?;
    let gain = gain.as_slice::<f32>()?;
    let dims = input.dims();
    let mut state: Vec<f32> = input.clone().without_autodiff().into_data().try_to_vec().ok()?;
    let mut hidden = vec![vec![0.0_f32; state.len()]; if keep { weights.len() } else { 0 }];
    let memories = match cache {
        None => &mut [][..],
        Some(cache) => cache.on_host(seating.rows, seating.slots),
    };
    let capacity = memories.first().map_or(0, |memory| memory.capacity);
    let parts = deal(&shape, seating, &mut state, memories, &mut hidden, capacity);
    parts.into_par_iter().for_each(|part| run(&shape, &weights, gain, seating, part));
    let device = input.device();
    let tensor = |values: Vec<f32>| {
        let tensor = Tensor::from_data(TensorData::new(values, dims), &device.clone().without_autodiff());
        if device.is_autodiff() { tensor.autodiff() } else { tensor }
    };
    Some((tensor(state), hidden.into_iter().map(tensor).collect()))
}

/// Cuts the batch into parts.
fn deal<'a>(
    shape: &Shape,
    seating: &Seating,
    state: &'a mut [f32],
    memories: &'a mut [HostMemory],
    hidden: &'a mut [Vec<f32>],
    capacity: usize,
) -> Vec<Part<'a>> {
    let numbers = seating.part() * seating.length * shape.width;
    let mut parts: Vec<Part<'a>> = state
        .chunks_mut(numbers)
        .zip(seating.parts())
        .map(|(state, sequences)| Part { sequences, state, memory: Vec::new(), hidden: Vec::new() })
        .collect();
    for layer in hidden {
        for (part, hidden) in parts.iter_mut().zip(layer.chunks_mut(numbers)) {
            part.hidden.push(hidden);
        }
    }
    let numbers = seating.part() * capacity * shape.keys();
    for memory in memories {
        let both = memory.keys.chunks_mut(numbers).zip(memory.values.chunks_mut(numbers));
        for (part, (keys, values)) in parts.iter_mut().zip(both) {
            part.memory.push(Memory { keys, values, capacity });
        }
    }
    parts
}

fn run(shape: &Shape, weights: &[Weights<'_>], gain: &[f32], seating: &Seating, mut part: Part<'_>) {
    let mut kept = Kept::new(shape, seating, part.sequences.len());
    let mut scratch = Scratch::new(shape, seating, part.sequences.len());
    for (index, weights) in weights.iter().enumerate() {
        if let Some(hidden) = part.hidden.get_mut(index) {
            hidden.copy_from_slice(part.state);
        }
        let memory = part.memory.get_mut(index);
        let sequences = part.sequences.clone();
        layer::forward(shape, weights, seating, sequences, part.state, memory, &mut kept, &mut scratch);
    }
    let before = part.state.to_vec();
    let mut inverses = vec![0.0; before.len() / shape.width];
    norm::forward(&before, gain, shape.epsilon, &mut inverses, part.state);
}
