//! Actors of the point mazes: down the geodesic distance to the goal, or to one random cell after
//! the other.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Actor, Move, Seen};
use crate::maze::geodesic::{Field, Geodesic};

/// How a maze's pushes become motion and how it shows itself.
#[derive(Clone, Debug)]
pub(crate) struct Mover {
    /// Drag and thrust of order 2; nothing where the action is a velocity.
    pub(crate) inertia: Option<[f64; 2]>,
    /// Longest step.
    pub(crate) stride: f64,
    /// What shown positions are multiplied by and then added to, per axis.
    pub(crate) scale: f64,
    /// See `scale`.
    pub(crate) shift: [f64; 2],
    /// What shown speeds are multiplied by.
    pub(crate) speed: f64,
    /// Directions of discrete actions; none where the action is a push.
    pub(crate) directions: Vec<[f64; 2]>,
}

impl Mover {
    /// Part of the way to the aim that is covered in a step once it is near.
    const APPROACH: f64 = 0.5;

    fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.scale * x + self.shift[0], self.scale * y + self.shift[1]]
    }

    /// The push that moves from `point` with `speed` towards `aim`.
    fn push(&self, point: [f64; 2], speed: [f64; 2], aim: [f64; 2]) -> [f64; 2] {
        let wanted = within([0, 1].map(|axis| Self::APPROACH * (aim[axis] - point[axis])), self.stride);
        let push = match self.inertia {
            Some([drag, thrust]) => [0, 1].map(|axis| (wanted[axis] - drag * speed[axis]) / thrust),
            None => wanted.map(|number| number / self.stride),
        };
        within(push, 1.0)
    }

    fn act(&self, push: [f64; 2]) -> Move {
        let along = |index: &usize| {
            let direction = self.directions[*index];
            direction[0] * push[0] + direction[1] * push[1]
        };
        let nearest = (0..self.directions.len())
            .reduce(|best, index| if along(&index) > along(&best) { index } else { best });
        nearest.map_or(Move::Vector(push), |index| Move::Index(index as u32))
    }
}

/// The vector, shortened so that neither number is larger than `most`.
fn within(vector: [f64; 2], most: f64) -> [f64; 2] {
    let longest = vector[0].abs().max(vector[1].abs());
    if longest > most { vector.map(|number| number * most / longest) } else { vector }
}

/// Moves through a maze.
pub(crate) struct Drive {
    mover: Mover,
    lattice: Geodesic,
    /// Middles of the free cells, and the distances to those that were a goal already.
    cells: Vec<[f64; 2]>,
    fields: Vec<Option<Field>>,
    /// Whether goals are random cells instead of the world's.
    wanders: bool,
    /// Per row: the cell of the current goal.
    goals: Vec<usize>,
}

impl Drive {
    /// How near to a way-point's cell's middle counts as reached.
    const REACHED: f64 = 0.25;

    /// An actor that goes to the world's goal or, where it `wanders`, to random cells.
    pub(crate) fn new(mover: Mover, lattice: Geodesic, cells: Vec<[f64; 2]>, wanders: bool) -> Self {
        let fields = cells.iter().map(|_| None).collect();
        Self { mover, lattice, cells, fields, wanders, goals: Vec::new() }
    }

    fn point(&self, seen: &Seen<'_>) -> [f64; 2] {
        self.mover.place(seen.pair(0, 0))
    }

    /// Index of the cell that holds a point; the first where it is none.
    fn cell(&self, [x, y]: [f64; 2]) -> usize {
        let holds = |cell: &[f64; 2]| cell[0].floor() == x.floor() && cell[1].floor() == y.floor();
        self.cells.iter().position(holds).unwrap_or(0)
    }

    /// A random cell that there is a way to, and not the one here.
    fn draw(&mut self, from: [f64; 2], random: &mut ChaCha8Rng) -> usize {
        let here = self.cell(from);
        for _ in 0..1_000 {
            let goal = random.random_range(0..self.cells.len());
            if goal != here && self.ahead(goal, from).is_some() {
                return goal;
            }
        }
        here
    }

    /// Where to head for from a point on the way to a cell.
    fn ahead(&mut self, goal: usize, from: [f64; 2]) -> Option<[f64; 2]> {
        let (lattice, middle) = (&self.lattice, self.cells[goal]);
        let field = self.fields[goal].get_or_insert_with(|| lattice.field(middle));
        lattice.ahead(field, from)
    }

    fn set_goal(&mut self, row: usize, goal: usize) {
        if self.goals.len() <= row {
            self.goals.resize(row + 1, goal);
        }
        self.goals[row] = goal;
    }
}

impl Actor for Drive {
    fn begin(&mut self, row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) {
        let goal = if self.wanders {
            self.draw(self.point(seen), random)
        } else {
            self.cell(self.mover.place(seen.pair(1, 0)))
        };
        self.set_goal(row, goal);
    }

    fn act(&mut self, row: usize, seen: &Seen<'_>, random: &mut ChaCha8Rng) -> Move {
        if row >= self.goals.len() {
            self.begin(row, seen, random);
        }
        let (point, speed) = (self.point(seen), seen.pair(0, 2).map(|number| self.mover.speed * number));
        let mut end =
            if self.wanders { self.cells[self.goals[row]] } else { self.mover.place(seen.pair(1, 0)) };
        if self.wanders && (point[0] - end[0]).hypot(point[1] - end[1]) < Self::REACHED {
            let goal = self.draw(point, random);
            self.set_goal(row, goal);
            end = self.cells[goal];
        }
        let goal = self.goals[row];
        let straight = self.cell(point) == goal || self.lattice.straight(point, end);
        let aim = if straight { None } else { self.ahead(goal, point) };
        self.mover.act(self.mover.push(point, speed, aim.unwrap_or(end)))
    }
}
