//! A layer's values and gradients for a part of a batch.

use std::ops::Range;

use super::attention::{self, Slots};
use super::norm;
use super::shape::{Seating, Shape, Weights};
use crate::kernel::buffer::Buffer;
use crate::kernel::matrix::{View, add_rows, multiply};
use crate::kernel::split;
use crate::lanes::in_lanes;
use crate::sigmoid::value as sigmoid;

/// What the values of a part are made from, kept for its gradients.
#[derive(Debug)]
pub struct Kept {
    /// Factors of the first normalisation, `[N]`.
    attention_inverses: Buffer,
    /// Queries and keys, turned, and values, `[N, queries + 2 keys]`.
    pub inner: Buffer,
    /// Queries and keys before their normalisation, where there is one, `[N, queries + keys]`.
    pub raw: Buffer,
    /// Its factors, `[N, heads + key heads]`.
    pub inverses: Buffer,
    /// Weights of attention, `[sequences, heads, T, S]`.
    pub weights: Buffer,
    /// What the heads read, `[N, queries]`.
    read: Buffer,
    /// The residual stream after attention, `[N, width]`.
    middle: Buffer,
    /// Factors of the second normalisation, `[N]`.
    feed_inverses: Buffer,
    /// `[N, 2 hidden]`.
    gate_up: Buffer,
}

impl Kept {
    /// For a part of `sequences` sequences.
    pub fn new(shape: &Shape, seating: &Seating, sequences: usize) -> Self {
        let tokens = sequences * seating.length;
        let space = |width: usize| Buffer::new(tokens * width);
        let [raw, inverses] = match shape.normalised {
            true => [shape.queries() + shape.keys(), shape.heads + shape.key_heads],
            false => [0, 0],
        };
        Self {
            attention_inverses: space(1),
            inner: space(shape.inner()),
            raw: space(raw),
            inverses: space(inverses),
            weights: space(shape.heads * seating.slots),
            read: space(shape.queries()),
            middle: space(shape.width),
            feed_inverses: space(1),
            gate_up: space(2 * shape.hidden),
        }
    }
}

/// Keys and values of a part's sequences in a cache, `[sequences, capacity, keys]` each.
pub struct Memory<'a> {
    pub keys: &'a mut [f32],
    pub values: &'a mut [f32],
    pub capacity: usize,
}

/// Space for what is used at once and never again.
pub struct Scratch {
    normal: Buffer,
    hidden: Buffer,
}

impl Scratch {
    /// For a part of `sequences` sequences.
    pub fn new(shape: &Shape, seating: &Seating, sequences: usize) -> Self {
        let tokens = sequences * seating.length;
        Self { normal: Buffer::new(tokens * shape.width), hidden: Buffer::new(tokens * shape.hidden) }
    }
}

/// Turns the `state [N, width]` of the sequences of `part` into that behind the layer.
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn forward(
    shape: &Shape,
    weights: &Weights<'_>,
    seating: &Seating,
    part: Range<usize>,
    state: &mut [f32],
    memory: Option<&mut Memory<'_>>,
    kept: &mut Kept,
    scratch: &mut Scratch,
) {
    let Shape { width, hidden, .. } = *shape;
    let (tokens, inner, queries) = (part.len() * seating.length, shape.inner(), shape.queries());
    let normal = &mut scratch.normal;
    norm::forward(state, weights.attention_norm, shape.epsilon, &mut kept.attention_inverses, normal);
    if shape.bias {
        kept.inner.chunks_exact_mut(inner).for_each(|row| row.copy_from_slice(weights.bias));
    }
    let matrix = View::new(weights.query_key_value, width, inner);
    multiply(&mut kept.inner, inner, View::new(normal, tokens, width), matrix, shape.bias);
    let Kept { raw, inverses, .. } = kept;
    attention::turn(shape, weights, seating, part.clone(), &mut kept.inner, raw, inverses);
    let all = &kept.inner;
    let (keys, values) = match memory {
        None => {
            let slots =
                |start| Slots { values: &all[start..], sequence: seating.length * inner, slot: inner };
            (slots(queries), slots(queries + shape.keys()))
        }
        Some(memory) => remember(shape, seating, all, memory),
    };
    attention::read(shape, seating, part, all, keys, values, &mut kept.weights, &mut kept.read);
    let matrix = View::new(weights.output, queries, width);
    multiply(state, width, View::new(&kept.read, tokens, queries), matrix, true);
    kept.middle.copy_from_slice(state);
    norm::forward(state, weights.feed_norm, shape.epsilon, &mut kept.feed_inverses, normal);
    let matrix = View::new(weights.gate_up, width, 2 * hidden);
    multiply(&mut kept.gate_up, 2 * hidden, View::new(normal, tokens, width), matrix, false);
    gate(&kept.gate_up, hidden, &mut scratch.hidden);
    let matrix = View::new(weights.down, hidden, width);
    multiply(state, width, View::new(&scratch.hidden, tokens, hidden), matrix, true);
}

