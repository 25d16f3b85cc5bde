//! The view of a data set without actions and rewards, as a type that does not have them.

use std::sync::Arc;

use worlds::{Array, Field};

use super::{Dataset, Starts};
use crate::{MemoryError, Position, Span, WindowBatch};

/// Observations only. What is trained on it cannot have seen an action or a reward.
#[derive(Clone, Debug)]
pub struct Videos {
    set: Arc<Dataset>,
}

/// Windows of consecutive observations; every buffer is reused by the next call.
#[derive(Clone, Debug, Default)]
pub struct FrameBatch {
    windows: WindowBatch,
}

impl FrameBatch {
    /// An empty batch, to be filled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of windows, B.
    pub fn batch(&self) -> usize {
        self.windows.batch
    }

    /// Steps per window, T; one observation more.
    pub fn length(&self) -> usize {
        self.windows.length
    }

    /// The policy's input, `[B, T + 1, ...]`.
    pub fn observations(&self) -> &Array {
        &self.windows.observations
    }

    /// 1 for steps inside the episode, `[B, T]`.
    pub fn mask(&self) -> &[f32] {
        &self.windows.mask
    }

    /// The positions that were drawn, `[B]`.
    pub fn positions(&self) -> &[Position] {
        &self.windows.positions
    }
}

impl Videos {
    /// The observations of a data set.
    pub fn new(set: &Arc<Dataset>) -> Self {
        Self { set: Arc::clone(set) }
    }

    /// The field that is seen.
    pub fn field(&self) -> &Field {
        &self.set.spec().fields[0]
    }

    /// As [`Dataset::starts`].
    ///
    /// # Errors
    /// No episode is long enough.
    pub fn starts(&self, span: Span) -> Result<Starts, MemoryError> {
        self.set.starts(span)
    }

    /// Fills a batch with the windows of `length` steps, hence `length + 1` observations, that begin
    /// `span.before` steps before the positions.
    ///
    /// # Errors
    /// As [`Dataset::windows`].
    pub fn windows(
        &self,
        positions: &[Position],
        length: usize,
        span: Span,
        out: &mut FrameBatch,
    ) -> Result<(), MemoryError> {
        self.set.plan_windows(positions, length, span, &mut out.windows)?;
        self.set.gather_column(0, &out.windows.seen, &mut out.windows.observations);
        Ok(())
    }
}
