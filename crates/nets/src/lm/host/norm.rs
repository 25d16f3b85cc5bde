//! Division by the root mean square, row by row.

use crate::kernel::matrix::{dot, dot3};
use crate::lanes::in_lanes;

in_lanes! {
    /// Writes x / sqrt(mean x² + epsilon) times the gain of every row of `input` into `out`, and
    /// the factor 1 / sqrt(..) of every row into `inverses`.
    pub fn forward(input: &[f32], gain: &[f32], epsilon: f32, inverses: &mut [f32], out: &mut [f32]) {
        let width = gain.len();
        let rows = input.chunks_exact(width).zip(out.chunks_exact_mut(width));
        for ((row, out), inverse) in rows.zip(inverses) {
            *inverse = factor(row, epsilon);
            scale(row, gain, *inverse, out);
        }
    }
}

#[inline(always)]
pub fn factor(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt()
}

#[inline(always)]
pub fn scale(row: &[f32], gain: &[f32], inverse: f32, out: &mut [f32]) {
    for ((out, x), gain) in out.iter_mut().zip(row).zip(gain) {
        *out = x * inverse * gain;
    }
}

in_lanes! {
    /// What [`forward`] wrote, again.
    pub fn again(input: &[f32], gain: &[f32], inverses: &[f32], out: &mut [f32]) {
        let width = gain.len();
        let rows = input.chunks_exact(width).zip(out.chunks_exact_mut(width));
        for ((row, out), inverse) in rows.zip(inverses) {
            scale(row, gain, *inverse, out);
        }
    }
}

in_lanes! {
    /// Adds the gradient of the input to `input_gradient` and that of the gain to `gain_gradient`, from
    /// that of the output, `gradient`.
    pub fn backward(
        input: &[f32],
        gain: &[f32],
        inverses: &[f32],
        gradient: &[f32],
        gain_gradient: &mut [f32],
        input_gradient: &mut [f32],
    ) {
        let width = gain.len();
        let rows = input.chunks_exact(width).zip(gradient.chunks_exact(width));
        let rows = rows.zip(input_gradient.chunks_exact_mut(width)).zip(inverses);
        for (((row, gradient), out), inverse) in rows {
            backward_row(row, gain, *inverse, gradient, gain_gradient, out);
        }
    }
}

/// The same of one row: with n = x i and the gradient d of n, that of x is i (d - n mean(d n)).
#[inline(always)]
pub fn backward_row(
    row: &[f32],
    gain: &[f32],
    inverse: f32,
    gradient: &[f32],
    gain_gradient: &mut [f32],
    out: &mut [f32],
) {
    for ((sum, x), gradient) in gain_gradient.iter_mut().zip(row).zip(gradient) {
        *sum += gradient * x * inverse;
    }
    let shared = dot3(gradient, row, gain) * inverse * inverse * inverse / row.len() as f32;
    for (((out, x), gain), gradient) in out.iter_mut().zip(row).zip(gain).zip(gradient) {
        *out += gradient * gain * inverse - x * shared;
    }
}
