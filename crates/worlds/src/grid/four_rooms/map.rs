//! Walls and free cells.

/// The move to the east.
pub(super) const EAST: usize = 1;

/// Row and column changes of north, east, south and west.
const MOVES: [(isize, isize); 4] = [(-1, 0), (0, 1), (1, 0), (0, -1)];

/// One of the four rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The southern half.
    pub south: bool,
    /// The eastern half.
    pub east: bool,
}

/// A square of walls and free cells; free cells are numbered in row order.
///
/// *Rooms*: an outer wall and a cross of inner walls, each of the four inner walls with a door of
/// one cell in its middle; where it has two middle cells, the door is the one nearer the outer
/// wall. *Serpentine*: a corridor one cell wide along every odd row, joined at alternating ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    size: usize,
    /// Number of the free cell at `row * size + column`.
    numbers: Vec<Option<u32>>,
    /// Row and column of each free cell.
    positions: Vec<(usize, usize)>,
    goal: usize,
    has_rooms: bool,
}

impl Map {
    /// Four rooms; `size` is odd and at least 5. The goal is the south-east corner.
    pub fn rooms(size: usize) -> Self {
        let middle = size / 2;
        let first_door = middle / 2;
        let doors = [first_door, size - 1 - first_door];
        Self::new(size, true, |row, column| match (row == middle, column == middle) {
            (true, true) => false,
            (true, false) => doors.contains(&column),
            (false, true) => doors.contains(&row),
            (false, false) => true,
        })
    }

    /// A winding corridor; `size` is odd and at least 5. The goal is its end.
    pub fn serpentine(size: usize) -> Self {
        Self::new(size, false, |row, column| {
            let turn = if row % 4 == 2 { size - 2 } else { 1 };
            row % 2 == 1 || column == turn
        })
    }

    fn new(size: usize, has_rooms: bool, free: impl Fn(usize, usize) -> bool) -> Self {
        let mut numbers = vec![None; size * size];
        let mut positions = Vec::new();
        for row in 1..size - 1 {
            for column in 1..size - 1 {
                if free(row, column) {
                    numbers[row * size + column] = Some(positions.len() as u32);
                    positions.push((row, column));
                }
            }
        }
        // The last row of a serpentine is walked westwards when the number of rows is even.
        let westward = !has_rooms && (size / 2).is_multiple_of(2);
        let corner = positions.len() - 1;
        let goal = if westward { corner - (size - 3) } else { corner };
        Self { size, numbers, positions, goal, has_rooms }
    }

    /// Cells per side, walls included.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Number of free cells.
    pub fn cells(&self) -> usize {
        self.positions.len()
    }

    /// The goal's cell.
    pub fn goal(&self) -> usize {
        self.goal
    }

    /// Row and column of a free cell, counted from the north-west corner of the outer wall.
    pub fn position(&self, cell: usize) -> (usize, usize) {
        self.positions[cell]
    }

    /// The free cell in a row and column, if it is one.
    pub fn cell_at(&self, row: usize, column: usize) -> Option<usize> {
        let inside = row < self.size && column < self.size;
        let number = inside.then(|| self.numbers[row * self.size + column]).flatten();
        number.map(|cell| cell as usize)
    }

    /// The room that a cell is in; doors and corridors are in none.
    pub fn room(&self, cell: usize) -> Option<Room> {
        let ((row, column), middle) = (self.positions[cell], self.size / 2);
        let inside = self.has_rooms && row != middle && column != middle;
        inside.then_some(Room { south: row > middle, east: column > middle })
    }

    /// Whether the cell is in the north-west or the south-east room.
    pub fn windy(&self, cell: usize) -> bool {
        self.room(cell).is_some_and(|room| room.south == room.east)
    }

    /// Where a move (0 north, 1 east, 2 south, 3 west, any other none) leads; back to the cell
    /// itself where a wall is in the way.
    pub fn neighbour(&self, cell: usize, direction: usize) -> usize {
        let (row, column) = self.positions[cell];
        let (down, right) = MOVES.get(direction).copied().unwrap_or_default();
        let aim = (row.checked_add_signed(down), column.checked_add_signed(right));
        match aim {
            (Some(row), Some(column)) => self.cell_at(row, column).unwrap_or(cell),
            _ => cell,
        }
    }
}
