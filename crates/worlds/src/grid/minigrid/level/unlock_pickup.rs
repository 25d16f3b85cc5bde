//! Two rooms: a key in one, a box behind the locked door.

use rand_chacha::ChaCha8Rng;

use super::rooms::Rooms;
use super::{
    Definition, FIRST, Generator, HORIZON, LAYOUTS, LEVELS, OBS, PREVENT, SPLIT, Things, VIEW, colour,
};
use crate::grid::minigrid::cell::{Cell, Door, Kind};
use crate::grid::minigrid::grid::Direction;
use crate::grid::minigrid::state::{Parts, State, Task};
use crate::spec::Reference;
use crate::{OptionHelp, Options, WorldError};

/// Cells per side of a room.
const SIDE: u8 = 6;

/// `MiniGrid-UnlockPickup`.
#[derive(Clone, Debug)]
pub struct UnlockPickup;

impl Definition for UnlockPickup {
    const NAME: &'static str = "minigrid-unlock-pickup";
    const SUMMARY: &'static str = "Minigrid's unlock and pick up: get the box behind the locked door";
    const OPTIONS: &'static [OptionHelp] = &[OBS, VIEW, LEVELS, FIRST, SPLIT, LAYOUTS, PREVENT, HORIZON];

    fn from_options(_options: &Options) -> Result<Self, WorldError> {
        Ok(Self)
    }
}

impl Generator for UnlockPickup {
    fn blank(&self) -> Parts {
        Parts::new(Task::Target, 2 * SIDE - 1, SIDE)
    }

    fn things(&self) -> Things {
        Things { goal: false, key: true, target: true, doors: 1 }
    }

    fn steps(&self) -> usize {
        8 * usize::from(SIDE).pow(2)
    }

    fn mission(&self, state: &State) -> String {
        state.mission_to_pick_up(Kind::Box)
    }

    fn draw(&self, parts: &mut Parts, walls: &mut ChaCha8Rng, things: &mut ChaCha8Rng) {
        let mut rooms = Rooms::draw(parts, SIDE, [2, 1], walls);
        rooms.place(parts, [1, 0], Cell::new(Kind::Box, colour(things)), things);
        let door = Cell::door(colour(walls), Door::Locked);
        rooms.add_door(parts, [0, 0], Direction::East, door);
        rooms.place(parts, [0, 0], Cell::new(Kind::Key, door.colour), things);
        rooms.place_agent(parts, [0, 0], things);
    }

    fn reference(&self) -> Option<Reference> {
        Some(Reference { random: 0.0009, expert: 0.9486 })
    }
}
