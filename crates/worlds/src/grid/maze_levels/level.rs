//! One maze, drawn from its seed, with the shortest ways to its goal.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::seed;

/// Row and column steps of the actions: staying, north, east, south, west.
const STEPS: [(isize, isize); 5] = [(0, 0), (-1, 0), (0, 1), (1, 0), (0, -1)];

/// Number of actions.
pub const ACTIONS: usize = STEPS.len();

/// What is drawn from a level's seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Generator {
    /// A perfect maze, one way between any two cells, by a random depth-first search over the cells
    /// with even row and column.
    DepthFirst,
    /// Every cell is a wall with this probability.
    Random(f64),
}

/// Walls, goal and shortest ways of a square maze; cells in row order from the top, without the
/// outer wall. Start is the lowest left cell. Buffers are reused from level to level.
#[derive(Clone, Debug)]
pub struct Level {
    size: usize,
    seed: u32,
    walls: Vec<bool>,
    goal: usize,
    /// Steps to the goal; nothing where there is no way.
    distances: Vec<Option<u32>>,
    /// Cells still to be worked on.
    open: Vec<usize>,
}

impl Level {
    /// The level of this seed with `size` x `size` cells; a depth-first maze has an odd size.
    pub fn new(size: usize, generator: Generator, seed: u32) -> Self {
        let cells = size * size;
        let mut level = Self {
            size,
            seed,
            walls: vec![true; cells],
            goal: 0,
            distances: vec![None; cells],
            open: Vec::with_capacity(cells),
        };
        level.draw(generator, seed);
        level
    }

    /// Becomes the level of another seed.
    pub fn draw(&mut self, generator: Generator, seed: u32) {
        self.seed = seed;
        let random = &mut seed::stream(u64::from(seed), "level", 0);
        loop {
            match generator {
                Generator::DepthFirst => self.carve(random),
                Generator::Random(density) => self.scatter(density, random),
            }
            self.measure(self.start());
            let start = self.start();
            let goals =
                self.distances.iter().enumerate().filter(|(cell, way)| *cell != start && way.is_some());
            let count = goals.clone().count();
            // A start that is walled in would leave no goal: then the same seed draws on.
            if count > 0 {
                let drawn = random.random_range(0..count);
                self.goal = goals.map(|(cell, _)| cell).nth(drawn).unwrap_or(start);
                self.measure(self.goal);
                return;
            }
        }
    }

    fn carve(&mut self, random: &mut ChaCha8Rng) {
        self.walls.fill(true);
        self.open.clear();
        let start = self.start();
        self.walls[start] = false;
        self.open.push(start);
        while let Some(&cell) = self.open.last() {
            // Rooms two steps away that were never entered, each with the cell between.
            let (mut beyond, mut count) = ([(0, 0); ACTIONS], 0);
            for action in 1..ACTIONS {
                let between = self.beside(cell, action);
                let room = between.and_then(|between| self.beside(between, action));
                if let (Some(between), Some(room)) = (between, room)
                    && self.walls[room]
                {
                    beyond[count] = (between, room);
                    count += 1;
                }
            }
            if count == 0 {
                self.open.pop();
                continue;
            }
            let (between, room) = beyond[random.random_range(0..count)];
            self.walls[between] = false;
            self.walls[room] = false;
            self.open.push(room);
        }
    }

    fn scatter(&mut self, density: f64, random: &mut ChaCha8Rng) {
        for wall in &mut self.walls {
            *wall = random.random::<f64>() < density;
        }
        let start = self.start();
        self.walls[start] = false;
    }

    /// Fills in the distances to a cell, breadth first.
    fn measure(&mut self, target: usize) {
        self.distances.fill(None);
        self.open.clear();
        self.distances[target] = Some(0);
        self.open.push(target);
        let mut next = 0;
        while let Some(&cell) = self.open.get(next) {
            let further = self.distances[cell].map(|distance| distance + 1);
            for action in 1..ACTIONS {
                let neighbour = self.moved(cell, action);
                if self.distances[neighbour].is_none() {
                    self.distances[neighbour] = further;
                    self.open.push(neighbour);
                }
            }
            next += 1;
        }
    }

    /// The cell beside one in an action's direction, wall or not; none outside.
    fn beside(&self, cell: usize, action: usize) -> Option<usize> {
        let (down, right) = STEPS[action];
        let row = (cell / self.size).checked_add_signed(down).filter(|row| *row < self.size)?;
        let column = (cell % self.size).checked_add_signed(right).filter(|column| *column < self.size)?;
        Some(row * self.size + column)
    }

    /// Where an action leads from a cell; walls block.
    pub fn moved(&self, cell: usize, action: usize) -> usize {
        self.beside(cell, action).filter(|next| !self.walls[*next]).unwrap_or(cell)
    }

    /// Cells per side, without the outer wall.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The seed it was drawn from.
    pub fn seed(&self) -> u32 {
        self.seed
    }

    /// The cell where episodes begin: the lowest left one.
    pub fn start(&self) -> usize {
        self.size * (self.size - 1)
    }

    /// The goal's cell, to which there is a way from the start.
    pub fn goal(&self) -> usize {
        self.goal
    }

    /// Whether a cell is a wall.
    pub fn wall(&self, cell: usize) -> bool {
        self.walls[cell]
    }

    /// Steps from a cell to the goal, where there is a way.
    pub fn distance(&self, cell: usize) -> Option<u32> {
        self.distances[cell]
    }

    /// The first action of a shortest way from a cell to the goal, of several the one with the lowest
    /// index; staying at the goal and where there is no way.
    pub fn best(&self, cell: usize) -> usize {
        let nearer = |action: &usize| match (self.distances[self.moved(cell, *action)], self.distances[cell])
        {
            (Some(next), Some(here)) => next < here,
            _ => false,
        };
        (1..ACTIONS).find(nearer).unwrap_or(0)
    }
}
