//! Products of matrices in host memory.

use gemm::Parallelism;

use crate::lanes::in_lanes;

/// A matrix within a slice.
#[derive(Clone, Copy)]
pub struct View<'a> {
    values: &'a [f32],
    size: [usize; 2],
    strides: [usize; 2],
}

impl<'a> View<'a> {
    /// Whole rows, one after the other.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    /// Rows that begin `stride` elements apart.
    pub fn strided(values: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(reach([rows, columns], [stride, 1]) <= values.len(), "the matrix lies within the slice");
        Self { values, size: [rows, columns], strides: [stride, 1] }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.size[1]
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        let ([rows, columns], [down, right]) = (self.size, self.strides);
        Self { size: [columns, rows], strides: [right, down], ..self }
    }
}

/// Number of elements up to the last one of a matrix.
fn reach(size: [usize; 2], strides: [usize; 2]) -> usize {
    if size.contains(&0) { 0 } else { (size[0] - 1) * strides[0] + (size[1] - 1) * strides[1] + 1 }
}

/// Writes `left right` into `out`, whose rows begin `stride` elements apart, or adds it there.
pub fn multiply(out: &mut [f32], stride: usize, left: View<'_>, right: View<'_>, add: bool) {
    multiply_on(false, out, stride, left, right, add);
}

/// The same, split over the threads where `threads` says so.
pub fn multiply_on(
    threads: bool,
    out: &mut [f32],
    stride: usize,
    left: View<'_>,
    right: View<'_>,
    add: bool,
) {
    let ([rows, inner], [other, columns]) = (left.size, right.size);
    assert_eq!(inner, other, "the inner sizes agree");
    assert!(reach([rows, columns], [stride, 1]) <= out.len(), "the product lies within the slice");
    let stride_of = |view: View<'_>| view.strides.map(|stride| stride as isize);
    let ([left_rows, left_columns], [right_rows, right_columns]) = (stride_of(left), stride_of(right));
    // SAFETY: all three matrices lie within their slices, which was checked above and when the views
    // were made, and `out` overlaps neither operand, being borrowed exclusively.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.as_mut_ptr(),
            1,
            stride as isize,
            add,
            left.values.as_ptr(),
            left_columns,
            left_rows,
            right.values.as_ptr(),
            right_columns,
            right_rows,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            if threads { Parallelism::Rayon(0) } else { Parallelism::None },
        );
    }
}

/// Reduces `count` elements lane by lane, which the compiler turns into vector instructions.
#[inline(always)]
fn lanes(
    count: usize,
    start: f32,
    mut step: impl FnMut(&mut f32, usize),
    join: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut lanes = [start; 16];
    let whole = count / 16 * 16;
    for first in (0..whole).step_by(16) {
        for (lane, value) in lanes.iter_mut().enumerate() {
            step(value, first + lane);
        }
    }
    for index in whole..count {
        step(&mut lanes[index - whole], index);
    }
    lanes.into_iter().fold(start, join)
}

/// Inner product.
#[inline(always)]
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let count = left.len();
    let right = &right[..count];
    lanes(count, 0.0, |sum, index| *sum += left[index] * right[index], |a, b| a + b)
}

/// Sum of the products of three numbers.
#[inline(always)]
pub fn dot3(left: &[f32], middle: &[f32], right: &[f32]) -> f32 {
    let count = left.len();
    let (middle, right) = (&middle[..count], &right[..count]);
    lanes(count, 0.0, |sum, index| *sum += left[index] * middle[index] * right[index], |a, b| a + b)
}

/// Sum of all.
#[inline(always)]
pub fn sum(values: &[f32]) -> f32 {
    lanes(values.len(), 0.0, |sum, index| *sum += values[index], |a, b| a + b)
}

/// The largest, or the least finite number.
#[inline(always)]
pub fn largest(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    lanes(values.len(), f32::MIN, |most, index| *most = larger(*most, values[index]), larger)
}

/// Adds `factor values` to `out`.
#[inline(always)]
pub fn add_scaled(out: &mut [f32], factor: f32, values: &[f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += factor * value;
    }
}

/// Adds `factors[0] rows[0] + factors[1] rows[1] + ..` to `out`, in this order. Rows begin `stride`
/// elements apart. Sixteen elements at a time, which stay in a register throughout.
#[inline(always)]
pub fn add_rows_scaled(out: &mut [f32], factors: &[f32], rows: &[f32], stride: usize) {
    let (blocks, rest) = out.as_chunks_mut::<16>();
    let begin = 16 * blocks.len();
    for (block, out) in blocks.iter_mut().enumerate() {
        let mut sums = *out;
        for (index, factor) in factors.iter().enumerate() {
            let row = &rows[index * stride + 16 * block..][..16];
            sums = std::array::from_fn(|lane| sums[lane] + factor * row[lane]);
        }
        *out = sums;
    }
    if !rest.is_empty() {
        for (index, factor) in factors.iter().enumerate() {
            add_scaled(rest, *factor, &rows[index * stride + begin..]);
        }
    }
}

in_lanes! {
    /// Adds every row of `values` to `sum`.
    pub fn add_rows(sum: &mut [f32], values: &[f32]) {
        for row in values.chunks_exact(sum.len()) {
            add_scaled(sum, 1.0, row);
        }
    }
}
