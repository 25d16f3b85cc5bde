//! The fixed list of a world's held-out problems.

use std::collections::HashSet;

use rand_chacha::ChaCha8Rng;

use super::{Problem, Split, TextWorld};
use crate::seed::stream;

/// Draws in a row without a new problem after which the rest are taken in order.
const PATIENCE: usize = 1_000;

/// The first `count` different problems that the world draws on the held-out side, filled up from
/// `all`, the prompts of every held-out problem, once draws bring hardly anything new. So the list
/// has the world's own mixture of levels, and ends when there are no more.
pub(super) fn held_out<W: TextWorld>(
    world: &W,
    count: usize,
    all: impl FnOnce() -> Vec<Problem>,
) -> Vec<Problem> {
    let random: &mut ChaCha8Rng = &mut stream(0, "held-out", 0);
    let mut seen = HashSet::new();
    let mut problems = Vec::new();
    let mut repeats = 0;
    while problems.len() < count && repeats < PATIENCE {
        let problem = world.draw(Split::Test, random);
        if seen.insert(problem.prompt.clone()) {
            problems.push(problem);
            repeats = 0;
        } else {
            repeats += 1;
        }
    }
    if problems.len() < count {
        let rest = all().into_iter().filter(|problem| seen.insert(problem.prompt.clone()));
        problems.extend(rest);
        problems.truncate(count);
    }
    problems
}
