//! Rows of arrays, whatever their kind.

use worlds::{Actions, Array};

use crate::MemoryError;

/// Elements of one of `rows` rows.
pub(crate) fn width(array: &Array, rows: usize) -> usize {
    array.len().checked_div(rows).unwrap_or(0)
}

/// Refuses an array of another kind or length than that of as many rows which was declared.
pub(crate) fn check_alike(what: &str, declared: &Array, found: &Array) -> Result<(), MemoryError> {
    match (declared, found) {
        (Array::Float(declared), Array::Float(found)) if declared.len() == found.len() => return Ok(()),
        (Array::Byte(declared), Array::Byte(found)) if declared.len() == found.len() => return Ok(()),
        _ => {}
    }
    let words = |array: &Array| match array {
        Array::Float(values) => format!("{} numbers", values.len()),
        Array::Byte(values) => format!("{} bytes", values.len()),
    };
    Err(MemoryError::Shape { what: what.to_owned(), expected: words(declared), found: words(found) })
}

/// Empties an array and gives it the kind of another one; its memory is kept where it can be.
pub(crate) fn empty_like(array: &mut Array, like: &Array) {
    match (&mut *array, like) {
        (Array::Float(values), Array::Float(_)) => values.clear(),
        (Array::Byte(values), Array::Byte(_)) => values.clear(),
        (_, Array::Float(_)) => *array = Array::Float(Vec::new()),
        (_, Array::Byte(_)) => *array = Array::Byte(Vec::new()),
    }
}

/// Appends the elements of an array of the same kind; one of the other kind is passed over.
pub(crate) fn append(array: &mut Array, rest: &Array) {
    match (array, rest) {
        (Array::Float(values), Array::Float(rest)) => values.extend_from_slice(rest),
        (Array::Byte(values), Array::Byte(rest)) => values.extend_from_slice(rest),
        _ => {}
    }
}

/// Appends row `row` of `width` elements of an array of the same kind.
pub(crate) fn push(array: &mut Array, from: &Array, row: usize, width: usize) {
    let rows = row * width..(row + 1) * width;
    match (array, from) {
        (Array::Float(values), Array::Float(from)) => values.extend_from_slice(&from[rows]),
        (Array::Byte(values), Array::Byte(from)) => values.extend_from_slice(&from[rows]),
        _ => {}
    }
}

/// Overwrites row `to` of `width` elements by row `row` of an array of the same kind.
pub(crate) fn copy(array: &mut Array, to: usize, from: &Array, row: usize, width: usize) {
    let (to, row) = (to * width..(to + 1) * width, row * width..(row + 1) * width);
    match (array, from) {
        (Array::Float(values), Array::Float(from)) => values[to].copy_from_slice(&from[row]),
        (Array::Byte(values), Array::Byte(from)) => values[to].copy_from_slice(&from[row]),
        _ => {}
    }
}

/// Overwrites the action of row `to`, `width` numbers or an index, by that of row `row` of actions of the
/// same kind.
pub(crate) fn copy_action(actions: &mut Actions, to: usize, from: &Actions, row: usize, width: usize) {
    match (actions, from) {
        (Actions::Discrete(indices), Actions::Discrete(from)) => indices[to] = from[row],
        (Actions::Continuous(values), Actions::Continuous(from)) => {
            values[to * width..][..width].copy_from_slice(&from[row * width..][..width]);
        }
        _ => {}
    }
}

/// The numbers of an array; bytes have none.
pub(crate) fn floats(array: &Array) -> &[f32] {
    match array {
        Array::Float(values) => values,
        Array::Byte(_) => &[],
    }
}
