//! Cells in rows, places and directions.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::cell::Cell;

/// A cell's place, counted from the top left one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// From the left, from 0 on.
    pub column: u8,
    /// From the top, from 0 on.
    pub row: u8,
}

impl Place {
    /// The place in this column and row.
    pub const fn new(column: u8, row: u8) -> Self {
        Self { column, row }
    }

    /// The next place in a direction. Agents never stand on the border, so it exists for them.
    #[inline]
    pub fn ahead(self, direction: Direction) -> Self {
        let [across, down] = direction.step();
        Self { column: self.column.wrapping_add_signed(across), row: self.row.wrapping_add_signed(down) }
    }

    /// Cells between two places, along rows and columns.
    pub fn distance(self, other: Self) -> u32 {
        u32::from(self.column.abs_diff(other.column)) + u32::from(self.row.abs_diff(other.row))
    }
}

/// Where the agent looks, numbered as in Minigrid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    East = 0,
    South = 1,
    West = 2,
    North = 3,
}

impl Direction {
    /// All directions in the order of their numbers, which is clockwise.
    pub const ALL: [Self; 4] = [Self::East, Self::South, Self::West, Self::North];

    /// Turned clockwise by so many quarters.
    #[inline]
    pub fn turned(self, quarters: u8) -> Self {
        Self::ALL[usize::from((self as u8).wrapping_add(quarters) % 4)]
    }

    /// Columns and rows of one step.
    #[inline]
    pub fn step(self) -> [i8; 2] {
        [[1, 0], [0, 1], [-1, 0], [0, -1]][self as usize]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ["east", "south", "west", "north"][self as usize]
    }
}

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its top left cell.
    pub top: Place,
    /// Number of columns.
    pub width: u8,
    /// Number of rows.
    pub height: u8,
}

impl Area {
    /// The area of so many columns and rows from a place on.
    pub const fn new(top: Place, width: u8, height: u8) -> Self {
        Self { top, width, height }
    }

    /// A uniform place in it.
    fn draw(self, random: &mut ChaCha8Rng) -> Place {
        let Place { column, row } = self.top;
        Place::new(
            random.random_range(column..column + self.width),
            random.random_range(row..row + self.height),
        )
    }
}

/// Rows of cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    width: u8,
    height: u8,
    cells: Vec<Cell>,
}

impl Grid {
    /// Empty cells.
    pub fn new(width: u8, height: u8) -> Self {
        Self { width, height, cells: vec![Cell::EMPTY; usize::from(width) * usize::from(height)] }
    }

    /// Number of columns.
    pub fn width(&self) -> u8 {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> u8 {
        self.height
    }

    /// All cells, row by row.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// All of it.
    pub fn area(&self) -> Area {
        Area::new(Place::new(0, 0), self.width, self.height)
    }

    /// The index of a place in [`Grid::cells`].
    #[inline]
    pub fn index(&self, place: Place) -> usize {
        usize::from(place.row) * usize::from(self.width) + usize::from(place.column)
    }

    /// The place of an index into [`Grid::cells`].
    pub fn place(&self, index: usize) -> Place {
        let width = usize::from(self.width);
        Place::new((index % width) as u8, (index / width) as u8)
    }

    /// What is in a place; a wall outside.
    #[inline]
    pub fn get(&self, place: Place) -> Cell {
        self.at(i16::from(place.column), i16::from(place.row))
    }

    /// What is in a column and row; a wall outside.
    #[inline]
    pub(super) fn at(&self, column: i16, row: i16) -> Cell {
        // Negative numbers become large ones.
        let inside = (column as u16) < u16::from(self.width) && (row as u16) < u16::from(self.height);
        let index = row as usize * usize::from(self.width) + column as usize;
        if inside { self.cells[index] } else { Cell::WALL }
    }

    /// Puts something into a place; outside nothing happens.
    #[inline]
    pub fn set(&mut self, place: Place, cell: Cell) {
        if place.column < self.width && place.row < self.height {
            let index = self.index(place);
            self.cells[index] = cell;
        }
    }

    /// Empties every cell.
    pub fn clear(&mut self) {
        self.cells.fill(Cell::EMPTY);
    }

    /// Walls along the border of an area.
    pub fn wall_in(&mut self, area: Area) {
        let Area { top, width, height } = area;
        let (right, bottom) = (top.column + width - 1, top.row + height - 1);
        for column in top.column..=right {
            self.set(Place::new(column, top.row), Cell::WALL);
            self.set(Place::new(column, bottom), Cell::WALL);
        }
        for row in top.row..=bottom {
            self.set(Place::new(top.column, row), Cell::WALL);
            self.set(Place::new(right, row), Cell::WALL);
        }
    }

    /// Fills an area.
    pub fn fill(&mut self, area: Area, cell: Cell) {
        for row in area.top.row..area.top.row + area.height {
            for column in area.top.column..area.top.column + area.width {
                self.set(Place::new(column, row), cell);
            }
        }
    }

    /// A uniformly random empty cell of an area among those that are `allowed`, of which there must
    /// be one.
    pub fn empty(&self, area: Area, random: &mut ChaCha8Rng, allowed: impl Fn(Place) -> bool) -> Place {
        loop {
            let place = area.draw(random);
            if self.get(place) == Cell::EMPTY && allowed(place) {
                return place;
            }
        }
    }
}
