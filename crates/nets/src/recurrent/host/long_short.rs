//! Long short-term memory. A step keeps its gates i, f, g and o behind their non-linearities, and beside
//! them tanh(c').

use super::pass::{Kept, add_product, hand_back};
use super::shape::{Shape, Step, Weights};
use crate::kernel::matrix::View;
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
    finish(step, &kept.before, &mut kept.gates, &mut kept.extra, states);
}

/// Gradients of one step: those of the input's products into `projected`, and that of the state before
/// it into `carried`, which holds what the later steps hand back.
pub fn backward(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    kept: &Kept,
    gradient: &[f32],
    projected: &mut [f32],
    carried: &mut [f32],
) {
    let width = shape.gates();
    slopes(shape.step(time), kept, gradient, projected, carried);
    let gates = View::strided(&projected[time * width..], shape.rows, width, shape.length * width);
    hand_back(shape, weights, gates, 0, carried);
}

// In each loop one array is written and few are read, as in the gated units.
in_lanes! {
    /// The gates and the new state.
    fn finish(step: Step, before: &[f32], gates: &mut [f32], extra: &mut [f32], states: &mut [f32]) {
        let hidden = step.hidden;
        for row in 0..step.rows {
            let [first, new, read] = split(&mut gates[step.of(row, 4 * hidden)], [2 * hidden, hidden, hidden]);
            first.iter_mut().chain(read.iter_mut()).for_each(|gate| *gate = sigmoid(*gate));
            new.iter_mut().for_each(|new| *new = tanh(*new));
            let (write, forget) = first.split_at(hidden);
            let before = &before[step.of(row, 2 * hidden)][hidden..];
            let [output, cell] = split(&mut states[step.of(row, 2 * hidden)], [hidden; 2]);
            for index in 0..hidden {
                cell[index] = forget[index] * before[index] + write[index] * new[index];
            }
            let squashed = &mut extra[step.of(row, hidden)];
            for index in 0..hidden {
                squashed[index] = tanh(cell[index]);
            }
            for index in 0..hidden {
                output[index] = read[index] * squashed[index];
            }
        }
    }

    fn slopes(step: Step, kept: &Kept, gradient: &[f32], projected: &mut [f32], carried: &mut [f32]) {
        let hidden = step.hidden;
        for (row, carried) in carried.chunks_exact_mut(2 * hidden).enumerate() {
            let before = &kept.before[step.of(row, 2 * hidden)][hidden..];
            let squashed = &kept.extra[step.of(row, hidden)];
            let (write, rest) = kept.gates[step.of(row, 4 * hidden)].split_at(hidden);
            let (forget, rest) = rest.split_at(hidden);
            let (new, read) = rest.split_at(hidden);
            let [to_write, to_forget, to_new, to_read] =
                split(&mut projected[step.of(row, 4 * hidden)], [hidden; 4]);
            let gradient = &gradient[step.of(row, 2 * hidden)];
            for index in 0..2 * hidden {
                carried[index] += gradient[index];
            }
            let (output, cell) = carried.split_at_mut(hidden);
            for index in 0..hidden {
                to_read[index] = output[index] * squashed[index] * read[index] * (1.0 - read[index]);
            }
            for index in 0..hidden {
                cell[index] += output[index] * read[index] * (1.0 - squashed[index] * squashed[index]);
            }
            for index in 0..hidden {
                to_write[index] = cell[index] * new[index] * write[index] * (1.0 - write[index]);
            }
            for index in 0..hidden {
                to_forget[index] = cell[index] * before[index] * forget[index] * (1.0 - forget[index]);
            }
            for index in 0..hidden {
                to_new[index] = cell[index] * write[index] * (1.0 - new[index] * new[index]);
            }
            for index in 0..hidden {
                cell[index] *= forget[index];
            }
            output.fill(0.0);
        }
    }
}
