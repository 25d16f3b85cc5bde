//! `cube-toy`: a space of tasks whose own competences are the student (the toy space of Portelas
//! et al., *Teacher algorithms for curriculum learning of Deep RL in continuously parameterized
//! environments*, 2019).
//!
//! The box [0, 1]^(d + irrelevant) is cut into `cells`^d cubes along its first d dimensions. An
//! episode is one step, and its action is the task. In an open cube it raises the cube's competence
//! by `gain`, up to 1, and returns it; elsewhere it returns 0. At first only the cube at the origin
//! is open; a cube with a competence of 0.75 is mastered and opens its neighbours along every axis.
//! Competences stay from episode to episode, so a copy of this world is one student's life. With
//! `infeasible` a share of the cubes never opens; what remains hangs together.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::grid::drawing::paint_cells;
use crate::name::help;
use crate::render::palette;
use crate::spec::{ActionSpace, Array, Field, Layout, Role, Spec};
use crate::world::{Action, Canvas, Environment, Step, decode, encode};
use crate::{FromOptions, OptionHelp, Options, WorldError, seed};

/// Competence from which on a cube is mastered.
const MASTERED: f64 = 0.75;
/// Most cubes of a space, so that its mask and its truth stay small.
const MOST_CUBES: usize = 10_000;

/// The space of tasks. Action: the task, [-1, 1]^(d + irrelevant) for [0, 1]^(d + irrelevant).
/// Observation: one number that is always 0. Truth: `mastered`, the share of the cubes that can
/// open which are mastered, and `competence` of every cube, the last dimension changing fastest.
#[derive(Clone, Debug)]
pub struct CubeToy {
    spec: Arc<Spec>,
    dimensions: usize,
    cells: usize,
    gain: f64,
    /// Whether a cube can ever open.
    feasible: Arc<Vec<bool>>,
    /// Episodes in every cube while it was open.
    practice: Vec<u32>,
}

impl FromOptions for CubeToy {
    const NAME: &'static str = "cube-toy";
    const SUMMARY: &'static str = "a space of tasks in cubes; mastering one opens its neighbours";
    const OPTIONS: &'static [OptionHelp] = &[
        help("d", "2", "dimensions that matter, 1 to 6"),
        help("irrelevant", "0", "dimensions that do not, 0 to 20"),
        help("cells", "10", "cubes along a dimension; cells^d is at most 10000"),
        help("gain", "0.01", "competence that an episode adds, 0.0001 to 1"),
        help("infeasible", "0", "share of the cubes that never open, 0 to 0.9"),
        help("world_seed", "0", "seed that draws the infeasible cubes"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let dimensions = options.usize("d", 2, 1..=6)?;
        let irrelevant = options.usize("irrelevant", 0, 0..=20)?;
        let cells = options.usize("cells", 10, 1..=100)?;
        let gain = options.float("gain", 0.01, 0.0001..=1.0)?;
        let share = options.float("infeasible", 0.0, 0.0..=0.9)?;
        let world_seed = options.usize("world_seed", 0, 0..=u32::MAX as usize)? as u64;
        let cubes = cells.pow(dimensions as u32);
        if cubes > MOST_CUBES {
            return Err(WorldError::Invalid(format!(
                "{cells} cells in {dimensions} dimensions are {cubes} cubes of cube-toy, more than \
                 {MOST_CUBES}: lower `cells` or `d`"
            )));
        }
        let field =
            |name: &str, role, size| Field { name: name.to_owned(), role, layout: Layout::Vector { size } };
        let size = dimensions + irrelevant;
        let spec = Spec {
            name: options.to_string(),
            summary: Self::SUMMARY.to_owned(),
            fields: vec![
                field("observation", Role::Input, 1),
                field("mastered", Role::Truth, 1),
                field("competence", Role::Truth, cubes),
            ],
            action: ActionSpace::Box { low: vec![-1.0; size], high: vec![1.0; size] },
            rewards: vec!["reward".to_owned()],
            horizon: Some(1),
            reference: None,
        };
        let mut world = Self {
            spec: Arc::new(spec),
            dimensions,
            cells,
            gain,
            feasible: Arc::new(vec![true; cubes]),
            practice: vec![0; cubes],
        };
        let closed = (share * cubes as f64).round() as usize;
        world.feasible = Arc::new(world.mask(closed.min(cubes - 1), world_seed));
        Ok(world)
    }
}

