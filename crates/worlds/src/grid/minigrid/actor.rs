//! Who solves levels, and who walks about in them.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::solver::{Aim, solve};
use super::state::{Action, State};
use super::truth::{Source, Truth};
use crate::demonstrator::{Actor, Move, Seen};

/// How often a place to go to is drawn before the agent stays where it is.
const TRIES: usize = 1_000;

/// Follows shortest solutions, and looks for a new one when something else was done than it wanted.
pub(super) struct Solver {
    source: Source,
    /// For every truth field: its number among the world's fields.
    fields: [Option<usize>; Truth::ALL.len()],
    /// Whether it goes to one random cell after the other, instead of solving the task.
    wanders: bool,
    rows: Vec<Plan>,
}

/// What is to be done in a row.
#[derive(Clone, Debug, Default)]
struct Plan {
    /// Where to go, for those that wander.
    place: Option<Aim>,
    /// Actions to come, the next one last.
    actions: Vec<Action>,
    /// The state that they begin in.
    expected: Option<State>,
}

impl Solver {
    pub(super) fn new(source: Source, fields: [Option<usize>; Truth::ALL.len()], wanders: bool) -> Self {
        Self { source, fields, wanders, rows: Vec::new() }
    }

    fn see(&self, seen: &Seen<'_>) -> State {
        self.source.read(|truth| self.fields[truth as usize].map_or(&[], |field| seen.field(field)))
    }
}

impl Plan {
    /// Plans the way to the aim; nothing where there is none.
    fn make(&mut self, state: &State, aim: Aim) -> Option<()> {
        self.actions = solve(state, aim)?;
        self.actions.reverse();
        Some(())
    }

    /// Draws a cell to go to, not the one here.
    fn draw(&mut self, state: &State, random: &mut ChaCha8Rng) {
        let grid = &state.parts().grid;
        for _ in 0..TRIES {
            let place = grid.place(random.random_range(0..grid.cells().len()));
            if place != state.parts().agent && self.make(state, Aim::Reach(place)).is_some() {
                self.place = Some(Aim::Reach(place));
                return;
            }
        }
    }
}

impl Actor for Solver {
    fn begin(&mut self, row: usize, _seen: &Seen<'_>, _random: &mut ChaCha8Rng) {
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Plan::default());
        }
        self.rows[row] = Plan::default();
    }

    fn act(&mut self, row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) -> Move {
        if row >= self.rows.len() {
            self.begin(row, seen, random);
        }
        let mut state = self.see(seen);
        let plan = &mut self.rows[row];
        if !plan.expected.as_ref().is_some_and(|expected| expected.same_situation(&state)) {
            plan.actions.clear();
            let aim = if self.wanders { plan.place } else { Some(Aim::Task) };
            let made = aim.and_then(|aim| plan.make(&state, aim));
            plan.place = plan.place.and(made.and(aim));
        }
        if self.wanders && plan.actions.is_empty() {
            plan.draw(&state, random);
        }
        let action = plan.actions.pop().unwrap_or(Action::Done);
        state.step(action);
        plan.expected = Some(state);
        Move::Index(action as u32)
    }
}
