//! Physical parameters that can be set for every episode.

use serde::Serialize;

use crate::WorldError;

/// A number that changes how a world behaves, such as a length or a force.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// Its name, which is also that of the world's option.
    pub name: &'static str,
    /// What it is, with its unit.
    pub help: &'static str,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// Bounds of the values with which the world can be learnt; tests draw from them.
    pub learnable: [f64; 2],
}

/// Checks values for the parameters of a world, one each.
///
/// # Errors
/// Another number of values, or one outside its range.
pub(crate) fn check(world: &str, parameters: &[Parameter], values: &[f64]) -> Result<(), WorldError> {
    if parameters.len() != values.len() {
        return Err(WorldError::Invalid(format!(
            "world `{world}` has {} parameters, but was given {} values",
            parameters.len(),
            values.len()
        )));
    }
    let outside =
        |(parameter, value): &(&Parameter, &f64)| !(parameter.low..=parameter.high).contains(*value);
    match parameters.iter().zip(values).find(outside) {
        None => Ok(()),
        Some((parameter, value)) => Err(WorldError::Invalid(format!(
            "parameter `{}` of world `{world}` must lie between {} and {}, but is {value}",
            parameter.name, parameter.low, parameter.high
        ))),
    }
}
