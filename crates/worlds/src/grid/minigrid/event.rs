//! What a step did, as numbers and as a sentence.

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Colour, Kind};
use super::grid::Place;

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum What {
    /// Nothing: an episode begins, nothing was done, or nothing there could be toggled.
    Nothing = 0,
    /// The agent turned left.
    TurnedLeft = 1,
    /// The agent turned right.
    TurnedRight = 2,
    /// The agent stepped forward.
    Moved = 3,
    /// The agent stepped onto the goal.
    ReachedGoal = 4,
    /// Something was in the way.
    Bumped = 5,
    /// Something was picked up.
    PickedUp = 6,
    /// There was nothing to pick up.
    NothingToPickUp = 7,
    /// Something is carried already.
    HandsFull = 8,
    /// What was carried lies in front of the agent.
    Dropped = 9,
    /// Nothing is carried that could be dropped.
    NothingToDrop = 10,
    /// Something is where it would be dropped.
    NoRoom = 11,
    /// A door was opened, or unlocked and opened.
    Opened = 12,
    /// A door was closed.
    Closed = 13,
    /// A door is locked, and its key is not carried.
    Locked = 14,
    /// A box was opened, which was empty and is gone.
    Emptied = 15,
    /// What would have happened was prevented.
    Prevented = 16,
}

impl What {
    /// All kinds in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Nothing,
        Self::TurnedLeft,
        Self::TurnedRight,
        Self::Moved,
        Self::ReachedGoal,
        Self::Bumped,
        Self::PickedUp,
        Self::NothingToPickUp,
        Self::HandsFull,
        Self::Dropped,
        Self::NothingToDrop,
        Self::NoRoom,
        Self::Opened,
        Self::Closed,
        Self::Locked,
        Self::Emptied,
        Self::Prevented,
    ];
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub what: What,
    /// What it happened to: what was bumped into, picked up, dropped, opened, ...
    pub object: Cell,
    /// Where: the cell in front of the agent for whatever it did there, else the agent's.
    pub place: Place,
}

impl Event {
    /// Numbers of an event among the truth.
    pub const SIZE: usize = 5;

    /// The event as numbers: what, the object's kind and colour, column and row.
    pub fn numbers(&self) -> [f32; Self::SIZE] {
        let [kind, colour, _] = self.object.code();
        [self.what as u8, kind, colour, self.place.column, self.place.row].map(f32::from)
    }

    /// The event that gave these numbers, where one did; the object is as new, a door open.
    pub fn from_numbers(numbers: &[f32]) -> Option<Self> {
        let &[what, kind, colour, column, row] = numbers else { return None };
        let object = Cell::new(Kind::from_number(kind as u8)?, Colour::ALL.get(colour as usize).copied()?);
        let what = What::ALL.get(what as usize).copied()?;
        Some(Self { what, object, place: Place::new(column as u8, row as u8) })
    }

    /// The cell whose content the event changed, if it did.
    pub fn changed(&self) -> Option<Place> {
        let changes =
            matches!(self.what, What::PickedUp | What::Dropped | What::Opened | What::Closed | What::Emptied);
        changes.then_some(self.place)
    }

    /// The event as a sentence without numbers; empty for turns and steps and where nothing happened.
    pub fn caption(&self) -> String {
        let object = self.object;
        match self.what {
            What::PickedUp => format!("you pick up the {object}"),
            What::NothingToPickUp => "there is nothing to pick up".to_owned(),
            What::HandsFull => "your hands are full".to_owned(),
            What::Dropped => format!("you drop the {object}"),
            What::NothingToDrop => "there is nothing to drop".to_owned(),
            What::NoRoom => format!("there is no room to drop the {object}"),
            What::Opened => format!("the {object} opens"),
            What::Closed => format!("the {object} closes"),
            What::Locked => format!("the {object} is locked"),
            What::Emptied => format!("the {object} is empty and gone"),
            What::Bumped => format!("you bump into the {object}"),
            What::ReachedGoal => "you reach the goal".to_owned(),
            What::Nothing | What::TurnedLeft | What::TurnedRight | What::Moved | What::Prevented => {
                String::new()
            }
        }
    }
}
