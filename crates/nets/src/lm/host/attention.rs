//! Queries, keys and values: turned, compared, read.

use std::ops::Range;

use super::norm;
use super::shape::{Seating, Shape, Weights};
use crate::elu::exponential;
use crate::kernel::buffer::Buffer;
use crate::kernel::matrix::{View, add_scaled, dot, largest, multiply, sum};
use crate::lanes::in_lanes;

/// Below as many tokens at a time, loops are faster than products of matrices.
const FEW: usize = 8;

/// Vectors of slots in host memory: those of one sequence begin `sequence` elements after those of the
/// one before, those of one slot `slot` elements.
#[derive(Clone, Copy)]
pub struct Slots<'a> {
    pub values: &'a [f32],
    pub sequence: usize,
    pub slot: usize,
}

impl<'a> Slots<'a> {
    /// The vectors of a head in a sequence.
    fn head(&self, sequence: usize, start: usize) -> &'a [f32] {
        &self.values[sequence * self.sequence + start..]
    }
}

in_lanes! {
    /// Normalises (where the model does) and turns queries and keys in `inner [N, queries + 2 keys]`.
    /// Factors of the normalisation of every head go to `inverses [N, heads + key heads]`, and what was
    /// normalised to `raw [N, queries + keys]`.
    pub fn turn(
        shape: &Shape,
        weights: &Weights<'_>,
        seating: &Seating,
        part: Range<usize>,
        inner: &mut [f32],
        raw: &mut [f32],
        inverses: &mut [f32],
    ) {
        let (half, heads) = (shape.head_width / 2, shape.heads + shape.key_heads);
        let first = part.start * seating.length;
        let turned = shape.queries() + shape.keys();
        for (token, row) in inner.chunks_exact_mut(shape.inner()).enumerate() {
            let angles = (first + token) * half..(first + token + 1) * half;
            let (cosine, sine) = (&seating.cosine[angles.clone()], &seating.sine[angles]);
            let row = &mut row[..turned];
            if shape.normalised {
                raw[token * turned..(token + 1) * turned].copy_from_slice(row);
            }
            for (head, vector) in row.chunks_exact_mut(shape.head_width).enumerate() {
                if shape.normalised {
                    let gain = if head < shape.heads { weights.query_norm } else { weights.key_norm };
                    let inverse = norm::factor(vector, shape.epsilon);
                    inverses[token * heads + head] = inverse;
                    vector.iter_mut().zip(gain).for_each(|(value, gain)| *value *= inverse * gain);
                }
                rotate(vector, cosine, sine, 1.0);
            }
        }
    }
}

/// Turns a head's vector, by the negative angles for a `sign` of -1.
#[inline(always)]
pub fn rotate(vector: &mut [f32], cosine: &[f32], sine: &[f32], sign: f32) {
    let (first, second) = vector.split_at_mut(cosine.len());
    for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosine).zip(sine) {
        let sine = sign * sine;
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}

/// What every head of the part's tokens reads, into `read [N, queries]`; the weights by which it reads
/// go to `kept [sequences, heads, T, S]`. Queries lie in `inner`, keys and values of all slots in
/// `keys` and `values`.
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn read(
    shape: &Shape,
    seating: &Seating,
    part: Range<usize>,
    inner: &[f32],
    keys: Slots<'_>,
    values: Slots<'_>,
    kept: &mut [f32],
    read: &mut [f32],
) {
    let (length, slots, size) = (seating.length, seating.slots, shape.head_width);
    let (inner_width, queries) = (shape.inner(), shape.queries());
    for (place, sequence) in part.enumerate() {
        let seen = &seating.seen[sequence * slots..(sequence + 1) * slots];
        for head in 0..shape.heads {
            let start = head / (shape.heads / shape.key_heads) * size;
            let (keys_of, values_of) = (keys.head(place, start), values.head(place, start));
            let query = &inner[place * length * inner_width + head * size..];
            let weights = &mut kept[(place * shape.heads + head) * length * slots..][..length * slots];
            let out = &mut read[place * length * queries + head * size..];
            if length < FEW {
                for (token, row) in weights.chunks_exact_mut(slots).enumerate() {
                    let seen = &seen[..slots - length + token + 1];
                    let query = &query[token * inner_width..][..size];
                    let out = &mut out[token * queries..][..size];
                    read_one(query, (keys_of, keys.slot), (values_of, values.slot), seen, row, out);
                }
                continue;
            }
            let keys_view = View::strided(keys_of, slots, size, keys.slot).transposed();
            multiply(weights, slots, View::strided(query, length, size, inner_width), keys_view, false);
            soften_rows(weights, seen, length, size);
            let values_view = View::strided(values_of, slots, size, values.slot);
            multiply(out, queries, View::new(weights, length, slots), values_view, false);
        }
    }
}

