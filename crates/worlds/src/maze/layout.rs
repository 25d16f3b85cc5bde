//! The walls of a maze: unit cells read from a picture of text.
//!
//! A picture is a list of rows from the top down, written one after the other with `/` between
//! them: `#` is a wall, `.` is free, `S` and `G` are free cells where the usual task starts and
//! ends. A cell is named by (row, column). In the maze's coordinates x grows to the right and y
//! upwards, and the centre of the picture's lowest left cell is (0.5, 0.5).

use crate::WorldError;

/// The named pictures, with the start and goal of their usual task.
const PICTURES: &[(&str, &str)] = &[
    ("comb", "###########/#S........#/###.#.#.#.#/###.#.#.#.#/###.#.#.#G#/###########"),
    (
        "diag",
        "##########/#S.#######/#...######/##...#####/###...####/####...###/#####...##/######...#/#######.G#/##########",
    ),
    (
        "giant",
        "################/#S#......##....#/#.#.##.#.#..##.#/#...#..#...#...#/#.###.######.#.#/#...#...#....#.#/###.#.#..#.#.###/#...#..#...#...#/#.#.#.######.#.#/#.###...#...##.#/#.....#...#...G#/################",
    ),
    (
        "large",
        "############/#S...#.....#/#.##.#.#.#.#/#......#...#/#.####.###.#/#..#.#.....#/##.#.#.#.###/#..#...#..G#/############",
    ),
    ("medium", "########/#S.##..#/#..#...#/##...###/#..#...#/#.#..#.#/#...#.G#/########"),
    ("open", "#######/#S....#/#.....#/#.....#/#.....#/#....G#/#######"),
    ("ring", "#######/#..S..#/#.###.#/#..G..#/#######"),
    ("umaze", "#####/#S..#/###.#/#G..#/#####"),
];

/// Names of the pictures.
pub const NAMES: &[&str] = &["comb", "diag", "giant", "large", "medium", "open", "ring", "umaze"];

/// Walls and the cells of the usual task.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    rows: usize,
    columns: usize,
    walls: Vec<bool>,
    start: [f64; 2],
    goal: [f64; 2],
}

impl Layout {
    /// The picture of this name, or the picture itself.
    ///
    /// # Errors
    /// It is neither a name nor a rectangle of the four letters, or is not closed by walls.
    pub fn new(text: &str) -> Result<Self, WorldError> {
        let known = PICTURES.iter().find(|(name, _)| *name == text);
        match known {
            Some((_, picture)) => Self::parse(picture),
            None if text.contains('_') => Self::parse(&from_option(text)),
            None => Err(WorldError::Invalid(format!(
                "`layout` must be one of {}, or rows of `x` (wall), `o` (free), `S` and `G` with `_` between \
                 them, not `{text}`",
                NAMES.join(", ")
            ))),
        }
    }

    /// The maze in a picture.
    ///
    /// # Errors
    /// As of [`Layout::new`].
    pub fn parse(picture: &str) -> Result<Self, WorldError> {
        let lines: Vec<&[u8]> = picture.split('/').map(str::as_bytes).collect();
        let (rows, columns) = (lines.len(), lines[0].len());
        let refuse = |reason: String| WorldError::Invalid(format!("the maze `{picture}` {reason}"));
        if rows < 3 || columns < 3 || lines.iter().any(|line| line.len() != columns) {
            return Err(refuse("must be a rectangle of at least 3 rows and columns".to_owned()));
        }
        if let Some(letter) = lines.concat().iter().find(|letter| !b"#.SG".contains(letter)) {
            return Err(refuse(format!("holds `{}`, which means nothing", char::from(*letter))));
        }
        let walls: Vec<bool> =
            lines.iter().flat_map(|line| line.iter().map(|letter| *letter == b'#')).collect();
        let border = |index: usize| {
            let (row, column) = (index / columns, index % columns);
            row == 0 || column == 0 || row == rows - 1 || column == columns - 1
        };
        if (0..walls.len()).any(|index| border(index) && !walls[index]) {
            return Err(refuse("must have walls all around".to_owned()));
        }
        let free = || (0..walls.len()).filter(|index| !walls[*index]);
        let (Some(first), Some(last)) = (free().next(), free().next_back()) else {
            return Err(refuse("has no free cell".to_owned()));
        };
        if first == last {
            return Err(refuse("has only one free cell".to_owned()));
        }
        let letters = lines.concat();
        let find = |letter| letters.iter().position(|other| *other == letter);
        let mut layout = Self { rows, columns, walls, start: [0.0; 2], goal: [0.0; 2] };
        layout.start = layout.centre(find(b'S').unwrap_or(first));
        layout.goal = layout.centre(find(b'G').unwrap_or(last));
        Ok(layout)
    }

