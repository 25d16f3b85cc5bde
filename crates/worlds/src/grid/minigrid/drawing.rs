//! Levels as pictures, in the look of Minigrid.

use super::cell::{Cell, Colour, Door, Kind};
use super::grid::{Direction, Place};
use super::state::State;
use super::view::{VIEW, View};
use crate::Canvas;
use crate::grid::drawing::paint_tiles;
use crate::render::Colour as Rgb;

const BLACK: Rgb = [0; 3];
/// Width of the lines between cells, in cells.
const LINE: f64 = 0.031;
/// Pixels per side of a cell from which on shapes can be told apart; smaller ones are of one colour.
const LEAST_SIDE: usize = 4;

/// What of a level is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All of it; what the agent sees is brighter.
    Full,
    /// What the agent sees; it looks up.
    Ego,
}

impl Shown {
    /// Rows and columns.
    pub fn size(self, state: &State) -> [usize; 2] {
        let grid = &state.parts().grid;
        match self {
            Shown::Full => [usize::from(grid.height()), usize::from(grid.width())],
            Shown::Ego => [VIEW; 2],
        }
    }

    /// Draws a level onto the whole canvas.
    pub fn paint(self, state: &State, canvas: &mut Canvas) {
        let [rows, columns] = self.size(state);
        let view = View::new(state);
        let small = canvas.width < LEAST_SIDE * columns || canvas.height < LEAST_SIDE * rows;
        let tile = |row: usize, column: usize| self.tile(state, &view, row, column);
        if small {
            paint_tiles(canvas, [rows, columns], |row, column| tile(row, column).flat(), |flat, _| *flat);
        } else {
            let bright = |row: usize, column: usize| self.bright(state, &view, row, column);
            let tile = |row, column| (tile(row, column), bright(row, column));
            paint_tiles(canvas, [rows, columns], tile, |(tile, bright), point| tile.shaped(point, *bright));
        }
    }

    /// Writes one pixel per cell, row by row.
    pub fn write(self, state: &State, image: &mut [u8]) {
        let [_, columns] = self.size(state);
        let view = View::new(state);
        for (index, pixel) in image.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            *pixel = self.tile(state, &view, index / columns, index % columns).flat();
        }
    }

    fn tile(self, state: &State, view: &View, row: usize, column: usize) -> Tile {
        let parts = state.parts();
        match self {
            Shown::Full => {
                let place = Place::new(column as u8, row as u8);
                let here = place == parts.agent;
                let cell = if here { parts.carried.unwrap_or(Cell::EMPTY) } else { state.cell(place) };
                Tile { cell, agent: here.then_some(parts.facing) }
            }
            Shown::Ego => {
                let here = [row, column] == [VIEW - 1, VIEW / 2];
                Tile { cell: view.cells[row][column], agent: here.then_some(Direction::North) }
            }
        }
    }

    /// Whether the agent sees a tile.
    fn bright(self, state: &State, view: &View, row: usize, column: usize) -> bool {
        let cell = match self {
            Shown::Full => view.of(state, Place::new(column as u8, row as u8)),
            Shown::Ego => view.cells[row][column],
        };
        cell.kind != Kind::Unseen
    }
}

/// A cell as it is drawn; in the agent's is what it carries.
#[derive(Clone, Copy, Debug)]
struct Tile {
    cell: Cell,
    agent: Option<Direction>,
}

impl Tile {
    /// The tile as one colour, different for all that can be in it.
    fn flat(self) -> Rgb {
        let cell = flat(self.cell);
        match self.agent {
            None => cell,
            Some(facing) => {
                // The share is one that keeps all of them apart.
                let agent = [255 - 40 * facing as u8, 0, 0];
                if self.cell.kind == Kind::Empty { agent } else { mixed(agent, cell, 40) }
            }
        }
    }

    /// The colour at a point of the tile, whose sides are 1.
    fn shaped(self, [x, y]: [f64; 2], bright: bool) -> Rgb {
        let mut colour = shape(self.cell, x, y);
        if self.agent.is_some_and(|facing| in_arrow(facing, x, y)) {
            colour = Colour::Red.rgb();
        }
        if bright { mixed(colour, [255; 3], 30) } else { colour }
    }
}

