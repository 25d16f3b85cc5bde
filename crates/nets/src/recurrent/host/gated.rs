//! Gated recurrent units without normalisation. A step keeps its gates r, z and n (behind the product,
//! h_n + c in the place of n, which is kept beside them).

use super::pass::{Kept, add_product, hand_back};
use super::shape::{Shape, Step, Weights};
use crate::kernel::buffer::Buffer;
use crate::kernel::matrix::{View, multiply};
use crate::kernel::split;
use crate::lanes::in_lanes;
use crate::sigmoid::value as sigmoid;
use crate::tanh::approximate as tanh;

/// One step with the reset gate behind the product.
pub fn reset_after(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    projected: &[f32],
    kept: &mut Kept,
    states: &mut [f32],
) {
    let (step, hidden, width) = (shape.step(time), shape.hidden, shape.gates());
    for row in 0..shape.rows {
        let gates = &mut kept.gates[step.of(row, width)];
        gates.copy_from_slice(&projected[step.of(row, width)]);
        gates[2 * hidden..].copy_from_slice(weights.candidate);
    }
    add_product(shape, weights, time, &kept.before, 0..width, &mut kept.gates);
    finish_after(step, projected, &kept.before, &mut kept.gates, &mut kept.extra, states);
}

/// One step with the reset gate before the product.
pub fn reset_before(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    projected: &[f32],
    kept: &mut Kept,
    states: &mut [f32],
) {
    let (step, hidden, width) = (shape.step(time), shape.hidden, shape.gates());
    for row in 0..shape.rows {
        kept.gates[step.of(row, width)].copy_from_slice(&projected[step.of(row, width)]);
    }
    add_product(shape, weights, time, &kept.before, 0..2 * hidden, &mut kept.gates);
    reset(step, &kept.before, &mut kept.gates, &mut kept.extra);
    let factors = View::strided(&kept.extra[time * hidden..], shape.rows, hidden, shape.length * hidden);
    let weight = View::strided(&weights.recurrent[2 * hidden..], hidden, hidden, width);
    let candidates = &mut kept.gates[time * width + 2 * hidden..];
    multiply(candidates, shape.length * width, factors, weight, true);
    finish_before(step, &kept.before, &mut kept.gates, states);
}

// In each loop one array is written and few are read: with more, the compiler cannot rule out that they
// overlap and computes number by number.
in_lanes! {
    /// r, z, n and the new state; n goes into `extra`.
    fn finish_after(
        step: Step,
        projected: &[f32],
        before: &[f32],
        gates: &mut [f32],
        extra: &mut [f32],
        states: &mut [f32],
    ) {
        let hidden = step.hidden;
        for row in 0..step.rows {
            let input = &projected[step.of(row, 3 * hidden)][2 * hidden..];
            let (gates, inner) = gates[step.of(row, 3 * hidden)].split_at_mut(2 * hidden);
            gates.iter_mut().for_each(|gate| *gate = sigmoid(*gate));
            let (reset, keep) = gates.split_at(hidden);
            let new = &mut extra[step.of(row, hidden)];
            for index in 0..hidden {
                new[index] = tanh(input[index] + reset[index] * inner[index]);
            }
            interpolate(&before[step.of(row, hidden)], keep, new, &mut states[step.of(row, hidden)]);
        }
    }

    /// r and z, and r h into `extra`.
    fn reset(step: Step, before: &[f32], gates: &mut [f32], extra: &mut [f32]) {
        let hidden = step.hidden;
        for row in 0..step.rows {
            let gates = &mut gates[step.of(row, 3 * hidden)][..2 * hidden];
            gates.iter_mut().for_each(|gate| *gate = sigmoid(*gate));
            let (reset, before) = (&gates[..hidden], &before[step.of(row, hidden)]);
            let inner = &mut extra[step.of(row, hidden)];
            for index in 0..hidden {
                inner[index] = reset[index] * before[index];
            }
        }
    }

    /// n and the new state.
    fn finish_before(step: Step, before: &[f32], gates: &mut [f32], states: &mut [f32]) {
        let hidden = step.hidden;
        for row in 0..step.rows {
            let [_, keep, new] = split(&mut gates[step.of(row, 3 * hidden)], [hidden; 3]);
            new.iter_mut().for_each(|new| *new = tanh(*new));
            interpolate(&before[step.of(row, hidden)], keep, new, &mut states[step.of(row, hidden)]);
        }
    }
}

/// (1 - z) n + z h.
#[inline(always)]
fn interpolate(before: &[f32], keep: &[f32], new: &[f32], state: &mut [f32]) {
    let hidden = state.len();
    let (before, keep, new) = (&before[..hidden], &keep[..hidden], &new[..hidden]);
    for index in 0..hidden {
        state[index] = new[index] + keep[index] * (before[index] - new[index]);
    }
}