    /// Width and height in cells.
    pub fn size(&self) -> [usize; 2] {
        [self.columns, self.rows]
    }

    /// Where the usual task starts.
    pub fn start(&self) -> [f64; 2] {
        self.start
    }

    /// Where the usual task ends.
    pub fn goal(&self) -> [f64; 2] {
        self.goal
    }

    /// Centre of the cell in this row (from the top) and column.
    ///
    /// # Errors
    /// It is a wall or outside.
    pub fn cell(&self, row: usize, column: usize) -> Result<[f64; 2], WorldError> {
        let index = row * self.columns + column;
        if row >= self.rows || column >= self.columns || self.walls[index] {
            return Err(WorldError::Invalid(format!("cell {row}.{column} of the maze is a wall")));
        }
        Ok(self.centre(index))
    }

    /// Centres of all free cells in row order.
    pub fn free(&self) -> Vec<[f64; 2]> {
        (0..self.walls.len()).filter(|index| !self.walls[*index]).map(|index| self.centre(index)).collect()
    }

    /// Centres of two cells each, from the first to the second of which the way is at least `share`
    /// of the longest way between any two cells, counted in steps to one of the four neighbours.
    /// With a share of 0 these are all pairs of different cells that are joined.
    pub fn pairs(&self, share: f64) -> Vec<[[f64; 2]; 2]> {
        let free: Vec<usize> = (0..self.walls.len()).filter(|index| !self.walls[*index]).collect();
        let ways: Vec<(usize, usize, usize)> = free
            .iter()
            .flat_map(|&from| self.ways(from).into_iter().map(move |(to, steps)| (from, to, steps)))
            .filter(|(_, _, steps)| *steps > 0)
            .collect();
        let longest = ways.iter().map(|way| way.2).max().unwrap_or(0);
        let far = ways.into_iter().filter(|way| way.2 as f64 >= share * longest as f64);
        far.map(|(from, to, _)| [self.centre(from), self.centre(to)]).collect()
    }

    /// All cells that can be reached from one, nearest first, with the number of steps.
    fn ways(&self, from: usize) -> Vec<(usize, usize)> {
        let mut reached = vec![(from, 0)];
        let mut next = 0;
        while let Some(&(cell, steps)) = reached.get(next) {
            for neighbour in [cell - 1, cell + 1, cell - self.columns, cell + self.columns] {
                if !self.walls[neighbour] && reached.iter().all(|(other, _)| *other != neighbour) {
                    reached.push((neighbour, steps + 1));
                }
            }
            next += 1;
        }
        reached
    }

    /// Lower left corners of all walls in row order.
    pub fn corners(&self) -> Vec<[f64; 2]> {
        let all = (0..self.walls.len()).filter(|index| self.walls[*index]);
        all.map(|index| self.centre(index).map(|number| number - 0.5)).collect()
    }

    /// Whether the cell that holds the point is a wall; so is everything outside.
    pub fn wall(&self, x: f64, y: f64) -> bool {
        if !(x >= 0.0 && y >= 0.0 && x < self.columns as f64 && y < self.rows as f64) {
            return true;
        }
        let (column, row) = (x as usize, self.rows - 1 - y as usize);
        self.walls[row * self.columns + column]
    }

    /// Distance from a point to the nearest wall, where that is less than 1; 1 otherwise.
    pub fn clearance(&self, x: f64, y: f64) -> f64 {
        let (left, low) = (x.floor(), y.floor());
        let mut nearest: f64 = 1.0;
        for column in [left - 1.0, left, left + 1.0] {
            for row in [low - 1.0, low, low + 1.0] {
                if self.wall(column + 0.5, row + 0.5) {
                    nearest = nearest.min(outside(x, column).hypot(outside(y, row)));
                }
            }
        }
        nearest
    }