in_lanes! {
    /// What one query reads from the slots of `seen`, by the weights that go to `row`. Keys and values
    /// come with the distance from one slot's to the next one's.
    fn read_one(
        query: &[f32],
        keys: (&[f32], usize),
        values: (&[f32], usize),
        seen: &[f32],
        row: &mut [f32],
        out: &mut [f32],
    ) {
        let size = query.len();
        for (slot, score) in row.iter_mut().enumerate() {
            *score = dot(query, &keys.0[slot * keys.1..][..size]);
        }
        soften(row, seen, size);
        out.fill(0.0);
        for (slot, weight) in row.iter().enumerate() {
            add_scaled(out, *weight, &values.0[slot * values.1..][..size]);
        }
    }

    /// Scores to weights in the rows of the last `length` slots, each over the slots up to its own.
    fn soften_rows(weights: &mut [f32], seen: &[f32], length: usize, size: usize) {
        let slots = seen.len();
        for (token, row) in weights.chunks_exact_mut(slots).enumerate() {
            soften(row, &seen[..slots - length + token + 1], size);
        }
    }

    /// Turns slopes of weights into those of scores, row by row.
    fn soften_backward(slopes: &mut [f32], weights: &[f32], length: usize, scale: f32) {
        for (slope, weight) in slopes.chunks_exact_mut(length).zip(weights.chunks_exact(length)) {
            let mean = dot(slope, weight);
            for (slope, weight) in slope.iter_mut().zip(weight) {
                *slope = weight * (*slope - mean) * scale;
            }
        }
    }
}

/// Scores to weights, over those slots of `seen` that hold a token; 0 for slots beyond.
#[inline(always)]
fn soften(row: &mut [f32], seen: &[f32], size: usize) {
    let scale = 1.0 / (size as f32).sqrt();
    let (row, beyond) = row.split_at_mut(seen.len());
    beyond.fill(0.0);
    for (score, seen) in row.iter_mut().zip(seen) {
        *score = if *seen > 0.0 { *score * scale } else { f32::MIN };
    }
    let most = largest(row);
    for (score, seen) in row.iter_mut().zip(seen) {
        *score = exponential(*score - most) * seen;
    }
    let sum = sum(row);
    let share = if sum > 0.0 { 1.0 / sum } else { 0.0 };
    row.iter_mut().for_each(|weight| *weight *= share);
}

/// The gradient of `inner` before [`turn`] from that of what was read, without a cache. Adds those of
/// the gains of queries and keys.
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn backward(
    shape: &Shape,
    weights: &Weights<'_>,
    seating: &Seating,
    part: Range<usize>,
    kept: &super::layer::Kept,
    gradient: &[f32],
    [query_norm, key_norm]: [&mut [f32]; 2],
    out: &mut [f32],
) {
    let (length, size) = (seating.length, shape.head_width);
    let (inner_width, queries, keys) = (shape.inner(), shape.queries(), shape.keys());
    let scale = 1.0 / (size as f32).sqrt();
    out.fill(0.0);
    let mut slopes = Buffer::new(length * length);
    for place in 0..part.len() {
        let base = place * length * inner_width;
        for head in 0..shape.heads {
            let start = head / (shape.heads / shape.key_heads) * size;
            let of = |offset: usize| View::strided(&kept.inner[base + offset..], length, size, inner_width);
            let (query, key, value) = (of(head * size), of(queries + start), of(queries + keys + start));
            let probabilities = &kept.weights[(place * shape.heads + head) * length * length..];
            let probabilities = &probabilities[..length * length];
            let read =
                View::strided(&gradient[place * length * queries + head * size..], length, size, queries);
            let transposed = View::new(probabilities, length, length).transposed();
            multiply(&mut out[base + queries + keys + start..], inner_width, transposed, read, true);
            multiply(&mut slopes, length, read, value.transposed(), false);
            soften_backward(&mut slopes, probabilities, length, scale);
            let slopes = View::new(&slopes, length, length);
            multiply(&mut out[base + head * size..], inner_width, slopes, key, false);
            multiply(&mut out[base + queries + start..], inner_width, slopes.transposed(), query, true);
        }
    }
    turn_back(shape, weights, seating, part, kept, [query_norm, key_norm], out);
}

in_lanes! {
    /// The gradient before [`turn`] from that behind it, in place.
    fn turn_back(
        shape: &Shape,
        weights: &Weights<'_>,
        seating: &Seating,
        part: Range<usize>,
        kept: &super::layer::Kept,
        sums: [&mut [f32]; 2],
        out: &mut [f32],
    ) {
        let (size, heads) = (shape.head_width, shape.heads + shape.key_heads);
        let (half, turned) = (size / 2, shape.queries() + shape.keys());
        let first = part.start * seating.length;
        let [query_sum, key_sum] = sums;
        let mut normal = vec![0.0_f32; size];
        for (token, row) in out.chunks_exact_mut(shape.inner()).enumerate() {
            let angles = (first + token) * half..(first + token + 1) * half;
            let (cosine, sine) = (&seating.cosine[angles.clone()], &seating.sine[angles]);
            for (head, vector) in row[..turned].chunks_exact_mut(size).enumerate() {
                rotate(vector, cosine, sine, -1.0);
                if shape.normalised {
                    let raw = &kept.raw[token * turned + head * size..][..size];
                    let inverse = kept.inverses[token * heads + head];
                    let (gain, sum) = match head < shape.heads {
                        true => (weights.query_norm, &mut *query_sum),
                        false => (weights.key_norm, &mut *key_sum),
                    };
                    normal.fill(0.0);
                    norm::backward_row(raw, gain, inverse, vector, sum, &mut normal);
                    vector.copy_from_slice(&normal);
                }
            }
        }
    }
}
