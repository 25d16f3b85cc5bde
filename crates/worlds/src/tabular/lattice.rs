//! Open square grids on which moves slip.

/// Row and column steps of the moves: north, east, south, west.
const MOVES: [(isize, isize); 4] = [(-1, 0), (0, 1), (1, 0), (0, -1)];

/// The cell, in row order, that a move leads to on a grid of `side` x `side` cells whose edges
/// block; any move beyond the fourth stays.
pub(super) fn moved(side: usize, cell: usize, direction: usize) -> usize {
    let (down, right) = MOVES.get(direction).copied().unwrap_or_default();
    let row = (cell / side).checked_add_signed(down).filter(|row| *row < side);
    let column = (cell % side).checked_add_signed(right).filter(|column| *column < side);
    row.zip(column).map_or(cell, |(row, column)| row * side + column)
}

/// Where `action`, replaced by a uniform one of `actions` with probability `slip`, leads from
/// `cell`: pairs of cell and probability, one for each action that may be executed.
pub(super) fn slipping(
    side: usize,
    cell: usize,
    action: usize,
    actions: usize,
    slip: f64,
) -> impl Iterator<Item = (usize, f64)> {
    (0..actions).map(move |executed| {
        let chosen = if executed == action { 1.0 - slip } else { 0.0 };
        (moved(side, cell, executed), chosen + slip / actions as f64)
    })
}