    /// How far a disc of `radius` at the point gets along an axis (0 for x, 1 for y) by a motion
    /// of at most half a cell: the new coordinate, and whether a wall stopped it.
    pub fn slide(&self, point: [f64; 2], axis: usize, motion: f64, radius: f64) -> (f64, bool) {
        let (from, across) = (point[axis], point[1 - axis]);
        let (mut to, side) = (from + motion, motion.signum());
        let mut stopped = false;
        let column = (to + side * radius).floor();
        for row in [-1.0, 0.0, 1.0].map(|offset| across.floor() + offset) {
            let cell = if axis == 0 { [column, row] } else { [row, column] };
            let gap = outside(across, row);
            if gap >= radius || !self.wall(cell[0] + 0.5, cell[1] + 0.5) {
                continue;
            }
            // The disc touches the cell's face, or its corner where the disc passes beside it.
            let reach = (radius * radius - gap * gap).sqrt();
            let contact = if side > 0.0 { column - reach } else { column + 1.0 + reach };
            if (to - contact) * side > 0.0 {
                to = contact;
                stopped = true;
            }
        }
        // Rounding must not push back a disc that touches already.
        (if (to - from) * side < 0.0 { from } else { to }, stopped)
    }

    fn centre(&self, index: usize) -> [f64; 2] {
        let (row, column) = (index / self.columns, index % self.columns);
        [column as f64 + 0.5, (self.rows - 1 - row) as f64 + 0.5]
    }
}

/// Distance from a coordinate to the interval from `low` to `low + 1`.
fn outside(value: f64, low: f64) -> f64 {
    (low - value).max(value - low - 1.0).max(0.0)
}

/// A picture as it can be written in a world's name, whose characters need no quoting.
fn from_option(text: &str) -> String {
    text.replace('_', "/").replace('x', "#").replace('o', ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_a_closed_maze_and_all_its_cells_are_joined() {
        assert!(NAMES.iter().copied().eq(PICTURES.iter().map(|(name, _)| *name)));
        for name in NAMES {
            let layout = Layout::new(name).unwrap();
            let cells = layout.free().len();
            assert_eq!(layout.pairs(0.0).len(), cells * (cells - 1), "{name}");
        }
    }

    #[test]
    fn a_picture_is_read_from_the_top() {
        let layout = Layout::new("umaze").unwrap();
        assert_eq!(layout.size(), [5, 5]);
        assert_eq!(layout.start(), [1.5, 3.5]);
        assert_eq!(layout.goal(), [1.5, 1.5]);
        assert!(layout.wall(1.5, 2.5) && !layout.wall(3.5, 2.5));
        assert_eq!(layout.free().len(), 7);
        assert_eq!(Layout::new("xxxxx_xSoox_xxxox_xGoox_xxxxx").unwrap(), layout);
    }

    #[test]
    fn pictures_that_are_none_are_refused() {
        for (text, part) in [
            ("umase", "must be one of comb"),
            ("xxx_xox", "at least 3 rows"),
            ("xxx_xo_xxx", "a rectangle"),
            ("xxx_xqx_xxx", "holds `q`"),
            ("xxx_ooo_xxx", "walls all around"),
            ("xxx_xxx_xxx", "no free cell"),
        ] {
            let error = Layout::new(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_disc_stops_at_faces_and_corners() {
        let layout = Layout::new("umaze").unwrap();
        assert_eq!(layout.slide([1.2, 3.5], 0, -0.2, 0.1), (1.1, true));
        assert_eq!(layout.slide([1.1, 3.5], 0, -0.2, 0.1), (1.1, true));
        assert_eq!(layout.slide([1.2, 3.5], 0, 0.3, 0.1), (1.5, false));
        assert_eq!(layout.slide([1.5, 3.2], 1, -0.2, 0.1), (3.1, true));
        // Past the corner at (3, 3) of the wall in the middle, 0.06 above it.
        let (x, stopped) = layout.slide([3.2, 3.06], 0, -0.2, 0.1);
        assert!(stopped && (x - 3.08).abs() < 1e-12);
        assert!((layout.clearance(3.08, 3.06) - 0.1).abs() < 1e-12);
        assert_eq!(layout.clearance(1.5, 3.5), 0.5);
        assert_eq!(layout.clearance(1.5, 2.5), 0.0);
    }
}
