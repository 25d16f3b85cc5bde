//! Attention of one slot over what its sequence remembers.

use super::Sequence;
use crate::elu::exponential;
use crate::kernel::matrix::{add_rows_scaled, largest, sum};
use crate::lm::LmConfig;
use crate::lm::host::attention::rotate;
use crate::lm::host::norm::factor;

/// A sequence has room for a multiple of as many slots.
pub(super) const BLOCK: usize = 16;

/// Numbers of heads and their width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    heads: usize,
    key_heads: usize,
    width: usize,
}

impl Shape {
    pub fn of(config: &LmConfig) -> Self {
        Self { heads: config.heads, key_heads: config.key_heads, width: config.head_width }
    }

    /// Elements of queries, keys and values of a slot.
    pub fn inner(&self) -> usize {
        (self.heads + 2 * self.key_heads) * self.width
    }

    /// Elements of what a slot reads.
    pub fn outer(&self) -> usize {
        self.heads * self.width
    }

    /// Divides queries and keys by their root mean squares, head by head; gains of queries, then keys.
    #[inline(always)]
    pub fn normalise(&self, slot: &mut [f32], gains: &[Vec<f32>; 2], epsilon: f32) {
        let turned = (self.heads + self.key_heads) * self.width;
        for (index, head) in slot[..turned].chunks_exact_mut(self.width).enumerate() {
            let gains = &gains[usize::from(index >= self.heads)];
            let factor = factor(head, epsilon);
            head.iter_mut().zip(gains).for_each(|(value, gain)| *value *= factor * gain);
        }
    }

    /// Where a key head of a layer begins in a sequence's keys or values.
    #[inline(always)]
    fn place(&self, layer: usize, head: usize, capacity: usize) -> usize {
        (layer * self.key_heads + head) * self.width * capacity
    }
}

/// Turns queries and keys by their position's angles.
#[inline(always)]
pub(super) fn turn(shape: &Shape, slot: &mut [f32], turns: &[Vec<f32>; 2]) {
    let turned = (shape.heads + shape.key_heads) * shape.width;
    let [cosines, sines] = turns;
    for head in slot[..turned].chunks_exact_mut(shape.width) {
        rotate(head, cosines, sines, 1.0);
    }
}

/// Writes a slot's keys and values at its position.
#[inline(always)]
pub(super) fn remember(shape: &Shape, sequence: &mut Sequence, layer: usize, position: usize, slot: &[f32]) {
    let (width, capacity) = (shape.width, sequence.capacity);
    let (keys, values) = slot[shape.heads * width..].split_at(shape.key_heads * width);
    for head in 0..shape.key_heads {
        let place = shape.place(layer, head, capacity);
        for (element, key) in keys[head * width..][..width].iter().enumerate() {
            sequence.keys[place + element * capacity + position] = *key;
        }
        sequence.values[place + position * width..][..width]
            .copy_from_slice(&values[head * width..][..width]);
    }
}

/// What a slot's queries read from the first `length` slots, `[heads h]`.
#[inline(always)]
pub(super) fn attend(
    shape: &Shape,
    sequence: &Sequence,
    layer: usize,
    length: usize,
    slot: &[f32],
    read: &mut [f32],
    scores: &mut Vec<f32>,
) {
    let (width, capacity) = (shape.width, sequence.capacity);
    let group = shape.heads / shape.key_heads;
    let scale = 1.0 / (width as f32).sqrt();
    // Whole blocks are faster; behind the last slot the products are of no use.
    scores.clear();
    scores.resize(length.next_multiple_of(BLOCK), 0.0);
    let heads = slot.chunks_exact(width).zip(read.chunks_exact_mut(width)).take(shape.heads);
    for (head, (query, read)) in heads.enumerate() {
        let place = shape.place(layer, head / group, capacity);
        scores.fill(0.0);
        add_rows_scaled(scores, query, &sequence.keys[place..], capacity);
        let weights = &mut scores[..length];
        weights.iter_mut().for_each(|score| *score *= scale);
        let share = 1.0 / soften(weights);
        read.fill(0.0);
        add_rows_scaled(read, weights, &sequence.values[place..], width);
        read.iter_mut().for_each(|value| *value *= share);
    }
}

/// Replaces scores by exp(score - largest) and gives their sum.
#[inline(always)]
fn soften(scores: &mut [f32]) -> f32 {
    let most = largest(scores);
    scores.iter_mut().for_each(|score| *score = exponential(*score - most));
    sum(scores)
}
