//! Sizes, weights and places as the loops read them.

use std::ops::Range;

use super::super::Cell;

/// Sizes of a pass, or of the part of it that one thread computes.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub cell: Cell,
    pub hidden: usize,
    pub rows: usize,
    pub length: usize,
}

impl Shape {
    /// Numbers of all gates of a step.
    pub fn gates(&self) -> usize {
        self.cell.gates() * self.hidden
    }

    /// Numbers of a state.
    pub fn state(&self) -> usize {
        self.cell.vectors() * self.hidden
    }

    /// Numbers beside the gates that a step keeps for its gradients.
    pub fn extra(&self) -> usize {
        match self.cell {
            Cell::Gru | Cell::GruResetBefore | Cell::Lstm => self.hidden,
            Cell::GruNormalised => self.gates() + 1,
        }
    }

    /// How sequences are dealt out to threads: in eight parts, but no fewer than 16 sequences each.
    pub fn part(&self) -> usize {
        self.rows.div_ceil(8).max(16)
    }

    /// Number of elements of each array of [`Weights`], absent ones 0. The initial state is always
    /// among them: its gradient costs nothing.
    pub fn sizes(&self) -> [usize; super::ARRAYS] {
        let of = |cell: Cell, size: usize| if self.cell == cell { size } else { 0 };
        [
            self.hidden * self.gates(),
            of(Cell::Gru, self.hidden),
            of(Cell::GruNormalised, self.gates()),
            of(Cell::GruNormalised, self.gates()),
            self.state(),
        ]
    }

    /// The step `time` of all rows.
    pub fn step(&self, time: usize) -> Step {
        Step { hidden: self.hidden, rows: self.rows, length: self.length, time }
    }
}

/// One step of all sequences.
#[derive(Clone, Copy)]
pub struct Step {
    pub hidden: usize,
    pub rows: usize,
    length: usize,
    pub time: usize,
}

impl Step {
    /// Where a row's numbers lie in an array `[rows, T, width]`.
    #[inline(always)]
    pub fn of(&self, row: usize, width: usize) -> Range<usize> {
        let begin = (row * self.length + self.time) * width;
        begin..begin + width
    }
}

/// A layer's arrays as slices; those that its cell has not are empty.
#[derive(Clone, Copy)]
pub struct Weights<'a> {
    /// U, `[H, gates H]`.
    pub recurrent: &'a [f32],
    /// c, `[H]`.
    pub candidate: &'a [f32],
    /// Of the normalisation, `[gates H]`.
    pub gain: &'a [f32],
    /// Of the normalisation, `[gates H]`.
    pub offset: &'a [f32],
    /// The initial state `[S]`; empty for zeros.
    pub start: &'a [f32],
}

impl<'a> Weights<'a> {
    /// From the arrays in order.
    pub fn new([recurrent, candidate, gain, offset, start]: [&'a [f32]; super::ARRAYS]) -> Self {
        Self { recurrent, candidate, gain, offset, start }
    }
}
