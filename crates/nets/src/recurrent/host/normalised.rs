//! Dreamer's gated recurrent unit. A step keeps the sum of its products, centred and divided by its
//! standard deviation, and beside it r, u, n and the reciprocal of that deviation.

use super::super::{NORM_EPSILON, UPDATE_BIAS};
use super::pass::{Kept, add_product, hand_back};
use super::shape::{Shape, Step, Weights};
use crate::kernel::matrix::{View, add_scaled, dot, sum};
use crate::kernel::split;
use crate::lanes::in_lanes;
use crate::sigmoid::value as sigmoid;
use crate::tanh::approximate as tanh;

/// One step.
pub fn forward(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    projected: &[f32],
    kept: &mut Kept,
    states: &mut [f32],
) {
    let (step, width) = (shape.step(time), shape.gates());
    for row in 0..shape.rows {
        kept.gates[step.of(row, width)].copy_from_slice(&projected[step.of(row, width)]);
    }
    add_product(shape, weights, time, &kept.before, 0..width, &mut kept.gates);
    finish(step, weights, &kept.before, &mut kept.gates, &mut kept.extra, states);
}

/// Gradients of one step: those of the input's products into `projected`, that of the state before it
/// into `carried`, which holds what the later steps hand back, and those of gain and offset are added
/// to `norm`.
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn backward(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    kept: &Kept,
    gradient: &[f32],
    projected: &mut [f32],
    carried: &mut [f32],
    norm: [&mut [f32]; 2],
) {
    let width = shape.gates();
    slopes(shape.step(time), weights, kept, gradient, projected, carried, norm);
    let gates = View::strided(&projected[time * width..], shape.rows, width, shape.length * width);
    hand_back(shape, weights, gates, 0, carried);
}

// In each loop one array is written and few are read, as in the gated units without normalisation.
in_lanes! {
    /// Normalises the sums and computes the new state.
    fn finish(
        step: Step,
        weights: &Weights<'_>,
        before: &[f32],
        sums: &mut [f32],
        extra: &mut [f32],
        states: &mut [f32],
    ) {
        let (hidden, width) = (step.hidden, 3 * step.hidden);
        let (gain, offset) = (&weights.gain[..width], &weights.offset[..width]);
        for row in 0..step.rows {
            let normal = &mut sums[step.of(row, width)];
            let mean = sum(normal) / width as f32;
            normal.iter_mut().for_each(|value| *value -= mean);
            let inverse = 1.0 / (dot(normal, normal) / width as f32 + NORM_EPSILON as f32).sqrt();
            normal.iter_mut().for_each(|value| *value *= inverse);
            let (gates, kept_inverse) = extra[step.of(row, width + 1)].split_at_mut(width);
            kept_inverse[0] = inverse;
            for index in 0..width {
                gates[index] = normal[index] * gain[index] + offset[index];
            }
            let [reset, update, new] = split(gates, [hidden; 3]);
            reset.iter_mut().for_each(|reset| *reset = sigmoid(*reset));
            update.iter_mut().for_each(|update| *update = sigmoid(*update + UPDATE_BIAS as f32));
            for index in 0..hidden {
                new[index] = tanh(reset[index] * new[index]);
            }
            let (before, state) = (&before[step.of(row, hidden)], &mut states[step.of(row, hidden)]);
            for index in 0..hidden {
                state[index] = before[index] + update[index] * (new[index] - before[index]);
            }
        }
    }

    /// With the gradient d of the normal numbers y, that of the sums is i (d - mean d - y mean(d y)),
    /// where i is the reciprocal of their standard deviation.
    fn slopes(
        step: Step,
        weights: &Weights<'_>,
        kept: &Kept,
        gradient: &[f32],
        projected: &mut [f32],
        carried: &mut [f32],
        norm: [&mut [f32]; 2],
    ) {
        let (hidden, width) = (step.hidden, 3 * step.hidden);
        let [to_gain, to_offset] = norm;
        let (gain, offset) = (&weights.gain[..width], &weights.offset[..width]);
        for (row, carried) in carried.chunks_exact_mut(hidden).enumerate() {
            let normal = &kept.gates[step.of(row, width)];
            let slopes = &mut projected[step.of(row, width)];
            slopes_of_gates(step, row, kept, [gain, offset], gradient, slopes, carried);
            for index in 0..width {
                to_gain[index] += slopes[index] * normal[index];
            }
            add_scaled(to_offset, 1.0, slopes);
            for index in 0..width {
                slopes[index] *= gain[index];
            }
            let inverse = kept.extra[step.of(row, width + 1)][width];
            let mean = sum(slopes) / width as f32;
            let along = dot(slopes, normal) / width as f32;
            for (slope, normal) in slopes.iter_mut().zip(normal) {
                *slope = inverse * (*slope - mean - normal * along);
            }
        }
    }
}

/// Gradients of what the gates read, into `slopes`, and of the state before, into `carried`.
#[inline(always)]
fn slopes_of_gates(
    step: Step,
    row: usize,
    kept: &Kept,
    [gain, offset]: [&[f32]; 2],
    gradient: &[f32],
    slopes: &mut [f32],
    carried: &mut [f32],
) {
    let (hidden, width) = (step.hidden, 3 * step.hidden);
    let (gradient, before) = (&gradient[step.of(row, hidden)], &kept.before[step.of(row, hidden)]);
    let (reset, rest) = kept.extra[step.of(row, width + 1)].split_at(hidden);
    let (update, rest) = rest.split_at(hidden);
    let new = &rest[..hidden];
    let normal = &kept.gates[step.of(row, width)][2 * hidden..];
    let (gain, offset) = (&gain[2 * hidden..], &offset[2 * hidden..]);
    let carried = &mut carried[..hidden];
    let [to_reset, to_update, to_new] = split(slopes, [hidden; 3]);
    for index in 0..hidden {
        carried[index] += gradient[index];
    }
    for index in 0..hidden {
        let slope = update[index] * (1.0 - update[index]);
        to_update[index] = carried[index] * (new[index] - before[index]) * slope;
    }
    for index in 0..hidden {
        to_new[index] = carried[index] * update[index] * (1.0 - new[index] * new[index]);
    }
    for index in 0..hidden {
        let candidate = normal[index] * gain[index] + offset[index];
        to_reset[index] = to_new[index] * candidate * reset[index] * (1.0 - reset[index]);
    }
    for index in 0..hidden {
        to_new[index] *= reset[index];
    }
    for index in 0..hidden {
        carried[index] *= 1.0 - update[index];
    }
}
