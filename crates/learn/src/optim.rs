//! The only way in which any method changes parameters: one backward pass, one clip by the
//! global norm, one Adam step over everything the loss is meant to train.

mod adam;
mod state;
mod table;
mod trained;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor};
use nets::parameters::NamedArray;

pub use adam::AdamSettings;
pub(crate) use state::{ScalarAdam, find};
pub use table::TableAdam;
pub use trained::Trained;

use crate::error::LearnError;

/// Something with parameters, their gradients and an optimiser.
pub trait Trainable {
    /// Takes this part's gradients out of `gradients`; whatever a loss's graph reached beyond
    /// the parts of its update is thereby ignored.
    ///
    /// # Errors
    /// [`LearnError::Precision`] if a gradient does not hold 32-bit floats.
    fn collect(&mut self, gradients: &mut Gradients) -> Result<(), LearnError>;

    /// Sum of squares over the collected gradients.
    fn squared_norm(&self) -> f64;

    /// One step along the collected gradients times `scale`.
    fn apply(&mut self, scale: f32);

    /// Drops the collected gradients.
    fn discard(&mut self);

    /// Appends the parameters, called `<prefix>.<path>`, and the optimiser's state, called
    /// `<prefix>:adam.<path>.<steps | moment_1 | moment_2>`.
    fn save(&self, prefix: &str, out: &mut Vec<NamedArray>);

    /// Restores what [`save`](Self::save) wrote: the next step is then bit for bit the one the
    /// saved part would have made. Nothing changes if it fails.
    ///
    /// # Errors
    /// [`LearnError::Network`], [`LearnError::MissingArray`] or [`LearnError::ArrayShape`] if
    /// the arrays belong to another network.
    fn load(&mut self, prefix: &str, arrays: &BTreeMap<String, NamedArray>) -> Result<(), LearnError>;
}

/// What an update did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The loss before the step.
    pub loss: f32,
    /// The global norm of the gradient over all parts, before clipping.
    pub gradient_norm: f32,
}

/// Differentiates `loss` once and makes one step of every part; gradients that reach other
/// modules are ignored. With `clip`, the gradient over all parts together is scaled down to that
/// norm if it is larger (Pascanu et al., 2013, algorithm 1).
///
/// # Errors
/// [`LearnError::NotFinite`] names `term` if the loss or the gradient is not finite, and
/// [`LearnError::NotTracked`] if the loss depends on no parameter; in both cases no parameter has
/// been changed.
pub fn update(
    term: &str,
    loss: Tensor<1>,
    parts: &mut [&mut dyn Trainable],
    clip: Option<f32>,
) -> Result<Update, LearnError> {
    if !loss.is_tracked() {
        return Err(LearnError::NotTracked { term: term.to_owned() });
    }
    let mut gradients = loss.backward();
    let value = loss.without_autodiff().into_scalar::<f32>();
    let outcome = collect(term, value, &mut gradients, parts);
    // The rest of the graph's memory goes before the step, so that the step can work in place.
    drop(gradients);
    let norm = match outcome {
        Ok(norm) => norm,
        Err(error) => {
            for part in parts {
                part.discard();
            }
            return Err(error);
        }
    };
    let scale = match clip {
        Some(limit) if norm > f64::from(limit) => (f64::from(limit) / norm) as f32,
        _ => 1.0,
    };
    for part in parts {
        part.apply(scale);
    }
    Ok(Update { loss: value, gradient_norm: norm as f32 })
}

/// Collects into every part and returns the global norm, if both it and the loss are finite.
fn collect(
    term: &str,
    loss: f32,
    gradients: &mut Gradients,
    parts: &mut [&mut dyn Trainable],
) -> Result<f64, LearnError> {
    let refuse = |quantity, value| LearnError::NotFinite { term: term.to_owned(), quantity, value };
    if !loss.is_finite() {
        return Err(refuse("loss", f64::from(loss)));
    }
    let mut squares = 0.0;
    for part in parts {
        part.collect(gradients)?;
        squares += part.squared_norm();
    }
    let norm = squares.sqrt();
    if !norm.is_finite() {
        return Err(refuse("gradient norm", norm));
    }
    Ok(norm)
}
