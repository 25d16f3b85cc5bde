//! What a cell holds, in Minigrid's code of three numbers.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// What is in a cell, numbered as in Minigrid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// Outside the view or hidden; never in a grid.
    Unseen = 0,
    /// Nothing.
    Empty = 1,
    /// Cannot be entered or seen through.
    Wall = 2,
    /// Can be entered and seen through when it is open.
    Door = 4,
    /// Can be picked up; opens locked doors of its colour.
    Key = 5,
    /// Can be picked up.
    Ball = 6,
    /// Can be picked up; toggled, it opens, is empty and gone.
    Box = 7,
    /// Can be entered, which ends the episode.
    Goal = 8,
    /// The agent, in views of the whole grid.
    Agent = 10,
}

impl Kind {
    /// Number of kinds in Minigrid's code, those included that these worlds have not (floor 3, lava 9).
    pub const COUNT: usize = 11;

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        use Kind::{Agent, Ball, Box, Door, Empty, Goal, Key, Unseen, Wall};
        [Unseen, Empty, Wall, Door, Key, Ball, Box, Goal, Agent]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }

    /// Whether the agent can carry it.
    pub fn portable(self) -> bool {
        matches!(self, Kind::Key | Kind::Ball | Kind::Box)
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unseen => "unseen cell",
            Kind::Empty => "empty cell",
            Kind::Wall => "wall",
            Kind::Door => "door",
            Kind::Key => "key",
            Kind::Ball => "ball",
            Kind::Box => "box",
            Kind::Goal => "goal",
            Kind::Agent => "agent",
        }
    }
}

/// Colours, numbered as in Minigrid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Colour {
    Red = 0,
    Green = 1,
    Blue = 2,
    Purple = 3,
    Yellow = 4,
    Grey = 5,
}

impl Colour {
    /// All colours in the order of their numbers.
    pub const ALL: [Self; 6] = [Self::Red, Self::Green, Self::Blue, Self::Purple, Self::Yellow, Self::Grey];

    /// Its name.
    pub fn name(self) -> &'static str {
        ["red", "green", "blue", "purple", "yellow", "grey"][self as usize]
    }

    /// Red, green and blue, as Minigrid paints it.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Colour::Red => [255, 0, 0],
            Colour::Green => [0, 255, 0],
            Colour::Blue => [0, 0, 255],
            Colour::Purple => [112, 39, 195],
            Colour::Yellow => [255, 255, 0],
            Colour::Grey => [100, 100, 100],
        }
    }
}

/// States of doors, numbered as in Minigrid; whatever is no door counts as open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Door {
    Open = 0,
    Closed = 1,
    Locked = 2,
}

impl Door {
    /// All states in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Locked];
}

/// The content of a cell. Aligned so that it is copied as one word: views are made of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(align(4))]
pub struct Cell {
    /// What it is.
    pub kind: Kind,
    /// Its colour; red where there is nothing to have one.
    pub colour: Colour,
    /// A door's state.
    pub door: Door,
}

impl Cell {
    /// Hidden from the agent.
    pub const UNSEEN: Self = Self::new(Kind::Unseen, Colour::Red);
    /// Nothing.
    pub const EMPTY: Self = Self::new(Kind::Empty, Colour::Red);
    /// A wall.
    pub const WALL: Self = Self::new(Kind::Wall, Colour::Grey);
    /// The goal.
    pub const GOAL: Self = Self::new(Kind::Goal, Colour::Green);

    /// Anything but a door.
    pub const fn new(kind: Kind, colour: Colour) -> Self {
        Self { kind, colour, door: Door::Open }
    }

    /// A door.
    pub const fn door(colour: Colour, door: Door) -> Self {
        Self { kind: Kind::Door, colour, door }
    }

    /// Minigrid's code: kind, colour, state.
    #[inline]
    pub fn code(self) -> [u8; 3] {
        [self.kind as u8, self.colour as u8, self.door as u8]
    }

    /// Whether the agent can stand on it.
    #[inline]
    pub fn passable(self) -> bool {
        matches!(self.kind, Kind::Empty | Kind::Goal) || (self.kind == Kind::Door && self.door == Door::Open)
    }

    /// Whether it hides what is behind it.
    #[inline]
    pub fn opaque(self) -> bool {
        self.kind == Kind::Wall || (self.kind == Kind::Door && self.door != Door::Open)
    }
}

/// With its colour, where it is something that has one: `wall`, `yellow key`, `green goal`.
impl Display for Cell {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Door | Kind::Key | Kind::Ball | Kind::Box | Kind::Goal => {
                write!(formatter, "{} {}", self.colour.name(), self.kind.name())
            }
            _ => formatter.write_str(self.kind.name()),
        }
    }
}