impl CubeToy {
    /// Share of the cubes that can open which are mastered.
    pub fn mastered(&self) -> f64 {
        let cubes = (0..self.practice.len()).filter(|cube| self.feasible[*cube]);
        let (mut all, mut mastered) = (0, 0);
        for cube in cubes {
            all += 1;
            mastered += usize::from(self.is_mastered(cube));
        }
        mastered as f64 / all as f64
    }

    /// Competence in a cube, 0 to 1.
    pub fn competence(&self, cube: usize) -> f64 {
        (self.gain * f64::from(self.practice[cube])).min(1.0)
    }

    /// Whether episodes in a cube can raise its competence now.
    pub fn is_open(&self, cube: usize) -> bool {
        let opened = || self.neighbours(cube).any(|other| self.feasible[other] && self.is_mastered(other));
        self.feasible[cube] && (cube == 0 || opened())
    }

    /// The cube of a task, given as the numbers of an action.
    fn cube(&self, action: Action<'_>) -> usize {
        (0..self.dimensions).fold(0, |cube, dimension| {
            let place = 0.5 * (action.number(dimension) + 1.0) * self.cells as f64;
            cube * self.cells + (place.max(0.0) as usize).min(self.cells - 1)
        })
    }

    fn is_mastered(&self, cube: usize) -> bool {
        // A sum of gains, however it is rounded, counts as what it stands for.
        self.competence(cube) >= MASTERED - 1e-9
    }

    /// The cubes that share a face with a cube.
    fn neighbours(&self, cube: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.dimensions as u32).flat_map(move |axis| {
            let stride = self.cells.pow(axis);
            let place = cube / stride % self.cells;
            let below = (place > 0).then(|| cube - stride);
            let above = (place + 1 < self.cells).then(|| cube + stride);
            below.into_iter().chain(above)
        })
    }

    /// Which cubes can open when `closed` of them never do: cubes are closed in a random order,
    /// except those without which the rest would fall apart.
    fn mask(&self, closed: usize, world_seed: u64) -> Vec<bool> {
        let mut feasible = vec![true; self.practice.len()];
        let mut random = seed::stream(world_seed, "world", 0);
        let mut order: Vec<usize> = (1..feasible.len()).collect();
        let mut left = closed;
        while left > 0 && !order.is_empty() {
            let cube = order.swap_remove(random.random_range(0..order.len()));
            feasible[cube] = false;
            if self.hangs_together(&feasible) {
                left -= 1;
            } else {
                feasible[cube] = true;
            }
        }
        feasible
    }

    /// Whether every feasible cube can be reached from the origin's.
    fn hangs_together(&self, feasible: &[bool]) -> bool {
        let mut reached = vec![false; feasible.len()];
        let mut open = vec![0];
        reached[0] = true;
        while let Some(cube) = open.pop() {
            for other in self.neighbours(cube) {
                if feasible[other] && !reached[other] {
                    reached[other] = true;
                    open.push(other);
                }
            }
        }
        reached == feasible
    }
}

