//! A chain of rooms with doors between them.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    Definition, FIRST, Generator, HORIZON, LAYOUTS, LEVELS, OBS, PREVENT, SPLIT, Things, VIEW, colour,
};
use crate::grid::minigrid::cell::{Cell, Door};
use crate::grid::minigrid::grid::{Area, Direction, Place};
use crate::grid::minigrid::state::{Parts, State, Task};
use crate::name::help;
use crate::spec::Reference;
use crate::{OptionHelp, Options, WorldError};

/// Cells per side.
const SIDE: u8 = 25;
/// Least cells per side of a room.
const LEAST_SIZE: u8 = 4;
/// Most rooms.
const MOST_ROOMS: usize = 6;
/// How often the original tries to append a room before it begins the chain anew.
const TRIES: usize = 8;

/// `MiniGrid-MultiRoom`: the agent begins in the first room, the goal is in the last one.
#[derive(Clone, Debug)]
pub struct MultiRoom {
    least_rooms: usize,
    most_rooms: usize,
    /// Most cells per side of a room, walls included.
    size: u8,
}

/// A room of the chain.
#[derive(Clone, Copy, Debug)]
struct Room {
    area: Area,
    /// Where it is entered, and through which of its walls.
    door: Place,
    wall: Direction,
}

impl Definition for MultiRoom {
    const NAME: &'static str = "minigrid-multiroom";
    const SUMMARY: &'static str = "Minigrid's chain of rooms: open the doors to get to the goal";
    const OPTIONS: &'static [OptionHelp] = &[
        help("rooms", "4", "how many rooms, 1 to 6; LOW-HIGH: drawn per level"),
        help("room_size", "5", "most cells per side of a room, its walls included; 4 to 10"),
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
        let rooms = options.interval("rooms", 4.0, 1.0..=MOST_ROOMS as f64)?;
        if rooms.iter().any(|rooms| rooms.fract() != 0.0) {
            return Err(WorldError::Invalid(format!(
                "`rooms` of {} must be a whole number from 1 to {MOST_ROOMS}, or two as in `2-4`, not `{}`",
                options.owner(),
                options.text("rooms").unwrap_or_default()
            )));
        }
        let [least_rooms, most_rooms] = rooms.map(|rooms| rooms as usize);
        let size = options.usize("room_size", 5, usize::from(LEAST_SIZE)..=10)? as u8;
        Ok(Self { least_rooms, most_rooms, size })
    }
}

impl MultiRoom {
    /// Draws rooms one behind the other, up to `rooms.len()`, and says how many it found a place for.
    fn chain(&self, rooms: &mut [Room], random: &mut ChaCha8Rng) -> usize {
        let door = Place::new(random.random_range(0..SIDE - 2), random.random_range(0..SIDE - 2));
        let Some(first) = self.room(door, Direction::West, &[], random) else { return 0 };
        rooms[0] = first;
        for count in 1..rooms.len() {
            let last = rooms[count - 1];
            let next = (0..TRIES).find_map(|_| {
                let exit = last.wall.turned(random.random_range(1..4));
                self.room(exit_door(last.area, exit, random), exit.turned(2), &rooms[..count], random)
            });
            match next {
                Some(next) => rooms[count] = next,
                None => return count,
            }
        }
        rooms.len()
    }

    /// A room of random size entered by this door in this wall, if there is a place for it beside those
    /// `before`; of the first room the door is the corner.
    fn room(&self, door: Place, wall: Direction, before: &[Room], random: &mut ChaCha8Rng) -> Option<Room> {
        let mut draw = |low: i16, high: i16| random.random_range(low..high);
        let (least, most) = (i16::from(LEAST_SIZE), i16::from(self.size) + 1);
        let [width, height] = [draw(least, most), draw(least, most)];
        let [x, y] = [i16::from(door.column), i16::from(door.row)];
        let [left, top] = match wall {
            _ if before.is_empty() => [x, y],
            Direction::East => [x - width + 1, draw(y - height + 2, y)],
            Direction::South => [draw(x - width + 2, x), y - height + 1],
            Direction::West => [x, draw(y - height + 2, y)],
            Direction::North => [draw(x - width + 2, x), y],
        };
        let side = i16::from(SIDE);
        // The original's bounds, of which the lower one is stricter.
        if left < 0 || top < 0 || left + width > side || top + height >= side {
            return None;
        }
        let area = Area::new(Place::new(left as u8, top as u8), width as u8, height as u8);
        // Only the room before shares a wall with it.
        let others = &before[..before.len().saturating_sub(1)];
        others.iter().all(|other| apart(area, other.area)).then_some(Room { area, door, wall })
    }
}

/// Whether a new room is apart from another one: a column between them if it is on the left and a row if
/// it is above, as in the original.
fn apart(new: Area, other: Area) -> bool {
    new.top.column + new.width < other.top.column
        || other.top.column + other.width <= new.top.column
        || new.top.row + new.height < other.top.row
        || other.top.row + other.height <= new.top.row
}

/// A random cell of a wall but its corners.
fn exit_door(area: Area, wall: Direction, random: &mut ChaCha8Rng) -> Place {
    let Area { top: Place { column, row }, width, height } = area;
    match wall {
        Direction::East => Place::new(column + width - 1, row + random.random_range(1..height - 1)),
        Direction::South => Place::new(column + random.random_range(1..width - 1), row + height - 1),
        Direction::West => Place::new(column, row + random.random_range(1..height - 1)),
        Direction::North => Place::new(column + random.random_range(1..width - 1), row),
    }
}

impl Generator for MultiRoom {
    fn blank(&self) -> Parts {
        Parts::new(Task::Goal, SIDE, SIDE)
    }

    fn things(&self) -> Things {
        Things { goal: true, doors: self.most_rooms - 1, ..Things::default() }
    }

    fn steps(&self) -> usize {
        20 * self.most_rooms
    }

    fn mission(&self, _state: &State) -> String {
        "traverse the rooms to get to the goal".to_owned()
    }

    fn draw(&self, parts: &mut Parts, walls: &mut ChaCha8Rng, things: &mut ChaCha8Rng) {
        let nowhere = Area::new(Place::new(0, 0), 0, 0);
        let mut rooms = [Room { area: nowhere, door: nowhere.top, wall: Direction::West }; MOST_ROOMS];
        let count = walls.random_range(self.least_rooms..=self.most_rooms);
        let rooms = &mut rooms[..count];
        while self.chain(rooms, walls) < count {}
        let mut before = None;
        for (index, room) in rooms.iter().enumerate() {
            parts.grid.wall_in(room.area);
            if index > 0 {
                // Another colour than that of the door before.
                let new = loop {
                    let new = colour(walls);
                    if before != Some(new) {
                        break new;
                    }
                };
                parts.grid.set(room.door, Cell::door(new, Door::Closed));
                before = Some(new);
            }
        }
        parts.place_agent(rooms[0].area, things);
        parts.place(Cell::GOAL, rooms[count - 1].area, things);
    }

    fn reference(&self) -> Option<Reference> {
        let usual = (self.least_rooms, self.most_rooms, self.size) == (4, 4, 5);
        usual.then_some(Reference { random: 0.0, expert: 0.7706 })
    }
}
