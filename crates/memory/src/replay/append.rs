//! Batches whose rows follow those of other batches.

use std::fmt::Display;

use worlds::{Actions, Array};

use super::batch::{TransitionBatch, WindowBatch};
use crate::mixed::Batch;
use crate::{MemoryError, rows};

impl Batch for TransitionBatch {
    fn rows(&self) -> usize {
        self.rows
    }

    fn append(&mut self, rest: &Self) -> Result<(), MemoryError> {
        let counts = [self.rows, rest.rows];
        check_array("the observation", [&self.observations, &rest.observations], counts)?;
        check_array("the next observation", [&self.next, &rest.next], counts)?;
        check_actions([&self.actions, &rest.actions], counts)?;
        check_width("the reward", [self.reward.len(), rest.reward.len()], counts)?;
        check_fields([&self.fields, &rest.fields], counts)?;
        check_fields([&self.next_fields, &rest.next_fields], counts)?;
        check_columns([&self.extra, &rest.extra], counts)?;
        check_columns([&self.next_extra, &rest.next_extra], counts)?;
        self.rows += rest.rows;
        rows::append(&mut self.observations, &rest.observations);
        rows::append(&mut self.next, &rest.next);
        append_actions(&mut self.actions, &rest.actions);
        self.reward.extend_from_slice(&rest.reward);
        self.discount.extend_from_slice(&rest.discount);
        self.weight.extend_from_slice(&rest.weight);
        self.steps.extend_from_slice(&rest.steps);
        self.positions.extend_from_slice(&rest.positions);
        append_fields(&mut self.fields, &rest.fields);
        append_fields(&mut self.next_fields, &rest.next_fields);
        append_columns(&mut self.extra, &rest.extra);
        append_columns(&mut self.next_extra, &rest.next_extra);
        // Sources belong to one memory.
        [&mut self.from, &mut self.to, &mut self.taken, &mut self.then].into_iter().for_each(Vec::clear);
        Ok(())
    }
}

impl Batch for WindowBatch {
    fn rows(&self) -> usize {
        self.batch
    }

    fn append(&mut self, rest: &Self) -> Result<(), MemoryError> {
        let counts = [self.batch, rest.batch];
        check("the length of a window", [self.length, rest.length])?;
        check_array("the observations of a window", [&self.observations, &rest.observations], counts)?;
        check_actions([&self.actions, &rest.actions], counts)?;
        check_width("the reward", [self.reward.len(), rest.reward.len()], counts)?;
        check_fields([&self.fields, &rest.fields], counts)?;
        check_columns([&self.extra, &rest.extra], counts)?;
        self.batch += rest.batch;
        rows::append(&mut self.observations, &rest.observations);
        append_actions(&mut self.actions, &rest.actions);
        self.reward.extend_from_slice(&rest.reward);
        self.discount.extend_from_slice(&rest.discount);
        self.mask.extend_from_slice(&rest.mask);
        self.weight.extend_from_slice(&rest.weight);
        self.positions.extend_from_slice(&rest.positions);
        append_fields(&mut self.fields, &rest.fields);
        append_columns(&mut self.extra, &rest.extra);
        [&mut self.seen, &mut self.done].into_iter().for_each(Vec::clear);
        Ok(())
    }
}

fn append_actions(actions: &mut Actions, rest: &Actions) {
    match (actions, rest) {
        (Actions::Discrete(indices), Actions::Discrete(rest)) => indices.extend_from_slice(rest),
        (Actions::Continuous(values), Actions::Continuous(rest)) => values.extend_from_slice(rest),
        _ => {}
    }
}

fn append_fields(fields: &mut [Array], rest: &[Array]) {
    fields.iter_mut().zip(rest).for_each(|(field, rest)| rows::append(field, rest));
}

fn append_columns(columns: &mut [Vec<f32>], rest: &[Vec<f32>]) {
    columns.iter_mut().zip(rest).for_each(|(column, rest)| column.extend_from_slice(rest));
}

/// Refuses two parts that are not described alike. Nothing is written unless they differ.
fn check<T: PartialEq + Display>(what: &str, [first, second]: [T; 2]) -> Result<(), MemoryError> {
    if first == second {
        return Ok(());
    }
    let (expected, found) = (first.to_string(), second.to_string());
    Err(MemoryError::Unlike { what: what.to_owned(), expected, found })
}

fn check_width(what: &str, lengths: [usize; 2], counts: [usize; 2]) -> Result<(), MemoryError> {
    let [first, second] = [0, 1].map(|part| lengths[part].checked_div(counts[part]).unwrap_or(0));
    if first == second {
        Ok(())
    } else {
        check(what, [first, second].map(|width| format!("{width} numbers")))
    }
}

fn check_array(what: &str, arrays: [&Array; 2], counts: [usize; 2]) -> Result<(), MemoryError> {
    let kind = |array: &Array| match array {
        Array::Float(_) => "numbers",
        Array::Byte(_) => "bytes",
    };
    check(what, arrays.map(kind))?;
    check_width(what, arrays.map(Array::len), counts)
}

fn check_actions(actions: [&Actions; 2], counts: [usize; 2]) -> Result<(), MemoryError> {
    let kind = |actions: &Actions| match actions {
        Actions::Discrete(_) => "indices",
        Actions::Continuous(_) => "vectors",
    };
    let length = |actions: &Actions| match actions {
        Actions::Discrete(indices) => indices.len(),
        Actions::Continuous(values) => values.len(),
    };
    check("the action", actions.map(kind))?;
    check_width("the action", actions.map(length), counts)
}

fn check_fields(fields: [&[Array]; 2], counts: [usize; 2]) -> Result<(), MemoryError> {
    check("the list of further fields", fields.map(<[Array]>::len))?;
    let mut pairs = fields[0].iter().zip(fields[1]);
    pairs.try_for_each(|(first, second)| check_array("a further field", [first, second], counts))
}

fn check_columns(columns: [&[Vec<f32>]; 2], counts: [usize; 2]) -> Result<(), MemoryError> {
    check("the list of extra columns", columns.map(<[Vec<f32>]>::len))?;
    let mut pairs = columns[0].iter().zip(columns[1]);
    pairs.try_for_each(|(first, second)| check_width("an extra column", [first.len(), second.len()], counts))
}
