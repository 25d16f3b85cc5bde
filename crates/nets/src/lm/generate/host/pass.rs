//! One pass of a decoder over a few sequences.

use super::Sequence;
use super::attention::{Shape, attend, remember, turn};
use super::weights::{LayerWeights, Weights};
use crate::lanes::in_lanes;
use crate::lm::host::{layer::gate, norm};

/// What a sequence reads next, `[T, d]`.
pub(super) struct Work<'a> {
    pub sequence: &'a mut Sequence,
    pub input: &'a [f32],
}

/// Reads the inputs of all sequences; `threads` splits products of matrices over several.
pub(super) fn advance(weights: &Weights, work: &mut [Work<'_>], threads: bool) {
    let (width, epsilon) = (weights.config.width, weights.config.norm_epsilon as f32);
    let mut state: Vec<f32> = work.iter().flat_map(|work| work.input).copied().collect();
    let turns = turns(weights, work);
    let mut normal = vec![0.0; state.len()];
    for (index, layer) in weights.layers.iter().enumerate() {
        normalise(&state, &layer.attention_norm, epsilon, &mut normal);
        let read = read(weights, layer, index, &normal, &turns, work, threads);
        layer.output.add(&read, &mut state, threads);
        normalise(&state, &layer.feed_norm, epsilon, &mut normal);
        let both = layer.gate_up.apply(&normal, threads);
        let mut inner = vec![0.0; both.len() / 2];
        gate(&both, layer.gate_up.outputs() / 2, &mut inner);
        layer.down.add(&inner, &mut state, threads);
    }
    finish(weights, work, &state, width, threads);
}

/// Cosines, then sines, of all pairs of elements at every slot's position.
fn turns(weights: &Weights, work: &[Work<'_>]) -> Vec<[Vec<f32>; 2]> {
    let angles = |position: usize, function: fn(f64) -> f64| {
        weights.frequencies.iter().map(|turn| function(position as f64 * turn) as f32).collect()
    };
    let positions = work.iter().flat_map(|work| {
        let begin = work.sequence.length;
        begin..begin + work.input.len() / weights.config.width
    });
    positions.map(|position| [angles(position, f64::cos), angles(position, f64::sin)]).collect()
}

/// What attention reads, `[M, heads h]`, from `input [M, d]`, whose keys and values are remembered.
fn read(
    weights: &Weights,
    layer: &LayerWeights,
    index: usize,
    input: &[f32],
    turns: &[[Vec<f32>; 2]],
    work: &mut [Work<'_>],
    threads: bool,
) -> Vec<f32> {
    let shape = Shape::of(&weights.config);
    let mut all = layer.query_key_value.apply(input, threads);
    let mut read = vec![0.0; all.len() / shape.inner() * shape.outer()];
    read_slots(weights, layer, index, &mut all, turns, work, &mut read);
    read
}

in_lanes! {
    /// The same from queries, keys and values of the slots.
    fn read_slots(
        weights: &Weights,
        layer: &LayerWeights,
        index: usize,
        all: &mut [f32],
        turns: &[[Vec<f32>; 2]],
        work: &mut [Work<'_>],
        read: &mut [f32],
    ) {
        let shape = Shape::of(&weights.config);
        let epsilon = weights.config.norm_epsilon as f32;
        let mut slots =
            all.chunks_exact_mut(shape.inner()).zip(read.chunks_exact_mut(shape.outer())).zip(turns);
        let mut scores = Vec::new();
        for work in work.iter_mut() {
            let begin = work.sequence.length;
            for position in begin..begin + work.input.len() / weights.config.width {
                let Some(((slot, read), turns)) = slots.next() else { return };
                if let Some(gains) = &layer.head_norms {
                    shape.normalise(slot, gains, epsilon);
                }
                turn(&shape, slot, turns);
                remember(&shape, work.sequence, index, position, slot);
                attend(&shape, work.sequence, index, position + 1, slot, read, &mut scores);
            }
        }
    }
}

/// Keeps the last slot's state and logits of every sequence.
fn finish(weights: &Weights, work: &mut [Work<'_>], state: &[f32], width: usize, threads: bool) {
    let mut lasts = Vec::with_capacity(work.len() * width);
    let mut end = 0;
    for work in work.iter_mut() {
        end += work.input.len();
        work.sequence.length += work.input.len() / width;
        lasts.extend_from_slice(&state[end - width..end]);
    }
    let mut normal = vec![0.0; lasts.len()];
    normalise(&lasts, &weights.norm, weights.config.norm_epsilon as f32, &mut normal);
    let logits = weights.head.apply(&normal, threads);
    let rows = normal.chunks_exact(width).zip(logits.chunks_exact(weights.config.vocabulary));
    for (work, (last, logits)) in work.iter_mut().zip(rows) {
        work.sequence.last.copy_from_slice(last);
        work.sequence.logits.copy_from_slice(logits);
    }
}

/// Divides every row by its root mean square and multiplies by the gains.
fn normalise(input: &[f32], gains: &[f32], epsilon: f32, output: &mut [f32]) {
    let mut factors = vec![0.0; input.len() / gains.len()];
    norm::forward(input, gains, epsilon, &mut factors, output);
}
