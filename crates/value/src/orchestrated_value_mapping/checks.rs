//! Checks of settings that both forms share.

/// A rate: above 0 and at most 1.
///
/// # Errors
/// One sentence naming the key, the value and what is allowed.
pub fn unit(name: &str, value: f64) -> Result<(), String> {
    match value > 0.0 && value <= 1.0 {
        true => Ok(()),
        false => Err(format!("`{name}` is {value}: it must be above 0 and at most 1")),
    }
}

/// A number above 0.
///
/// # Errors
/// One sentence naming the key, the value and what is allowed.
pub fn positive(name: &str, value: f64) -> Result<(), String> {
    match value.is_finite() && value > 0.0 {
        true => Ok(()),
        false => Err(format!("`{name}` is {value}: it must be above 0")),
    }
}
