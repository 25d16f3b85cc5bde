//! Square rooms in rows and columns that share their walls, Minigrid's `RoomGrid`.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::colour;
use crate::grid::minigrid::cell::{Cell, Door, Kind};
use crate::grid::minigrid::grid::{Area, Direction, Place};
use crate::grid::minigrid::state::Parts;

/// Most rooms in a row or column.
pub(super) const MOST: usize = 3;

/// A room's column and row among the rooms.
pub(super) type Room = [usize; 2];

/// Which rooms there are, where doors between them can be, and which are joined.
pub(super) struct Rooms {
    /// Cells per side of a room, walls included.
    side: u8,
    columns: usize,
    rows: usize,
    /// Per room: the place in its east wall and the one in its south wall where a door would be.
    doors: [[[Place; 2]; MOST]; MOST],
    /// Per room and direction: whether it is joined with the next room there.
    joined: [[[bool; 4]; MOST]; MOST],
    locked: Option<Room>,
}

impl Rooms {
    /// Walls in rooms of so many columns and rows, and draws where doors can be.
    pub(super) fn draw(
        parts: &mut Parts,
        side: u8,
        [columns, rows]: [usize; 2],
        random: &mut ChaCha8Rng,
    ) -> Self {
        let nowhere = [Place::new(0, 0); 2];
        let mut rooms = Self {
            side,
            columns,
            rows,
            doors: [[nowhere; MOST]; MOST],
            joined: [[[false; 4]; MOST]; MOST],
            locked: None,
        };
        for row in 0..rows {
            for column in 0..columns {
                let area = rooms.area([column, row]);
                parts.grid.wall_in(area);
                let Place { column: left, row: top } = area.top;
                let mut inside = || random.random_range(1..side - 1);
                let east = Place::new(left + side - 1, top + inside());
                let south = Place::new(left + inside(), top + side - 1);
                rooms.doors[row][column] = [east, south];
            }
        }
        rooms
    }

    /// A room's cells, its walls included.
    pub(super) fn area(&self, [column, row]: Room) -> Area {
        let corner = |index: usize| index as u8 * (self.side - 1);
        Area::new(Place::new(corner(column), corner(row)), self.side, self.side)
    }

    /// The next room in a direction.
    fn beside(&self, [column, row]: Room, direction: Direction) -> Option<Room> {
        let [across, down] = direction.step().map(isize::from);
        let column = column.checked_add_signed(across).filter(|column| *column < self.columns)?;
        let row = row.checked_add_signed(down).filter(|row| *row < self.rows)?;
        Some([column, row])
    }

    fn join(&mut self, room: Room, direction: Direction, next: Room) {
        self.joined[room[1]][room[0]][direction as usize] = true;
        self.joined[next[1]][next[0]][direction.turned(2) as usize] = true;
    }

    /// Takes the wall between a room and the next one away.
    pub(super) fn open_wall(&mut self, parts: &mut Parts, room: Room, direction: Direction) {
        let Some(next) = self.beside(room, direction) else { return };
        let Area { top: Place { column, row }, width, height } = self.area(room);
        let inner = match direction {
            Direction::East => Area::new(Place::new(column + width - 1, row + 1), 1, height - 2),
            Direction::South => Area::new(Place::new(column + 1, row + height - 1), width - 2, 1),
            Direction::West => Area::new(Place::new(column, row + 1), 1, height - 2),
            Direction::North => Area::new(Place::new(column + 1, row), width - 2, 1),
        };
        parts.grid.fill(inner, Cell::EMPTY);
        self.join(room, direction, next);
    }

    /// Puts a door between a room and the next one; a locked one locks the room. Nothing happens where
    /// there is no next room.
    pub(super) fn add_door(&mut self, parts: &mut Parts, room: Room, direction: Direction, door: Cell) {
        let Some(next) = self.beside(room, direction) else { return };
        let place = match direction {
            Direction::East => self.doors[room[1]][room[0]][0],
            Direction::South => self.doors[room[1]][room[0]][1],
            Direction::West => self.doors[next[1]][next[0]][0],
            Direction::North => self.doors[next[1]][next[0]][1],
        };
        parts.grid.set(place, door);
        self.join(room, direction, next);
        if door.door == Door::Locked {
            self.locked = Some(room);
        }
    }

    /// Puts something into a room, but not into the middle of all rooms or beside it, from where the
    /// original's agent would begin.
    pub(super) fn place(&self, parts: &mut Parts, room: Room, cell: Cell, random: &mut ChaCha8Rng) {
        let middle = |rooms: usize| (rooms / 2) as u8 * (self.side - 1) + self.side / 2;
        let middle = Place::new(middle(self.columns), middle(self.rows));
        let place = parts.grid.empty(self.area(room), random, |place| place.distance(middle) >= 2);
        parts.grid.set(place, cell);
    }

    /// Puts the agent into a room, with nothing or a wall in front of it.
    pub(super) fn place_agent(&self, parts: &mut Parts, room: Room, random: &mut ChaCha8Rng) {
        loop {
            parts.place_agent(self.area(room), random);
            let ahead = parts.grid.get(parts.agent.ahead(parts.facing));
            if matches!(ahead.kind, Kind::Empty | Kind::Wall) {
                return;
            }
        }
    }

    /// Whether every room can be reached from the first.
    fn connected(&self) -> bool {
        let mut reached = [[false; MOST]; MOST];
        reached[0][0] = true;
        // The longest way has a room less than there are.
        for _ in 0..self.rows * self.columns {
            for row in 0..self.rows {
                for column in 0..self.columns {
                    for direction in Direction::ALL {
                        if reached[row][column]
                            && self.joined[row][column][direction as usize]
                            && let Some(next) = self.beside([column, row], direction)
                        {
                            reached[next[1]][next[0]] = true;
                        }
                    }
                }
            }
        }
        (0..self.rows).all(|row| reached[row][..self.columns].iter().all(|reached| *reached))
    }

    /// Adds closed doors between random rooms until all are connected; the locked room gets none.
    pub(super) fn connect(&mut self, parts: &mut Parts, random: &mut ChaCha8Rng) {
        while !self.connected() {
            let room = [random.random_range(0..self.columns), random.random_range(0..self.rows)];
            let direction = Direction::ALL[random.random_range(0..Direction::ALL.len())];
            let Some(next) = self.beside(room, direction) else { continue };
            let joined = self.joined[room[1]][room[0]][direction as usize];
            if !joined && self.locked != Some(room) && self.locked != Some(next) {
                let door = Cell::door(colour(random), Door::Closed);
                self.add_door(parts, room, direction, door);
            }
        }
    }
}
