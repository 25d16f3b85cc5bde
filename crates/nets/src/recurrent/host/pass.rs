//! Values and gradients of all steps of some sequences.

use super::super::Cell;
use super::shape::{Shape, Weights};
use super::{gated, long_short, normalised};
use crate::kernel::buffer::Buffer;
use crate::kernel::matrix::{View, add_rows, multiply};

/// What the states are made from, kept for their gradients.
#[derive(Debug)]
pub struct Kept {
    /// States before every step, after new beginnings, `[rows, T, S]`.
    pub before: Buffer,
    /// Gates, `[rows, T, gates H]`, in the form that each cell's gradients need.
    pub gates: Buffer,
    /// `[rows, T, extra]`.
    pub extra: Buffer,
}

impl Kept {
    fn new(shape: &Shape) -> Self {
        let space = |width: usize| Buffer::new(shape.rows * shape.length * width);
        Self { before: space(shape.state()), gates: space(shape.gates()), extra: space(shape.extra()) }
    }
}

/// Writes the state after every step into `states [rows, T, S]`.
pub fn forward(
    shape: &Shape,
    weights: &Weights<'_>,
    projected: &[f32],
    begins: &[bool],
    first: &[f32],
    states: &mut [f32],
) -> Kept {
    let mut kept = Kept::new(shape);
    for time in 0..shape.length {
        carry(shape, weights, time, begins, first, states, &mut kept.before);
        match shape.cell {
            Cell::Gru => gated::reset_after(shape, weights, time, projected, &mut kept, states),
            Cell::GruResetBefore => gated::reset_before(shape, weights, time, projected, &mut kept, states),
            Cell::GruNormalised => normalised::forward(shape, weights, time, projected, &mut kept, states),
            Cell::Lstm => long_short::forward(shape, weights, time, projected, &mut kept, states),
        }
    }
    kept
}

/// Fetches the state that the step begins with: the initial one where a sequence begins anew.
fn carry(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    begins: &[bool],
    first: &[f32],
    states: &[f32],
    before: &mut [f32],
) {
    let size = shape.state();
    for row in 0..shape.rows {
        let out = &mut before[shape.step(time).of(row, size)];
        if begins[row * shape.length + time] {
            match weights.start.is_empty() {
                true => out.fill(0.0),
                false => out.copy_from_slice(weights.start),
            }
        } else {
            out.copy_from_slice(match time {
                0 => &first[row * size..][..size],
                _ => &states[shape.step(time - 1).of(row, size)],
            });
        }
    }
}

/// Adds the outputs h among the states before a step, times some columns of U, to columns of the
/// `gates`: those of `columns`.
pub fn add_product(
    shape: &Shape,
    weights: &Weights<'_>,
    time: usize,
    before: &[f32],
    columns: std::ops::Range<usize>,
    gates: &mut [f32],
) {
    let (hidden, width, size) = (shape.hidden, shape.gates(), shape.state());
    let state = View::strided(&before[time * size..], shape.rows, hidden, shape.length * size);
    let weight = View::strided(&weights.recurrent[columns.start..], hidden, columns.len(), width);
    multiply(&mut gates[time * width + columns.start..], shape.length * width, state, weight, true);
}

/// From the gradient of the states writes that of the input's products and of the first states, and
/// adds those of the arrays to `sums`, in the order of [`Weights`].
#[expect(clippy::too_many_arguments, reason = "the operands of one operation")]
pub fn backward(
    shape: &Shape,
    weights: &Weights<'_>,
    begins: &[bool],
    kept: &Kept,
    gradient: &[f32],
    projected: &mut [f32],
    first: &mut [f32],
    sums: [&mut [f32]; super::ARRAYS],
) {
    let [recurrent, candidate, gain, offset, start] = sums;
    // What the later steps hand back to the state before them; in the end that of the first state.
    first.fill(0.0);
    let extra = if shape.cell == Cell::Gru { shape.hidden } else { 0 };
    let mut inner = Buffer::new(shape.rows * shape.length * extra);
    for time in (0..shape.length).rev() {
        match shape.cell {
            Cell::Gru => {
                gated::reset_after_back(shape, weights, time, kept, gradient, projected, &mut inner, first)
            }
            Cell::GruResetBefore => {
                gated::reset_before_back(shape, weights, time, kept, gradient, projected, first);
            }
            Cell::GruNormalised => {
                let norm = [&mut *gain, &mut *offset];
                normalised::backward(shape, weights, time, kept, gradient, projected, first, norm);
            }
            Cell::Lstm => long_short::backward(shape, weights, time, kept, gradient, projected, first),
        }
        for (row, carried) in first.chunks_exact_mut(shape.state()).enumerate() {
            if begins[row * shape.length + time] {
                start.iter_mut().zip(&*carried).for_each(|(sum, value)| *sum += value);
                carried.fill(0.0);
            }
        }
    }
    let (hidden, state, gates) = (shape.hidden, shape.state(), shape.gates());
    let steps = shape.rows * shape.length;
    let products = |first: usize, count: usize| View::strided(&projected[first..], steps, count, gates);
    let outputs = View::strided(&kept.before, steps, hidden, state);
    match shape.cell {
        Cell::Gru => {
            add_weights(shape, outputs, products(0, 2 * hidden), 0, recurrent);
            add_weights(shape, outputs, View::new(&inner, steps, hidden), 2 * hidden, recurrent);
            add_rows(candidate, &inner);
        }
        Cell::GruResetBefore => {
            let reset = View::new(&kept.extra, steps, hidden);
            add_weights(shape, outputs, products(0, 2 * hidden), 0, recurrent);
            add_weights(shape, reset, products(2 * hidden, hidden), 2 * hidden, recurrent);
        }
        Cell::GruNormalised | Cell::Lstm => {
            add_weights(shape, outputs, products(0, gates), 0, recurrent);
        }
    }
}

/// Adds the gradient of columns of U from `column` on: `factors [steps, H]`, which they were multiplied
/// by, times the gradient of the products.
fn add_weights(shape: &Shape, factors: View<'_>, products: View<'_>, column: usize, recurrent: &mut [f32]) {
    multiply(&mut recurrent[column..], shape.gates(), factors.transposed(), products, true);
}

/// Adds to `carried [rows, S]`, the gradient of the states before a step, what comes through their
/// products with columns of U from `column` on, whose gradient is `products [rows, columns]`.
pub fn hand_back(
    shape: &Shape,
    weights: &Weights<'_>,
    products: View<'_>,
    column: usize,
    carried: &mut [f32],
) {
    let (count, width) = (products.columns(), shape.gates());
    let weight = View::strided(&weights.recurrent[column..], shape.hidden, count, width);
    multiply(carried, shape.state(), products, weight.transposed(), true);
}
