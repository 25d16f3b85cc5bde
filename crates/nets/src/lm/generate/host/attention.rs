//! Attention of one slot over what its sequence remembers.

use super::Sequence;
use super::pass::inverse_root;
use crate::elu::exponential;
use crate::lm::LmConfig;

/// Slots, or elements, that are summed up side by side.
const BLOCK: usize = 32;

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
            let factor = inverse_root(head, epsilon);
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
        let (first, second) = head.split_at_mut(shape.width / 2);
        for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
            (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
        }
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
    scores.clear();
    scores.resize(length, 0.0);
    let heads = slot.chunks_exact(width).zip(read.chunks_exact_mut(width)).take(shape.heads);
    for (head, (query, read)) in heads.enumerate() {
        let place = shape.place(layer, head / group, capacity);
        score(query, &sequence.keys[place..][..width * capacity], capacity, scale, scores);
        let total = soften(scores);
        gather(&sequence.values[place..][..length * width], 1.0 / total, scores, read);
    }
}

/// Products of a query with all keys, times `scale`.
#[inline(always)]
fn score(query: &[f32], keys: &[f32], capacity: usize, scale: f32, scores: &mut [f32]) {
    let length = scores.len();
    for (index, block) in scores.chunks_mut(BLOCK).enumerate() {
        let begin = index * BLOCK;
        let mut sums = [0.0_f32; BLOCK];
        if begin + BLOCK <= capacity {
            // Behind the last slot the products are of no use, but a whole block is faster.
            for (element, query) in query.iter().enumerate() {
                let keys = &keys[element * capacity + begin..][..BLOCK];
                sums.iter_mut().zip(keys).for_each(|(sum, key)| *sum += query * key);
            }
        } else {
            for (element, query) in query.iter().enumerate() {
                let keys = &keys[element * capacity + begin..element * capacity + length];
                sums.iter_mut().zip(keys).for_each(|(sum, key)| *sum += query * key);
            }
        }
        block.iter_mut().zip(&sums).for_each(|(score, sum)| *score = sum * scale);
    }
}

/// Replaces scores by exp(score - largest) and gives their sum.
#[inline(always)]
fn soften(scores: &mut [f32]) -> f32 {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = exponential(*score - largest));
    let mut sums = [0.0_f32; 16];
    let (blocks, rest) = scores.as_chunks::<16>();
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// The sum of `values [S, h]` by weight, times `scale`.
#[inline(always)]
fn gather(values: &[f32], scale: f32, weights: &[f32], read: &mut [f32]) {
    let width = read.len();
    for (index, read) in read.chunks_mut(BLOCK).enumerate() {
        let (begin, count) = (index * BLOCK, read.len());
        let mut sums = [0.0_f32; BLOCK];
        if count == BLOCK {
            for (weight, values) in weights.iter().zip(values.chunks_exact(width)) {
                let values = &values[begin..][..BLOCK];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
            }
        } else {
            for (weight, values) in weights.iter().zip(values.chunks_exact(width)) {
                let values = &values[begin..][..count];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        read.iter_mut().zip(&sums).for_each(|(read, sum)| *read = sum * scale);
    }
}
