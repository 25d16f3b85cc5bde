//! A corridor with rooms on both sides: a ball in a locked one, the key in another.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::rooms::{MOST, Rooms};
use super::{
    Definition, FIRST, Generator, HORIZON, LAYOUTS, LEVELS, OBS, PREVENT, SPLIT, Things, VIEW, colour,
};
use crate::grid::minigrid::cell::{Cell, Door, Kind};
use crate::grid::minigrid::grid::Direction;
use crate::grid::minigrid::state::{Parts, State, Task};
use crate::name::help;
use crate::spec::Reference;
use crate::{OptionHelp, Options, WorldError};

/// Columns of rooms; the middle one is the corridor.
const COLUMNS: usize = 3;

/// `MiniGrid-KeyCorridor`: the ball is in a locked room on the right, the key somewhere on the left.
#[derive(Clone, Debug)]
pub struct KeyCorridor {
    side: u8,
    rows: usize,
}

impl Definition for KeyCorridor {
    const NAME: &'static str = "minigrid-keycorridor";
    const SUMMARY: &'static str = "Minigrid's key corridor: find the key to the room with the ball";
    const OPTIONS: &'static [OptionHelp] = &[
        help("room_size", "3", "cells per side of a room, its walls included; 3 to 8"),
        help("rows", "3", "rows of rooms, 1 to 3"),
        OBS,
        VIEW,
        LEVELS,
        FIRST,
        SPLIT,
        LAYOUTS,
        PREVENT,
        HORIZON,
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let side = options.usize("room_size", 3, 3..=8)? as u8;
        Ok(Self { side, rows: options.usize("rows", 3, 1..=MOST)? })
    }
}

impl Generator for KeyCorridor {
    fn blank(&self) -> Parts {
        let cells = |rooms: usize| (self.side - 1) * rooms as u8 + 1;
        Parts::new(Task::Target, cells(COLUMNS), cells(self.rows))
    }

    fn things(&self) -> Things {
        // A door at most between any two rooms beside each other, but none within the corridor.
        Things { goal: false, key: true, target: true, doors: 4 * self.rows - 2 }
    }

    fn steps(&self) -> usize {
        30 * usize::from(self.side).pow(2)
    }

    fn mission(&self, state: &State) -> String {
        state.mission_to_pick_up(Kind::Ball)
    }

    fn draw(&self, parts: &mut Parts, walls: &mut ChaCha8Rng, things: &mut ChaCha8Rng) {
        let mut rooms = Rooms::draw(parts, self.side, [COLUMNS, self.rows], walls);
        for row in 1..self.rows {
            rooms.open_wall(parts, [1, row], Direction::North);
        }
        let locked = [2, walls.random_range(0..self.rows)];
        let door = Cell::door(colour(walls), Door::Locked);
        rooms.add_door(parts, locked, Direction::West, door);
        rooms.place(parts, locked, Cell::new(Kind::Ball, colour(things)), things);
        let left = [0, things.random_range(0..self.rows)];
        rooms.place(parts, left, Cell::new(Kind::Key, door.colour), things);
        rooms.place_agent(parts, [1, self.rows / 2], things);
        rooms.connect(parts, walls);
    }

    fn reference(&self) -> Option<Reference> {
        (self.side == 3 && self.rows == 3).then_some(Reference { random: 0.0008, expert: 0.9315 })
    }
}
