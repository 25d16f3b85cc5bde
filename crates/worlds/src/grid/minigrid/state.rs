//! A level as it stands, and the rules by which it changes.

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Door, Kind};
use super::event::{Event, What};
use super::grid::{Direction, Grid, Place};

/// Most doors of a level.
pub const MOST_DOORS: usize = 16;

/// Minigrid's actions in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Action {
    /// Turn left.
    Left = 0,
    /// Turn right.
    Right = 1,
    /// Step forward.
    Forward = 2,
    /// Pick up what is in front.
    PickUp = 3,
    /// Drop what is carried in front.
    Drop = 4,
    /// Open or close the door in front, or open the box.
    Toggle = 5,
    /// Do nothing.
    Done = 6,
}

impl Action {
    /// All actions in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Left, Self::Right, Self::Forward, Self::PickUp, Self::Drop, Self::Toggle, Self::Done];
}

/// What ends an episode well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// To step onto the goal.
    Goal,
    /// To pick up the ball or the box.
    Target,
    /// To stand before a door that is not open, facing it, with the key.
    KeyAtDoor,
    /// To open a door.
    OpenDoor,
}

/// A level: everything that a step depends on and changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub(super) parts: Parts,
    /// Where the goal, the key and the ball or box lie, where they do.
    pub(super) goal: Option<Place>,
    pub(super) key: Option<Place>,
    pub(super) target: Option<Place>,
    /// All doors, in row order.
    pub(super) doors: Vec<Place>,
}

/// What a level is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// What ends an episode well.
    pub task: Task,
    /// Whether walls hide nothing, as in Minigrid's empty rooms.
    pub transparent: bool,
    /// Number of the level among those that are drawn from seeds.
    pub seed: u32,
    /// Cells, without the agent.
    pub grid: Grid,
    /// Where the agent stands.
    pub agent: Place,
    /// Where it looks.
    pub facing: Direction,
    /// What it carries.
    pub carried: Option<Cell>,
    /// Steps of this episode.
    pub steps: u32,
    /// What the last step did.
    pub event: Event,
}

impl Parts {
    /// Empty cells, nothing done; the agent is in the top left corner and looks east.
    pub fn new(task: Task, width: u8, height: u8) -> Self {
        let agent = Place::new(0, 0);
        Self {
            task,
            transparent: false,
            seed: 0,
            grid: Grid::new(width, height),
            agent,
            facing: Direction::East,
            carried: None,
            steps: 0,
            event: Event { what: What::Nothing, object: Cell::EMPTY, place: agent },
        }
    }
}

impl State {
    /// The level of these parts.
    ///
    /// # Errors
    /// The agent is not in a cell that it can stand on or carries what cannot be carried; there are
    /// several goals, keys, or balls and boxes, or more than [`MOST_DOORS`] doors.
    pub fn new(parts: Parts) -> Result<Self, String> {
        let grid = &parts.grid;
        if grid.cells().len() != usize::from(grid.width()) * usize::from(grid.height()) {
            return Err("its grid has another number of cells than its rows and columns".to_owned());
        }
        let mut state = Self::blank(parts);
        state.find();
        state.check()?;
        Ok(state)
    }

    /// The same without a look at the cells, to be drawn.
    pub(super) fn blank(parts: Parts) -> Self {
        let doors = Vec::with_capacity(MOST_DOORS);
        Self { parts, goal: None, key: None, target: None, doors }
    }

