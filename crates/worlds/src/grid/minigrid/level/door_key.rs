//! Two rooms, a locked door between them, and its key.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    Definition, FIRST, Generator, HORIZON, LAYOUTS, LEVELS, OBS, PREVENT, SIZE, SPLIT, Things, VIEW,
};
use crate::grid::minigrid::cell::{Cell, Colour, Door, Kind};
use crate::grid::minigrid::grid::{Area, Place};
use crate::grid::minigrid::state::{Parts, State, Task};
use crate::name::help;
use crate::spec::Reference;
use crate::{OptionHelp, Options, WorldError};

/// `MiniGrid-DoorKey`: the agent begins in the left room, where the yellow key lies; the goal is in the
/// lower right corner.
#[derive(Clone, Debug)]
pub struct DoorKey {
    size: u8,
    task: Task,
}

impl Definition for DoorKey {
    const NAME: &'static str = "minigrid-doorkey";
    const SUMMARY: &'static str = "Minigrid's door and key: unlock the door to get to the goal";
    const OPTIONS: &'static [OptionHelp] = &[
        SIZE,
        help(
            "task",
            "goal",
            "goal: reach it; key-at-door: face the door that is not open with the key; open-door",
        ),
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
        let size = options.usize("size", 8, 5..=32)? as u8;
        let task = match options.choice("task", "goal", &["goal", "key-at-door", "open-door"])?.as_str() {
            "goal" => Task::Goal,
            "key-at-door" => Task::KeyAtDoor,
            _ => Task::OpenDoor,
        };
        Ok(Self { size, task })
    }
}

impl Generator for DoorKey {
    fn blank(&self) -> Parts {
        Parts::new(self.task, self.size, self.size)
    }

    fn things(&self) -> Things {
        Things { goal: true, key: true, target: false, doors: 1 }
    }

    fn steps(&self) -> usize {
        10 * usize::from(self.size).pow(2)
    }

    fn mission(&self, _state: &State) -> String {
        match self.task {
            Task::KeyAtDoor => "take the key and stand in front of the door",
            Task::OpenDoor => "use the key to open the door",
            _ => "use the key to open the door and then get to the goal",
        }
        .to_owned()
    }

    fn draw(&self, parts: &mut Parts, walls: &mut ChaCha8Rng, things: &mut ChaCha8Rng) {
        let size = self.size;
        parts.grid.wall_in(parts.grid.area());
        parts.goal_in_corner();
        let split = walls.random_range(2..size - 2);
        parts.grid.fill(Area::new(Place::new(split, 0), 1, size), Cell::WALL);
        let door = Place::new(split, walls.random_range(1..size - 2));
        parts.grid.set(door, Cell::door(Colour::Yellow, Door::Locked));
        let left = Area::new(Place::new(0, 0), split, size);
        parts.place_agent(left, things);
        parts.place(Cell::new(Kind::Key, Colour::Yellow), left, things);
    }

    fn reference(&self) -> Option<Reference> {
        (self.size == 8 && self.task == Task::Goal).then_some(Reference { random: 0.0095, expert: 0.9764 })
    }
}
