//! Errors of the libraries as errors of a run.

use learn::LearnError;
use run::{Run, RunError};

/// The run's error for a failed update: a loss that is not finite keeps its name and gets the step.
pub fn failure(run: &Run, error: LearnError) -> RunError {
    match error {
        LearnError::NotFinite { term, quantity, value } => {
            run.not_finite(&format!("loss/{term} ({quantity})"), value)
        }
        other => RunError::part(other),
    }
}
