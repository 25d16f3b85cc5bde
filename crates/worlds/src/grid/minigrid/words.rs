//! Levels and episodes in words: sub-goals, descriptions, tags.

use std::fmt::{self, Display, Formatter};

use super::cell::{Cell, Door, Kind};
use super::event::{Event, What};
use super::grid::{Direction, Place};
use super::solver::{Aim, solve};
use super::state::{State, Task};

/// What a sub-goal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// To pick something up.
    PickUp,
    /// To open a door.
    Open,
    /// To go somewhere.
    Reach,
}

/// One of the steps that a level is solved in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubGoal {
    /// Its number in the list, from 0 on.
    pub id: usize,
    /// What is to be done.
    pub deed: Deed,
    /// With what, as it is at the beginning of the level.
    pub object: Cell,
    /// Where.
    pub place: Place,
}

impl SubGoal {
    /// Whether a step completed it: the agent stands in its place, or the content of that place changed.
    pub fn completed(&self, state: &State) -> bool {
        let parts = state.parts();
        parts.agent == self.place || parts.event.changed() == Some(self.place)
    }
}

/// As an order: `pick up the yellow key`, `open the locked yellow door`, `go to the green goal`.
impl Display for SubGoal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let deed = match self.deed {
            Deed::PickUp => "pick up",
            Deed::Open => "open",
            Deed::Reach => "go to",
        };
        write!(formatter, "{deed} the {}", named(self.object))
    }
}

/// A cell with its colour and, of a door, its state.
fn named(cell: Cell) -> String {
    if cell.kind == Kind::Door { format!("{} {cell}", door_state(cell)) } else { cell.to_string() }
}

fn door_state(cell: Cell) -> &'static str {
    match cell.door {
        Door::Open => "open",
        Door::Closed => "closed",
        Door::Locked => "locked",
    }
}

fn at(place: Place) -> String {
    format!("column {}, row {}", place.column, place.row)
}

/// What is to be done from a state on, in order: what a shortest solution picks up and opens, and the
/// goal. Nothing where there is no solution.
pub fn sub_goals(state: &State) -> Vec<SubGoal> {
    let Some(actions) = solve(state, Aim::Task) else { return Vec::new() };
    let mut later = state.clone();
    let mut found: Vec<SubGoal> = Vec::new();
    let mut add = |deed, object, place| found.push(SubGoal { id: found.len(), deed, object, place });
    for action in actions {
        later.step(action);
        let Event { what, object, place } = later.parts().event;
        match what {
            What::PickedUp => add(Deed::PickUp, object, place),
            What::Opened => add(Deed::Open, object, place),
            What::ReachedGoal => add(Deed::Reach, object, place),
            _ => {}
        }
    }
    if later.parts().task == Task::KeyAtDoor {
        let front = later.front();
        add(Deed::Reach, later.cell(front), later.parts().agent);
    }
    found
}

/// A description of a level for those that do not see it: its size, the agent, rooms, objects and
/// doors with their places, and the mission.
pub fn describe(state: &State, mission: &str) -> String {
    let parts = state.parts();
    let (width, height) = (parts.grid.width(), parts.grid.height());
    let mut lines = vec![
        format!("The grid has {width} columns and {height} rows, counted from 0 at the top left."),
        format!("The agent is in {} and faces {}.", at(parts.agent), parts.facing.name()),
        match parts.carried {
            Some(carried) => format!("It carries a {carried}."),
            None => "It carries nothing.".to_owned(),
        },
    ];
    for (number, room) in rooms(state).iter().enumerate() {
        let [low, high] = room;
        lines.push(format!(
            "Room {} has columns {} to {} and rows {} to {}.",
            number + 1,
            low.column,
            high.column,
            low.row,
            high.row
        ));
    }
    for (index, cell) in parts.grid.cells().iter().enumerate() {
        if !matches!(cell.kind, Kind::Empty | Kind::Wall) {
            lines.push(format!("There is a {} in {}.", named(*cell), at(parts.grid.place(index))));
        }
    }
    lines.push(format!("The mission: {mission}."));
    lines.join("\n")
}

/// The least and the largest column and row of every room: of the cells that are joined without a door,
/// and that lie inside walls.
fn rooms(state: &State) -> Vec<[Place; 2]> {
    let grid = &state.parts().grid;
    let inside = |place: Place| place.column < grid.width() && place.row < grid.height();
    let mut seen = vec![false; grid.cells().len()];
    let mut rooms = Vec::new();
    for first in 0..grid.cells().len() {
        let (mut low, mut high) = (grid.place(first), grid.place(first));
        let (mut open, mut closed) = (vec![grid.place(first)], true);
        let mut cells = 0;
        while let Some(place) = open.pop() {
            let barrier = matches!(grid.get(place).kind, Kind::Wall | Kind::Door);
            if !inside(place) {
                closed = false;
                continue;
            }
            if barrier || std::mem::replace(&mut seen[grid.index(place)], true) {
                continue;
            }
            cells += 1;
            low = Place::new(low.column.min(place.column), low.row.min(place.row));
            high = Place::new(high.column.max(place.column), high.row.max(place.row));
            open.extend(Direction::ALL.map(|direction| place.ahead(direction)));
        }
        if cells > 0 && closed {
            rooms.push([low, high]);
        }
    }
    rooms
}

/// Short fixed sentences about a step: where everything is, and what happened.
pub fn tags(state: &State) -> Vec<String> {
    let parts = state.parts();
    let mut tags = vec![
        format!("the agent is in {}", at(parts.agent)),
        format!("the agent faces {}", parts.facing.name()),
    ];
    for place in [state.goal(), state.key(), state.target()].into_iter().flatten() {
        tags.push(format!("the {} is in {}", state.cell(place), at(place)));
    }
    for place in state.doors() {
        let door = state.cell(*place);
        tags.push(format!("the {door} is in {}", at(*place)));
        tags.push(format!("the {door} is {}", door_state(door)));
    }
    if let Some(carried) = parts.carried {
        tags.push(format!("the {carried} is held"));
    }
    let object = parts.event.object;
    let happened = match parts.event.what {
        What::TurnedLeft => "the agent turns left".to_owned(),
        What::TurnedRight => "the agent turns right".to_owned(),
        What::Moved => "the agent steps forward".to_owned(),
        What::ReachedGoal => "the agent reaches the goal".to_owned(),
        What::PickedUp => format!("the agent picks up the {object}"),
        What::Dropped => format!("the agent drops the {object}"),
        What::Opened => format!("the agent opens the {object}"),
        What::Closed => format!("the agent closes the {object}"),
        _ => return tags,
    };
    tags.push(happened);
    tags
}

impl State {
    /// The mission of those levels that are about a ball or box.
    pub(super) fn mission_to_pick_up(&self, kind: Kind) -> String {
        let lies = self.target().map(|place| self.cell(place));
        let named = lies.or(self.parts().carried).filter(|cell| cell.kind == kind);
        match named {
            Some(cell) => format!("pick up the {cell}"),
            None => format!("pick up the {}", kind.name()),
        }
    }
}
