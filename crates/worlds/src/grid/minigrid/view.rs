//! What the agent sees.

use super::cell::{Cell, Colour, Kind};
use super::grid::Place;
use super::state::State;

/// Columns and rows of the view.
pub const VIEW: usize = 7;

/// Column of the agent in its view, whose last row it is in.
const MIDDLE: usize = VIEW / 2;

/// The cells in front of the agent and beside it, turned so that it looks up; hidden ones are
/// [`Cell::UNSEEN`], and in the agent's own place is what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// By row, from the farthest, and column, from the left.
    pub cells: [[Cell; VIEW]; VIEW],
}

impl View {
    /// What is seen in a state.
    pub fn new(state: &State) -> Self {
        let parts = state.parts();
        let mut view = Self { cells: [[Cell::UNSEEN; VIEW]; VIEW] };
        let mut clear = [0; VIEW];
        let [across, down] = parts.facing.step().map(i16::from);
        let agent = [parts.agent.column, parts.agent.row].map(i16::from);
        for (row, cells) in view.cells.iter_mut().enumerate() {
            let (forward, left) = ((VIEW - 1 - row) as i16, MIDDLE as i16);
            // Right of (across, down) is (-down, across).
            let mut x = agent[0] + across * forward + down * left;
            let mut y = agent[1] + down * forward - across * left;
            for (column, cell) in cells.iter_mut().enumerate() {
                *cell = parts.grid.at(x, y);
                clear[row] |= u8::from(!cell.opaque()) << column;
                (x, y) = (x - down, y + across);
            }
        }
        if !parts.transparent {
            view.hide(visible(clear));
        }
        view.cells[VIEW - 1][MIDDLE] = parts.carried.unwrap_or(Cell::EMPTY);
        view
    }

    /// Hides what is not among the bits of a row.
    fn hide(&mut self, seen: [u8; VIEW]) {
        for (cells, seen) in self.cells.iter_mut().zip(seen) {
            for (column, cell) in cells.iter_mut().enumerate() {
                // A choice of values, which needs no branch.
                *cell = if seen >> column & 1 == 1 { *cell } else { Cell::UNSEEN };
            }
        }
    }

    /// What is seen of a place of the level's; nothing where it is outside the view or hidden.
    pub fn of(&self, state: &State, place: Place) -> Cell {
        view_place(state, place).map_or(Cell::UNSEEN, |[row, column]| self.cells[row][column])
    }

    /// Writes the code of every cell in the order of Minigrid's array, whose first index is the column,
    /// into `3 * VIEW * VIEW` bytes.
    pub fn write(&self, image: &mut [u8]) {
        for (column, image) in image.as_chunks_mut::<{ 3 * VIEW }>().0.iter_mut().enumerate() {
            for (row, code) in image.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                *code = self.cells[row][column].code();
            }
        }
    }
}

/// Row and column of the view in which a place of the level is seen, if it is inside.
fn view_place(state: &State, place: Place) -> Option<[usize; 2]> {
    let ([across, down], agent) = (state.parts().facing.step(), state.parts().agent);
    let columns = i32::from(place.column) - i32::from(agent.column);
    let rows = i32::from(place.row) - i32::from(agent.row);
    let (across, down) = (i32::from(across), i32::from(down));
    let row = VIEW as i32 - 1 - (across * columns + down * rows);
    let column = MIDDLE as i32 + across * rows - down * columns;
    let inside = 0..VIEW as i32;
    (inside.contains(&row) && inside.contains(&column)).then_some([row as usize, column as usize])
}

/// Minigrid's rule of what is seen, by rows from the farthest, as bits of columns; `clear` has the
/// cells that hide nothing. Light spreads from the agent through clear cells: sideways, and from a row
/// to the next farther one straight and diagonally; first from left to right, then from right to left.
fn visible(clear: [u8; VIEW]) -> [u8; VIEW] {
    const LAST: u8 = 1 << (VIEW - 1);
    const ALL: u8 = LAST | (LAST - 1);
    let mut seen = [0; VIEW];
    seen[VIEW - 1] = 1 << MIDDLE;
    for row in (0..VIEW).rev() {
        let clear = clear[row];
        let right = spread(seen[row] & clear, clear, |bits, steps| bits << steps);
        let lit = (seen[row] | right << 1) & ALL;
        let left = spread(lit & clear, clear, |bits, steps| bits >> steps);
        seen[row] = lit | left >> 1;
        if let Some(farther) = row.checked_sub(1) {
            // The last column spreads nothing to the right, the first nothing to the left.
            let (right, left) = (right & !LAST, left & !1);
            seen[farther] |= right | right << 1 | left | left >> 1;
        }
    }
    seen
}

/// The bits that are reached from `bits` by single shifts through `clear` ones: up to 7 of them, in runs
/// of 1, 2 and 4.
fn spread(mut bits: u8, mut clear: u8, shift: impl Fn(u8, u32) -> u8) -> u8 {
    for steps in [1, 2, 4] {
        bits |= clear & shift(bits, steps);
        clear &= shift(clear, steps);
    }
    bits
}

/// Writes the code of every cell of the level in the order of Minigrid's array, whose first index is the
/// column; the agent is a red cell of kind 10 whose state is its direction.
pub(super) fn write_full(state: &State, image: &mut [u8]) {
    let parts = state.parts();
    let (width, height) = (usize::from(parts.grid.width()), usize::from(parts.grid.height()));
    for (index, code) in image.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        *code = parts.grid.cells()[index % height * width + index / height].code();
    }
    let agent = usize::from(parts.agent.column) * height + usize::from(parts.agent.row);
    let code = [Kind::Agent as u8, Colour::Red as u8, parts.facing as u8];
    image[3 * agent..][..3].copy_from_slice(&code);
}
