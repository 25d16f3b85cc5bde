//! Changing parameters within a run.

use burn::tensor::Tensor;
use learn::{
    LearnError,
    optim::{self, Trainable, Update},
};
use run::{Result, Run, RunError};

/// [`learn::optim::update`] in a run: one backward pass and one step of every part, or an error that
/// names the loss and the step.
///
/// # Errors
/// The loss or its gradient is not finite, or depends on no parameter; nothing has changed then.
pub fn update(
    run: &Run,
    term: &str,
    loss: Tensor<1>,
    parts: &mut [&mut dyn Trainable],
    clip: Option<f32>,
) -> Result<Update> {
    optim::update(term, loss, parts, clip).map_err(|error| failure(run, error))
}

/// The run's error for a failed update: a loss that is not finite keeps its name and gets the step.
pub fn failure(run: &Run, error: LearnError) -> RunError {
    match error {
        LearnError::NotFinite { term, quantity, value } => {
            run.not_finite(&format!("loss/{term} ({quantity})"), value)
        }
        other => RunError::part(other),
    }
}
