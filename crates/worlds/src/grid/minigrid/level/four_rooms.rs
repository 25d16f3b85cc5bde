//! Four rooms with gaps in their walls.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Definition, FIRST, Generator, HORIZON, LAYOUTS, LEVELS, OBS, PREVENT, SPLIT, Things, VIEW};
use crate::grid::minigrid::cell::Cell;
use crate::grid::minigrid::grid::{Area, Place};
use crate::grid::minigrid::state::{Parts, State, Task};
use crate::spec::Reference;
use crate::{OptionHelp, Options, WorldError};

/// Cells per side.
const SIZE: u8 = 19;
/// Column and row of the inner walls.
const MIDDLE: u8 = SIZE / 2;

/// `MiniGrid-FourRooms`: one gap in each of the four inner walls, agent and goal anywhere.
#[derive(Clone, Debug)]
pub struct FourRooms;

impl Definition for FourRooms {
    const NAME: &'static str = "minigrid-fourrooms";
    const SUMMARY: &'static str = "Minigrid's four rooms: find the goal";
    const OPTIONS: &'static [OptionHelp] = &[OBS, VIEW, LEVELS, FIRST, SPLIT, LAYOUTS, PREVENT, HORIZON];

    fn from_options(_options: &Options) -> Result<Self, WorldError> {
        Ok(Self)
    }
}

impl Generator for FourRooms {
    fn blank(&self) -> Parts {
        Parts::new(Task::Goal, SIZE, SIZE)
    }

    fn things(&self) -> Things {
        Things { goal: true, ..Things::default() }
    }

    fn steps(&self) -> usize {
        100
    }

    fn mission(&self, _state: &State) -> String {
        "reach the goal".to_owned()
    }

    fn draw(&self, parts: &mut Parts, walls: &mut ChaCha8Rng, things: &mut ChaCha8Rng) {
        let area = parts.grid.area();
        parts.grid.wall_in(area);
        parts.grid.fill(Area::new(Place::new(MIDDLE, 0), 1, SIZE), Cell::WALL);
        parts.grid.fill(Area::new(Place::new(0, MIDDLE), SIZE, 1), Cell::WALL);
        for range in [1..MIDDLE, MIDDLE + 1..2 * MIDDLE] {
            let across = Place::new(MIDDLE, walls.random_range(range.clone()));
            let along = Place::new(walls.random_range(range), MIDDLE);
            parts.grid.set(across, Cell::EMPTY);
            parts.grid.set(along, Cell::EMPTY);
        }
        parts.place_agent(area, things);
        parts.place(Cell::GOAL, area, things);
    }

    fn reference(&self) -> Option<Reference> {
        Some(Reference { random: 0.0184, expert: 0.855 })
    }
}