/// Writes keys and values of the part's tokens behind those in the cache and returns all of them.
fn remember<'a>(
    shape: &Shape,
    seating: &Seating,
    inner: &[f32],
    memory: &'a mut Memory<'_>,
) -> (Slots<'a>, Slots<'a>) {
    let (keys, queries) = (shape.keys(), shape.queries());
    let sequence = memory.capacity * keys;
    for (token, row) in inner.chunks_exact(shape.inner()).enumerate() {
        let slot = seating.slots - seating.length + token % seating.length;
        let place = token / seating.length * sequence + slot * keys;
        memory.keys[place..place + keys].copy_from_slice(&row[queries..queries + keys]);
        memory.values[place..place + keys].copy_from_slice(&row[queries + keys..]);
    }
    let slots = |values: &'a [f32]| Slots { values, sequence, slot: keys };
    (slots(memory.keys), slots(memory.values))
}

in_lanes! {
    /// silu(gate) times the other factor.
    pub fn gate(gate_up: &[f32], hidden: usize, out: &mut [f32]) {
        for (row, out) in gate_up.chunks_exact(2 * hidden).zip(out.chunks_exact_mut(hidden)) {
            let (gate, up) = row.split_at(hidden);
            let up = &up[..hidden];
            for index in 0..hidden {
                out[index] = gate[index] * sigmoid(gate[index]) * up[index];
            }
        }
    }

    /// Gradients of both factors, into `out`, from that of their product.
    fn gate_backward(gate_up: &[f32], hidden: usize, gradient: &[f32], out: &mut [f32]) {
        let rows = gate_up.chunks_exact(2 * hidden).zip(gradient.chunks_exact(hidden));
        for ((row, gradient), out) in rows.zip(out.chunks_exact_mut(2 * hidden)) {
            let (gate, up) = row.split_at(hidden);
            let (gate_out, up_out) = out.split_at_mut(hidden);
            let (up, up_out) = (&up[..hidden], &mut up_out[..hidden]);
            for index in 0..hidden {
                let share = sigmoid(gate[index]);
                up_out[index] = gradient[index] * gate[index] * share;
                let slope = share * (1.0 + gate[index] * (1.0 - share));
                gate_out[index] = gradient[index] * up[index] * slope;
            }
        }
    }
}

/// Adds the gradients of the weights to `sums`, in the order of [`Shape::sizes`], and turns `gradient`
/// of what is behind the layer into that of `input` for the sequences of `part`, which had no cache.
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn backward(
    shape: &Shape,
    weights: &Weights<'_>,
    seating: &Seating,
    part: Range<usize>,
    input: &[f32],
    kept: &Kept,
    gradient: &mut [f32],
    sums: &mut [f32],
) {
    let Shape { width, hidden, .. } = *shape;
    let (tokens, inner, queries) = (part.len() * seating.length, shape.inner(), shape.queries());
    let [attention_norm, query_key_value, bias, query_norm, key_norm, output, feed_norm, gate_up, down] =
        split(sums, shape.sizes());
    let mut wide = Buffer::new(tokens * hidden);
    let mut both = Buffer::new(tokens * 2 * hidden);
    let mut normal = Buffer::new(tokens * width);
    let mut normal_gradient = Buffer::new(tokens * width);

    gate(&kept.gate_up, hidden, &mut wide);
    let last = View::new(gradient, tokens, width);
    multiply(down, width, View::new(&wide, tokens, hidden).transposed(), last, true);
    multiply(&mut wide, hidden, last, View::new(weights.down, hidden, width).transposed(), false);
    gate_backward(&kept.gate_up, hidden, &wide, &mut both);
    norm::again(&kept.middle, weights.feed_norm, &kept.feed_inverses, &mut normal);
    let both = View::new(&both, tokens, 2 * hidden);
    multiply(gate_up, 2 * hidden, View::new(&normal, tokens, width).transposed(), both, true);
    let matrix = View::new(weights.gate_up, width, 2 * hidden).transposed();
    multiply(&mut normal_gradient, width, both, matrix, false);
    let (gain, inverses) = (weights.feed_norm, &kept.feed_inverses);
    norm::backward(&kept.middle, gain, inverses, &normal_gradient, feed_norm, gradient);

    let middle = View::new(gradient, tokens, width);
    multiply(output, width, View::new(&kept.read, tokens, queries).transposed(), middle, true);
    let mut read = Buffer::new(tokens * queries);
    let matrix = View::new(weights.output, queries, width).transposed();
    multiply(&mut read, queries, middle, matrix, false);
    let mut inner_gradient = Buffer::new(tokens * inner);
    let norms = [query_norm, key_norm];
    attention::backward(shape, weights, seating, part, kept, &read, norms, &mut inner_gradient);
    if shape.bias {
        add_rows(bias, &inner_gradient);
    }
    norm::again(input, weights.attention_norm, &kept.attention_inverses, &mut normal);
    let inner_gradient = View::new(&inner_gradient, tokens, inner);
    let normal = View::new(&normal, tokens, width).transposed();
    multiply(query_key_value, inner, normal, inner_gradient, true);
    let matrix = View::new(weights.query_key_value, width, inner).transposed();
    multiply(&mut normal_gradient, width, inner_gradient, matrix, false);
    let (gain, inverses) = (weights.attention_norm, &kept.attention_inverses);
    norm::backward(input, gain, inverses, &normal_gradient, attention_norm, gradient);
}