    /// Looks for goal, key, ball or box, and doors.
    pub(super) fn find(&mut self) {
        (self.goal, self.key, self.target) = (None, None, None);
        self.doors.clear();
        let grid = &self.parts.grid;
        for (index, cell) in grid.cells().iter().enumerate() {
            match cell.kind {
                Kind::Goal => self.goal = Some(grid.place(index)),
                Kind::Key => self.key = Some(grid.place(index)),
                Kind::Ball | Kind::Box => self.target = Some(grid.place(index)),
                Kind::Door => self.doors.push(grid.place(index)),
                _ => {}
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        let Parts { grid, agent, carried, .. } = &self.parts;
        let Place { column, row } = *agent;
        if !grid.get(*agent).passable() {
            return Err(format!("the agent cannot stand in column {column}, row {row}"));
        }
        if let Some(cell) = carried.filter(|cell| !cell.kind.portable()) {
            return Err(format!("the agent cannot carry a {cell}"));
        }
        let count = |wanted: &[Kind]| {
            let lie = grid.cells().iter().filter(|cell| wanted.contains(&cell.kind)).count();
            lie + carried.iter().filter(|cell| wanted.contains(&cell.kind)).count()
        };
        let several = |wanted: &[Kind]| count(wanted) > 1;
        if several(&[Kind::Goal]) || several(&[Kind::Key]) || several(&[Kind::Ball, Kind::Box]) {
            return Err("it has several goals, several keys, or several balls and boxes".to_owned());
        }
        if self.doors.len() > MOST_DOORS {
            return Err(format!("it has {} doors, more than {MOST_DOORS}", self.doors.len()));
        }
        if count(&[Kind::Unseen, Kind::Agent]) > 0 {
            return Err("a cell of its grid is unseen or the agent".to_owned());
        }
        Ok(())
    }

    /// What it is made of.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Where the goal is, if there is one.
    pub fn goal(&self) -> Option<Place> {
        self.goal
    }

    /// Where the key lies; nowhere while it is carried.
    pub fn key(&self) -> Option<Place> {
        self.key
    }

    /// Where the ball or box lies; nowhere while it is carried and once it is gone.
    pub fn target(&self) -> Option<Place> {
        self.target
    }

    /// Where the doors are, in row order.
    pub fn doors(&self) -> &[Place] {
        &self.doors
    }

    /// What is in a place; a wall outside.
    #[inline]
    pub fn cell(&self, place: Place) -> Cell {
        self.parts.grid.get(place)
    }

    /// The place in front of the agent.
    #[inline]
    pub fn front(&self) -> Place {
        self.parts.agent.ahead(self.parts.facing)
    }

    /// What an action would do now.
    pub fn foresee(&self, action: Action) -> Event {
        let (front, here) = (self.front(), self.parts.agent);
        let ahead = self.cell(front);
        let event = |what, object, place| Event { what, object, place };
        match (action, self.parts.carried) {
            (Action::Left, _) => event(What::TurnedLeft, Cell::EMPTY, here),
            (Action::Right, _) => event(What::TurnedRight, Cell::EMPTY, here),
            (Action::Forward, _) if ahead.kind == Kind::Goal => event(What::ReachedGoal, ahead, front),
            (Action::Forward, _) if ahead.passable() => event(What::Moved, Cell::EMPTY, front),
            (Action::Forward, _) => event(What::Bumped, ahead, front),
            (Action::PickUp, _) if !ahead.kind.portable() => event(What::NothingToPickUp, ahead, front),
            (Action::PickUp, None) => event(What::PickedUp, ahead, front),
            (Action::PickUp, Some(_)) => event(What::HandsFull, ahead, front),
            (Action::Drop, None) => event(What::NothingToDrop, Cell::EMPTY, here),
            (Action::Drop, Some(object)) if ahead == Cell::EMPTY => event(What::Dropped, object, front),
            (Action::Drop, Some(object)) => event(What::NoRoom, object, front),
            (Action::Toggle, carried) => event(Self::toggled(ahead, carried), ahead, front),
            (Action::Done, _) => event(What::Nothing, Cell::EMPTY, here),
        }
    }

    fn toggled(ahead: Cell, carried: Option<Cell>) -> What {
        match (ahead.kind, ahead.door) {
            (Kind::Door, Door::Open) => What::Closed,
            (Kind::Door, Door::Closed) => What::Opened,
            (Kind::Door, Door::Locked) if carried == Some(Cell::new(Kind::Key, ahead.colour)) => What::Opened,
            (Kind::Door, Door::Locked) => What::Locked,
            (Kind::Box, _) => What::Emptied,
            _ => What::Nothing,
        }
    }

    /// Lets a foreseen event happen, which counts as a step.
    pub fn apply(&mut self, event: Event) {
        let Event { what, object, place } = event;
        match what {
            What::TurnedLeft => self.parts.facing = self.parts.facing.turned(3),
            What::TurnedRight => self.parts.facing = self.parts.facing.turned(1),
            What::Moved | What::ReachedGoal => self.parts.agent = place,
            What::PickedUp => {
                self.parts.grid.set(place, Cell::EMPTY);
                self.parts.carried = Some(object);
                *self.place_of(object) = None;
            }
            What::Dropped => {
                self.parts.grid.set(place, object);
                self.parts.carried = None;
                *self.place_of(object) = Some(place);
            }
            What::Opened => self.parts.grid.set(place, Cell::door(object.colour, Door::Open)),
            What::Closed => self.parts.grid.set(place, Cell::door(object.colour, Door::Closed)),
            What::Emptied => {
                self.parts.grid.set(place, Cell::EMPTY);
                self.target = None;
            }
            _ => {}
        }
        self.parts.steps += 1;
        self.parts.event = event;
    }

    fn place_of(&mut self, object: Cell) -> &mut Option<Place> {
        if object.kind == Kind::Key { &mut self.key } else { &mut self.target }
    }

    /// Does an action.
    pub fn step(&mut self, action: Action) {
        self.apply(self.foresee(action));
    }

    /// Whether nothing differs but how it came about.
    pub(super) fn same_situation(&self, other: &Self) -> bool {
        let (own, other) = (&self.parts, &other.parts);
        (own.seed, own.agent, own.facing, own.carried)
            == (other.seed, other.agent, other.facing, other.carried)
            && own.grid == other.grid
    }

    /// Whether the last step solved the task.
    pub fn solved(&self) -> bool {
        let Event { what, object, .. } = self.parts.event;
        match self.parts.task {
            Task::Goal => what == What::ReachedGoal,
            Task::Target => what == What::PickedUp && object.kind != Kind::Key,
            Task::OpenDoor => what == What::Opened,
            Task::KeyAtDoor => self.at_door_with_key(),
        }
    }

    fn at_door_with_key(&self) -> bool {
        let ahead = self.cell(self.front());
        ahead.kind == Kind::Door
            && ahead.door != Door::Open
            && self.parts.carried.is_some_and(|carried| carried.kind == Kind::Key)
    }
}
