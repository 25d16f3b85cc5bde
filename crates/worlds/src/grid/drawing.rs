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
