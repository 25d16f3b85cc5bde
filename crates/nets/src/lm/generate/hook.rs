//! What may interfere with generation between two steps.

use std::ops::ControlFlow;

use burn::tensor::Tensor;

use super::engine::Engine;
use super::row::Generated;

/// A step of generation, as hooks see it.
pub struct Step<'a> {
    /// Its number, from 0.
    pub index: usize,
    /// Number of rows B.
    pub rows: usize,
    /// Number of tokens V.
    pub vocabulary: usize,
    /// Rows that go on, `[B]`: whatever is done to others is of no consequence.
    pub running: Vec<bool>,
    /// Rows whose step is a thought, `[B]`: no token is drawn for them.
    pub thinking: &'a [bool],
    /// What was drawn so far, behind [`StepHook::logits`] and [`StepHook::thinks`] with this step's
    /// token, `[B]`.
    pub generated: &'a [Generated],
    /// Behind the draw: the distribution it was made from, truncation included, row-major `[B, V]`; at
    /// temperature 0 that of temperature 1.
    pub probabilities: &'a [f32],
    pub(super) engine: &'a dyn Engine,
}

impl Step<'_> {
    /// The states `[B, d]` behind the final normalisation that gave this step's logits; unspecified in
    /// rows that have ended.
    pub fn last(&self) -> Tensor<2> {
        self.engine.last()
    }
}

/// Called between two steps; by default it changes nothing. Within a step the order is
/// [`StepHook::logits`], [`StepHook::thinks`], the draw, [`StepHook::drawn`], [`StepHook::input`].
/// A hook that draws keeps a generator of its own, or one per row ([`super::row_streams`]).
pub trait StepHook {
    /// May edit this step's logits, row-major `[B, V]`.
    fn logits(&mut self, _step: &Step<'_>, _logits: &mut [f32]) {}

    /// May mark rows in `thinking [B]`, all false: no token is drawn for them, nothing taken from their
    /// streams, and [`StepHook::input`] gives what they read next. Such a step counts as one of
    /// [`crate::lm::sampling::Sampling::max_new`].
    fn thinks(&mut self, _step: &Step<'_>, _logits: &[f32], _thinking: &mut [bool]) {}

    /// Sees what was drawn, at the last step too. `Break` ends all rows here.
    fn drawn(&mut self, _step: &Step<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// What the rows read next in place of `embeddings [B, d]`, those of the tokens just drawn (for rows
    /// that think: of the last token they drew, or of token 0).
    fn input(&mut self, _step: &Step<'_>, embeddings: Tensor<2>) -> Tensor<2> {
        embeddings
    }
}
