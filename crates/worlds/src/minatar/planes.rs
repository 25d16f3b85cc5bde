//! The observation that games draw themselves into.

/// Cells on each side of the board.
pub const SIDE: usize = 10;

/// The last row and the last column.
pub const LAST: i8 = 9;

/// A board of `SIDE` x `SIDE` cells with several binary channels, in row, column, channel order.
pub struct Planes<'a> {
    cells: &'a mut [u8],
    channels: usize,
}

impl<'a> Planes<'a> {
    /// An empty board over `cells`, which holds `SIDE * SIDE * channels` bytes.
    pub fn new(cells: &'a mut [u8], channels: usize) -> Self {
        cells.fill(0);
        Self { cells, channels }
    }

    /// Marks a cell in a channel; what lies outside the board is not drawn.
    pub fn mark(&mut self, row: i8, column: i8, channel: usize) {
        if (0..=LAST).contains(&row) && (0..=LAST).contains(&column) {
            let cell = row as usize * SIDE + column as usize;
            self.cells[cell * self.channels + channel] = 1;
        }
    }

    /// Marks the cells whose bits are set: bit `c` of `rows[r]` is row `r`, column `c`.
    pub fn mark_rows(&mut self, rows: &[u16; SIDE], channel: usize) {
        for (row, &columns) in rows.iter().enumerate() {
            let mut rest = columns;
            while rest != 0 {
                self.mark(row as i8, rest.trailing_zeros() as i8, channel);
                rest &= rest - 1;
            }
        }
    }
}

/// The neighbouring column in a direction.
pub fn ahead(column: i8, rightward: bool) -> i8 {
    if rightward { column + 1 } else { column - 1 }
}