impl Environment for CubeToy {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Begins an episode; competences stay.
    fn reset(&mut self, _random: &mut ChaCha8Rng) {}

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let cube = self.cube(action);
        if !self.is_open(cube) {
            return Step { reward: 0.0, terminated: true };
        }
        self.practice[cube] = self.practice[cube].saturating_add(1);
        Step { reward: self.competence(cube) as f32, terminated: true }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        match field {
            0 => array.write_floats(row, &[0.0]),
            1 => array.write_floats(row, &[self.mastered() as f32]),
            _ => {
                let cubes = self.practice.len();
                if let Array::Float(values) = array {
                    let row = &mut values[row * cubes..][..cubes];
                    row.iter_mut()
                        .enumerate()
                        .for_each(|(cube, value)| *value = self.competence(cube) as f32);
                }
            }
        }
    }

    /// The first two dimensions, the origin at the bottom left, where the others are lowest.
    fn render(&self, canvas: &mut Canvas) {
        let rest = self.cells.pow(self.dimensions.saturating_sub(2) as u32);
        let rows = if self.dimensions > 1 { self.cells } else { 1 };
        paint_cells(canvas, rows, self.cells, |row, column| {
            let cube = if rows == 1 { column } else { (column * self.cells + (rows - 1 - row)) * rest };
            if !self.feasible[cube] {
                palette::WALL
            } else if self.is_mastered(cube) {
                palette::GOAL
            } else if self.is_open(cube) {
                palette::AGENT
            } else {
                palette::PAPER
            }
        });
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.practice)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let practice: Vec<u32> = decode(state)?;
        if practice.len() != self.practice.len() {
            return Err(format!("it has {} cubes instead of {}", practice.len(), self.practice.len()));
        }
        self.practice = practice;
        Ok(())
    }

    fn cost(&self) -> usize {
        100 + 5 * self.practice.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(name: &str) -> CubeToy {
        let name: crate::WorldName = name.parse().unwrap();
        CubeToy::from_options(&name.options).unwrap()
    }

    /// An episode with the task at these coordinates of [0, 1]^n.
    fn episode(world: &mut CubeToy, task: &[f32]) -> f32 {
        let action: Vec<f32> = task.iter().map(|x| 2.0 * x - 1.0).collect();
        world.step(Action::Continuous(&action), &mut seed::stream(0, "episode", 0)).reward
    }

    #[test]
    fn competence_grows_by_the_gain_and_opens_the_neighbours_at_three_quarters() {
        let mut world = world("cube-toy");
        assert_eq!(episode(&mut world, &[0.15, 0.05]), 0.0);
        for visit in 1..=74 {
            assert_eq!(episode(&mut world, &[0.05, 0.09]), (0.01 * f64::from(visit)) as f32);
        }
        assert_eq!((episode(&mut world, &[0.05, 0.15]), world.mastered()), (0.0, 0.0));
        episode(&mut world, &[0.0, 0.0]);
        assert_eq!(world.mastered(), 0.01);
        assert_eq!(episode(&mut world, &[0.05, 0.15]), 0.01);
        assert_eq!(episode(&mut world, &[0.15, 0.05]), 0.01);
        assert_eq!(episode(&mut world, &[0.15, 0.15]), 0.0, "a corner is no neighbour");
        for _ in 0..100 {
            episode(&mut world, &[0.05, 0.05]);
        }
        assert_eq!(episode(&mut world, &[0.05, 0.05]), 1.0);
        world.reset(&mut seed::stream(0, "episode", 0));
        assert_eq!(world.competence(0), 1.0, "competence outlives the episode");
    }

    #[test]
    fn irrelevant_dimensions_are_ignored_and_borders_belong_to_the_last_cubes() {
        let mut world = world("cube-toy,d=1,irrelevant=2,cells=4,gain=0.75");
        assert_eq!(episode(&mut world, &[0.1, 0.9, 0.3]), 0.75);
        assert_eq!(episode(&mut world, &[0.3, 0.0, 1.0]), 0.75);
        assert_eq!(episode(&mut world, &[1.0, 0.5, 0.5]), 0.0);
        assert_eq!(episode(&mut world, &[0.6, 0.5, 0.5]), 0.75);
        assert_eq!(episode(&mut world, &[1.0, 0.5, 0.5]), 0.75);
        assert_eq!(world.mastered(), 1.0);
    }

    #[test]
    fn infeasible_cubes_leave_the_rest_connected() {
        let world = world("cube-toy,cells=20,gain=0.1,infeasible=0.3,world_seed=5");
        assert_eq!(world.feasible.iter().filter(|feasible| !**feasible).count(), 120);
        assert!(world.hangs_together(&world.feasible));
        let other = CubeToy::from_options(
            &"cube-toy,cells=20,infeasible=0.3,world_seed=6".parse::<crate::WorldName>().unwrap().options,
        );
        assert_ne!(world.feasible, other.unwrap().feasible);
    }

    #[test]
    fn the_whole_life_is_saved() {
        let mut first = world("cube-toy,gain=0.5");
        for step in 0..9 {
            episode(&mut first, &[0.05 + 0.1 * (step / 3) as f32, 0.05]);
        }
        let mut second = world("cube-toy,gain=0.5");
        second.restore(&first.save()).unwrap();
        assert_eq!(second.practice, first.practice);
        assert!(
            world("cube-toy,cells=3").restore(&first.save()).unwrap_err().contains("100 cubes instead of 9")
        );
    }
}