/// Gradients of one step: those of the input's products into `projected`, that of h_n into `inner`,
/// and that of the state before it into `carried`, which holds what the later steps hand back.
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn reset_after_back(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    kept: &Kept,
    gradient: &[f32],
    projected: &mut [f32],
    inner: &mut [f32],
    carried: &mut [f32],
) {
    let (hidden, rows, length) = (shape.hidden, shape.rows, shape.length);
    slopes_after(shape.step(time), kept, gradient, projected, inner, carried);
    let gates = View::strided(&projected[time * 3 * hidden..], rows, 2 * hidden, length * 3 * hidden);
    hand_back(shape, weights, gates, 0, carried);
    let candidates = View::strided(&inner[time * hidden..], rows, hidden, length * hidden);
    hand_back(shape, weights, candidates, 2 * hidden, carried);
}

/// The same with the reset gate before the product.
pub fn reset_before_back(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    kept: &Kept,
    gradient: &[f32],
    projected: &mut [f32],
    carried: &mut [f32],
) {
    let (hidden, rows, width) = (shape.hidden, shape.rows, 3 * shape.hidden);
    let stride = shape.length * width;
    slopes_before(shape.step(time), kept, gradient, projected, carried);
    let mut product = Buffer::new(rows * hidden);
    product.fill(0.0);
    let candidates = View::strided(&projected[time * width + 2 * hidden..], rows, hidden, stride);
    hand_back(shape, weights, candidates, 2 * hidden, &mut product);
    slopes_of_reset(shape.step(time), kept, &product, projected, carried);
    let gates = View::strided(&projected[time * width..], rows, 2 * hidden, stride);
    hand_back(shape, weights, gates, 0, carried);
}

in_lanes! {
    fn slopes_after(
        step: Step,
        kept: &Kept,
        gradient: &[f32],
        projected: &mut [f32],
        inner: &mut [f32],
        carried: &mut [f32],
    ) {
        let hidden = step.hidden;
        for (row, carried) in carried.chunks_exact_mut(hidden).enumerate() {
            let (reset, rest) = kept.gates[step.of(row, 3 * hidden)].split_at(hidden);
            let (keep, product) = rest.split_at(hidden);
            let new = &kept.extra[step.of(row, hidden)];
            let before = &kept.before[step.of(row, hidden)];
            let [to_reset, to_keep, to_new] = split(&mut projected[step.of(row, 3 * hidden)], [hidden; 3]);
            let gradient = &gradient[step.of(row, hidden)];
            slopes_of_interpolation(before, keep, new, gradient, carried, to_keep, to_new);
            for index in 0..hidden {
                to_reset[index] = to_new[index] * product[index] * reset[index] * (1.0 - reset[index]);
            }
            let to_product = &mut inner[step.of(row, hidden)];
            for index in 0..hidden {
                to_product[index] = to_new[index] * reset[index];
            }
        }
    }

    fn slopes_before(
        step: Step,
        kept: &Kept,
        gradient: &[f32],
        projected: &mut [f32],
        carried: &mut [f32],
    ) {
        let hidden = step.hidden;
        for (row, carried) in carried.chunks_exact_mut(hidden).enumerate() {
            let (keep, new) = kept.gates[step.of(row, 3 * hidden)][hidden..].split_at(hidden);
            let before = &kept.before[step.of(row, hidden)];
            let [_, to_keep, to_new] = split(&mut projected[step.of(row, 3 * hidden)], [hidden; 3]);
            let gradient = &gradient[step.of(row, hidden)];
            slopes_of_interpolation(before, keep, new, gradient, carried, to_keep, to_new);
        }
    }

    /// From the gradient of r h that of r, and adds that of h.
    fn slopes_of_reset(
        step: Step,
        kept: &Kept,
        product: &[f32],
        projected: &mut [f32],
        carried: &mut [f32],
    ) {
        let hidden = step.hidden;
        let rows = carried.chunks_exact_mut(hidden).zip(product.chunks_exact(hidden));
        for (row, (carried, product)) in rows.enumerate() {
            let before = &kept.before[step.of(row, hidden)];
            let reset = &kept.gates[step.of(row, 3 * hidden)][..hidden];
            let to_reset = &mut projected[step.of(row, 3 * hidden)][..hidden];
            for index in 0..hidden {
                to_reset[index] = product[index] * before[index] * reset[index] * (1.0 - reset[index]);
            }
            for index in 0..hidden {
                carried[index] += product[index] * reset[index];
            }
        }
    }
}

/// Gradients of the inputs of z and n, and of h, from that of the new state: `gradient` plus `carried`.
#[inline(always)]
fn slopes_of_interpolation(
    before: &[f32],
    keep: &[f32],
    new: &[f32],
    gradient: &[f32],
    carried: &mut [f32],
    to_keep: &mut [f32],
    to_new: &mut [f32],
) {
    let hidden = carried.len();
    let (before, keep, new) = (&before[..hidden], &keep[..hidden], &new[..hidden]);
    let (gradient, to_keep, to_new) = (&gradient[..hidden], &mut to_keep[..hidden], &mut to_new[..hidden]);
    for index in 0..hidden {
        carried[index] += gradient[index];
    }
    for index in 0..hidden {
        let slope = keep[index] * (1.0 - keep[index]);
        to_keep[index] = carried[index] * (before[index] - new[index]) * slope;
    }
    for index in 0..hidden {
        to_new[index] = carried[index] * (1.0 - keep[index]) * (1.0 - new[index] * new[index]);
    }
    for index in 0..hidden {
        carried[index] *= keep[index];
    }
}