/// `colour` with so many percent of `other`.
fn mixed(colour: Rgb, other: Rgb, percent: u16) -> Rgb {
    std::array::from_fn(|channel| {
        let (from, to) = (u16::from(colour[channel]), u16::from(other[channel]));
        ((from * (100 - percent) + to * percent) / 100) as u8
    })
}

fn flat(cell: Cell) -> Rgb {
    let colour = cell.colour.rgb();
    match (cell.kind, cell.door) {
        (Kind::Unseen | Kind::Agent, _) => [30; 3],
        (Kind::Empty, _) => BLACK,
        (Kind::Wall | Kind::Goal, _) => colour,
        (Kind::Key, _) => mixed(colour, [255; 3], 50),
        (Kind::Ball, _) => mixed(colour, [255; 3], 25),
        (Kind::Box, _) => mixed(colour, [255; 3], 12),
        (Kind::Door, Door::Open) => mixed(colour, BLACK, 75),
        (Kind::Door, Door::Closed) => mixed(colour, BLACK, 30),
        (Kind::Door, Door::Locked) => mixed(colour, BLACK, 55),
    }
}

/// Minigrid's shapes.
fn shape(cell: Cell, x: f64, y: f64) -> Rgb {
    let colour = cell.colour.rgb();
    let within = |left: f64, right: f64, top: f64, bottom: f64| {
        (left..=right).contains(&x) && (top..=bottom).contains(&y)
    };
    let frame = |width: f64| within(width, 1.0 - width, width, 1.0 - width);
    let disc = |centre_x: f64, centre_y: f64, radius: f64| (x - centre_x).hypot(y - centre_y) <= radius;
    let solid = |inside: bool| if inside { colour } else { ground(x, y) };
    match (cell.kind, cell.door) {
        (Kind::Unseen | Kind::Empty | Kind::Agent, _) => ground(x, y),
        (Kind::Wall | Kind::Goal, _) => colour,
        (Kind::Door, Door::Open) if within(0.92, 0.96, 0.04, 0.96) => BLACK,
        (Kind::Door, Door::Open) => solid(x >= 0.88),
        (Kind::Door, Door::Locked) if within(0.52, 0.75, 0.50, 0.56) => colour,
        (Kind::Door, Door::Locked) if frame(0.06) => mixed(colour, BLACK, 55),
        (Kind::Door, Door::Closed) if disc(0.75, 0.5, 0.08) => colour,
        (Kind::Door, Door::Closed) if frame(0.12) || (frame(0.04) && !frame(0.08)) => BLACK,
        (Kind::Door, _) => colour,
        (Kind::Key, _) if disc(0.56, 0.28, 0.064) => BLACK,
        (Kind::Key, _) => {
            let teeth = within(0.38, 0.50, 0.59, 0.66) || within(0.38, 0.50, 0.81, 0.88);
            solid(teeth || within(0.50, 0.63, 0.31, 0.88) || disc(0.56, 0.28, 0.19))
        }
        (Kind::Ball, _) => solid(disc(0.5, 0.5, 0.31)),
        (Kind::Box, _) if frame(0.18) && !within(0.16, 0.84, 0.47, 0.53) => BLACK,
        (Kind::Box, _) => solid(frame(0.12)),
    }
}

/// Black with grey lines at the upper and the left edge.
fn ground(x: f64, y: f64) -> Rgb {
    if x <= LINE || y <= LINE { Colour::Grey.rgb() } else { BLACK }
}

/// Whether a point lies in the agent's triangle.
fn in_arrow(facing: Direction, x: f64, y: f64) -> bool {
    let [across, down] = facing.step().map(f64::from);
    let (x, y) = (x - 0.5, y - 0.5);
    // Turned so that it points to the right, from 0.12 to 0.87 of the cell.
    let (ahead, aside) = (0.5 + across * x + down * y, (across * y - down * x).abs());
    (0.12..=0.87).contains(&ahead) && aside <= 0.31 * (0.87 - ahead) / 0.75
}
