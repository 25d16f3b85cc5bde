//! Drawing boards of cells.

use crate::Canvas;
use crate::render::Colour;

/// Paints the whole canvas as `rows` x `columns` cells of equal size; `colour` is asked with a
/// cell's row and column for the cell that holds a pixel's centre.
pub fn paint_cells(
    canvas: &mut Canvas,
    rows: usize,
    columns: usize,
    colour: impl Fn(usize, usize) -> Colour,
) {
    let (width, height) = (canvas.width, canvas.height);
    // The centre of pixel i of n lies at (2 i + 1) / (2 n) of the side.
    let cell = |pixel: usize, pixels: usize, cells: usize| (2 * pixel + 1) * cells / (2 * pixels);
    for y in 0..height {
        let row = cell(y, height, rows);
        for x in 0..width {
            canvas.set(x, y, colour(row, cell(x, width, columns)));
        }
    }
}

/// Paints the whole canvas as tiles of equal size in so many rows and columns: what `tile` gives for a
/// row and column is asked for the colour of the pixels whose centres it holds, each by where in the tile
/// that lies, to the right and down, from 0 to 1.
pub fn paint_tiles<T>(
    canvas: &mut Canvas,
    [rows, columns]: [usize; 2],
    tile: impl Fn(usize, usize) -> T,
    colour: impl Fn(&T, [f64; 2]) -> Colour,
) {
    let (width, height) = (canvas.width, canvas.height);
    // The first pixel whose centre, as in `paint_cells`, lies beyond the edge before a tile.
    let first = |index: usize, pixels: usize, tiles: usize| (2 * pixels * index + tiles - 1) / (2 * tiles);
    let part = |pixel: usize, index: usize, pixels: usize, tiles: usize| {
        (2 * pixel + 1) as f64 * tiles as f64 / (2 * pixels) as f64 - index as f64
    };
    for row in 0..rows {
        for column in 0..columns {
            let tile = tile(row, column);
            for y in first(row, height, rows)..first(row + 1, height, rows) {
                let down = part(y, row, height, rows);
                for x in first(column, width, columns)..first(column + 1, width, columns) {
                    canvas.set(x, y, colour(&tile, [part(x, column, width, columns), down]));
                }
            }
        }
    }
}
