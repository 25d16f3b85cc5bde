//! Options that name one difficulty or a range of them.

use std::ops::RangeInclusive;

use crate::{Options, WorldError};

/// The levels of option `key`: one whole number, or all from one to another as in `1-3`.
///
/// # Errors
/// The text is neither, lies outside `range`, or has its ends the wrong way round.
pub(super) fn levels(
    options: &Options,
    key: &str,
    default: RangeInclusive<usize>,
    range: RangeInclusive<usize>,
) -> Result<Vec<usize>, WorldError> {
    let Some(text) = options.text(key) else {
        return Ok(default.collect());
    };
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (low.parse::<usize>(), high.parse::<usize>()) {
        (Ok(low), Ok(high)) if low <= high && range.contains(&low) && range.contains(&high) => {
            Ok((low..=high).collect())
        }
        _ => Err(WorldError::Invalid(format!(
            "`{key}` of {} must be a whole number from {} to {}, or two as in `{}-{}`, not `{text}`",
            options.owner(),
            range.start(),
            range.end(),
            range.start(),
            range.end()
        ))),
    }
}
