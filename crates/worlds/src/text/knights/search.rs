//! The worked form: a depth-first search over the people, knight before knave.

use super::puzzle::{Puzzle, read_role, role};
use crate::text::grade::lines;

/// A finished search.
pub(super) struct Search {
    /// A partial assignment a line, `x` after it where it contradicts a statement: `k;kkx;kn;`.
    pub steps: String,
    /// The assignment that it ended with.
    pub roles: Vec<bool>,
}

/// Searches; `slip` says of each line whether its verdict is turned round.
///
/// Once every other branch has been given up, the last one is followed whatever is found in it,
/// so a search that errs ends in an assignment too. Without errors that branch holds the solution.
pub(super) fn search(puzzle: &Puzzle, mut slip: impl FnMut() -> bool) -> Search {
    let (mut steps, mut roles) = (String::new(), vec![true]);
    loop {
        let rejected = puzzle.contradicts(&roles) != slip() && roles.contains(&true);
        steps.extend(roles.iter().map(|knight| role(*knight)));
        steps.push_str(if rejected { "x;" } else { ";" });
        if !rejected && roles.len() == puzzle.people() {
            return Search { steps, roles };
        }
        roles = next(roles, rejected);
    }
}

/// The assignment looked at next; empty where no branch is left.
fn next(mut roles: Vec<bool>, rejected: bool) -> Vec<bool> {
    if !rejected {
        roles.push(true);
        return roles;
    }
    while roles.last() == Some(&false) {
        roles.pop();
    }
    if let Some(last) = roles.last_mut() {
        *last = false;
    }
    roles
}

/// Whether each written line is the one that the search looks at after the line before it, with
/// the right verdict.
pub(super) fn check(puzzle: &Puzzle, steps: &str) -> Vec<bool> {
    let (written, closed) = lines(steps);
    let mut expected = Some(vec![true]);
    let mut valid = Vec::with_capacity(written.len());
    for line in written {
        let (letters, rejected) = match line.strip_suffix('x') {
            Some(letters) => (letters, true),
            None => (line, false),
        };
        let roles: Option<Vec<bool>> = letters.chars().map(read_role).collect();
        let right = roles.as_ref().is_some_and(|roles| puzzle.contradicts(roles) == rejected);
        valid.push(right && roles == expected);
        let complete = |roles: &Vec<bool>| !rejected && roles.len() >= puzzle.people();
        expected = roles.filter(|roles| !roles.is_empty() && !complete(roles));
        expected = expected.map(|roles| next(roles, rejected));
        expected = expected.filter(|roles| (1..=puzzle.people()).contains(&roles.len()));
    }
    if let (false, Some(last)) = (closed, valid.last_mut()) {
        *last = false;
    }
    valid
}
