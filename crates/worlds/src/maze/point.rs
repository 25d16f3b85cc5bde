//! `point-maze-*`: a disc that is pushed through a maze.
//!
//! Order 2: v <- 0.8 v + 0.04 a, p <- p + v, so that the fastest step is 0.2 cells long; order 1:
//! p <- p + speed a. A motion is cut into pieces of at most 0.05, each along x and then along y;
//! a wall stops the disc where they touch, and the speed along that axis is gone.

use std::marker::PhantomData;
use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::layout::Layout;
use crate::control::{single_precision, symmetric, vector_field, vector_spec};
use crate::demonstrator::{Actor, Script};
use crate::render::{Painter, palette};
use crate::spec::{ActionSpace, Array, GoalSpace, Role, Spec};
use crate::world::{Action, Canvas, Environment, FromOptions, Step, decode, encode};
use crate::{OptionHelp, Options, WorldError};

pub use preset::{Giant, Large, Medium, Preset, UMaze};

/// Radius of the disc.
pub const RADIUS: f64 = 0.1;
const DRAG: f64 = 0.8;
const THRUST: f64 = 0.04;
/// The fastest step of order 2, which speeds are scaled by with `norm`.
const TOP_SPEED: f64 = 0.2;
/// Longest piece of a motion.
const PIECE: f64 = 0.05;
/// The disc starts at most this far from the middle of its first cell, along each axis.
const SPREAD: f64 = 0.25;

/// Where a start or a goal is drawn from.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    At([f64; 2]),
    Anywhere,
}

#[derive(Clone, Debug, PartialEq)]
enum Task {
    Goal {
        start: Place,
        goal: Place,
    },
    /// Pairs of cells that are far enough from each other.
    RandomGoal(Arc<Vec<[[f64; 2]; 2]>>),
    Free,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reward {
    Sparse,
    Dense,
    None,
}

/// The disc. Observation: position and, with order 2, speed; the goal is a field of its own.
#[derive(Clone, Debug)]
pub struct PointMaze<P: Preset> {
    spec: Arc<Spec>,
    layout: Arc<Layout>,
    free: Arc<Vec<[f64; 2]>>,
    task: Task,
    reward: Reward,
    second_order: bool,
    speed: f64,
    radius: f64,
    normalised: bool,
    /// Position, speed, goal.
    state: [f64; 6],
    preset: PhantomData<P>,
}

impl<P: Preset> FromOptions for PointMaze<P> {
    const NAME: &'static str = P::NAME;
    const SUMMARY: &'static str = P::SUMMARY;
    const OPTIONS: &'static [OptionHelp] = P::OPTIONS;

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let layout = Layout::new(options.text("layout").unwrap_or(P::LAYOUT))?;
        let task = task(options, &layout)?;
        let reward = match options.choice("reward", "sparse", &["sparse", "dense", "none"])?.as_str() {
            _ if task == Task::Free => Reward::None,
            "sparse" => Reward::Sparse,
            "dense" => Reward::Dense,
            _ => Reward::None,
        };
        let second_order = options.usize("order", 2, 1..=2)? == 2;
        let action = match options.choice("actions", "box", &["box", "four", "eight"])?.as_str() {
            "box" => symmetric(2, 1.0),
            "four" => ActionSpace::Discrete { count: 4 },
            _ => ActionSpace::Discrete { count: 8 },
        };
        let horizon = options.usize("horizon", P::HORIZON, 1..=1_000_000)?;
        let size = if second_order { 4 } else { 2 };
        let dense = reward == Reward::Dense;
        let reference = (reward != Reward::None).then(|| P::reference(options, dense)).flatten();
        let mut spec = vector_spec(options, P::SUMMARY, size, action, horizon, reference);
        if task != Task::Free {
            spec.fields.push(vector_field("goal", Role::Goal, 2));
        }
        Ok(Self {
            spec: Arc::new(spec),
            free: Arc::new(layout.free()),
            layout: Arc::new(layout),
            task,
            reward,
            second_order,
            speed: options.float("speed", 0.1, 0.001..=0.5)?,
            radius: options.float("radius", 0.5, 0.001..=100.0)?,
            normalised: options.boolean("norm", false)?,
            state: [0.0; 6],
            preset: PhantomData,
        })
    }
}

fn task(options: &Options, layout: &Layout) -> Result<Task, WorldError> {
    let task = options.choice("task", "goal", &["goal", "random-goal", "free"])?;
    for (key, owner) in [("start", "goal"), ("goal", "goal"), ("share", "random-goal")] {
        let usual = if key == "share" { "0" } else { "layout" };
        if owner != task && options.text(key).is_some_and(|text| text != usual) {
            return Err(WorldError::Invalid(format!(
                "`{key}` of {} goes with `task={owner}` only; leave it out",
                options.owner()
            )));
        }
    }
    match task.as_str() {
        "goal" => Ok(Task::Goal {
            start: place(options, "start", layout, layout.start())?,
            goal: place(options, "goal", layout, layout.goal())?,
        }),
        "random-goal" => {
            Ok(Task::RandomGoal(Arc::new(layout.pairs(options.float("share", 0.0, 0.0..=1.0)?))))
        }
        _ => Ok(Task::Free),
    }
}

fn place(options: &Options, key: &str, layout: &Layout, usual: [f64; 2]) -> Result<Place, WorldError> {
    let text = options.text(key).unwrap_or("layout");
    match text {
        "layout" => return Ok(Place::At(usual)),
        "random" => return Ok(Place::Anywhere),
        _ => {}
    }
    let cell = text.split_once('.').and_then(|(row, column)| Some((row.parse().ok()?, column.parse().ok()?)));
    let Some((row, column)) = cell else {
        return Err(WorldError::Invalid(format!(
            "`{key}` of {} must be layout, random or a cell as row.column, not `{text}`",
            options.owner()
        )));
    };
    Ok(Place::At(layout.cell(row, column)?))
}

impl<P: Preset> PointMaze<P> {
    /// The walls.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A point that the disc fits at, uniform over the free cells' insides.
    fn anywhere(&self, random: &mut ChaCha8Rng) -> [f64; 2] {
        let cell = self.free[random.random_range(0..self.free.len())];
        near(cell, 0.5 - RADIUS, random)
    }

    fn drawn(&self, place: &Place, spread: f64, random: &mut ChaCha8Rng) -> [f64; 2] {
        match place {
            Place::At(cell) => near(*cell, spread, random),
            Place::Anywhere => self.anywhere(random),
        }
    }

    /// The push that an action means, in [-1, 1]^2.
    fn push(&self, action: &Action<'_>) -> [f64; 2] {
        match self.spec.action {
            ActionSpace::Box { .. } => [action.number(0), action.number(1)],
            ActionSpace::Discrete { count } => direction(action.index() as usize, count),
        }
    }

    /// Moves by the given motion and returns what of it was not stopped by a wall.
    fn travel(&mut self, motion: [f64; 2]) -> [f64; 2] {
        let mut motion = motion;
        let longest = motion[0].abs().max(motion[1].abs());
        let pieces = (longest / PIECE).ceil().max(1.0);
        let mut point = [self.state[0], self.state[1]];
        for _ in 0..pieces as usize {
            for axis in 0..2 {
                if motion[axis] != 0.0 {
                    let (to, stopped) = self.layout.slide(point, axis, motion[axis] / pieces, RADIUS);
                    point[axis] = to;
                    if stopped {
                        motion[axis] = 0.0;
                    }
                }
            }
        }
        (self.state[0], self.state[1]) = (point[0], point[1]);
        motion
    }

    fn distance(&self) -> f64 {
        let [x, y, _, _, goal_x, goal_y] = self.state;
        (x - goal_x).hypot(y - goal_y)
    }

    /// Half the longer side of the maze, which positions are scaled by with `norm`.
    fn half(&self) -> f64 {
        let [width, height] = self.layout.size();
        width.max(height) as f64 / 2.0
    }

    /// A position as it is observed.
    fn shown(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        if !self.normalised {
            return [x, y];
        }
        let [width, height] = self.layout.size().map(|size| size as f64 / 2.0);
        [(x - width) / self.half(), (y - height) / self.half()]
    }
}

impl<P: Preset> Environment for PointMaze<P> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        let (start, goal) = match &self.task {
            Task::Goal { start, goal } => (self.drawn(start, SPREAD, random), self.drawn(goal, 0.0, random)),
            Task::RandomGoal(pairs) => {
                let [start, goal] = pairs[random.random_range(0..pairs.len())];
                (near(start, SPREAD, random), goal)
            }
            Task::Free => (self.anywhere(random), [0.0; 2]),
        };
        self.state = [start[0], start[1], 0.0, 0.0, goal[0], goal[1]];
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        let push = self.push(&action);
        let [_, _, vx, vy, ..] = self.state;
        let motion = match self.second_order {
            true => [DRAG * vx + THRUST * push[0], DRAG * vy + THRUST * push[1]],
            false => push.map(|push| self.speed * push),
        };
        let moved = self.travel(motion);
        (self.state[2], self.state[3]) = (moved[0], moved[1]);
        let inside = self.distance() <= self.radius;
        match self.reward {
            Reward::Sparse => Step { reward: f32::from(u8::from(inside)), terminated: inside },
            Reward::Dense => Step { reward: -self.distance() as f32, terminated: false },
            Reward::None => Step { reward: 0.0, terminated: false },
        }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        let [x, y, vx, vy, goal_x, goal_y] = self.state;
        let position = self.shown([x, y]);
        match (field, self.second_order) {
            (0, true) => {
                let scale = if self.normalised { TOP_SPEED } else { 1.0 };
                let all = [position[0], position[1], vx / scale, vy / scale];
                array.write_floats(row, &single_precision(all));
            }
            (0, false) => array.write_floats(row, &single_precision(position)),
            _ => array.write_floats(row, &single_precision(self.shown([goal_x, goal_y]))),
        }
    }

    fn render(&self, canvas: &mut Canvas) {
        let [width, height] = self.layout.size().map(|size| size as f64 / 2.0);
        let mut painter = Painter::new(canvas, [width, height], self.half());
        for [x, y] in self.layout.corners() {
            painter.rectangle([x, y], [x + 1.0, y + 1.0], palette::WALL);
        }
        let [x, y, _, _, goal_x, goal_y] = self.state;
        if self.task != Task::Free {
            painter.ring([goal_x, goal_y], self.radius.max(RADIUS), 0.05, palette::GOAL);
        }
        painter.disc([x, y], RADIUS.max(self.half() / 24.0), palette::AGENT);
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.state)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let state: [f64; 6] = decode(state)?;
        if state.iter().any(|number| !number.is_finite()) {
            return Err("it holds a number that is not finite".to_owned());
        }
        self.state = state;
        Ok(())
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        self.drive(script)
    }

    fn goal(&self) -> Option<GoalSpace> {
        let scale = if self.normalised { self.half() } else { 1.0 };
        (self.task != Task::Free).then(|| GoalSpace { achieved: vec![0, 1], radius: self.radius / scale })
    }

    fn cost(&self) -> usize {
        100
    }
}

/// Direction `index` of `count`, 4 or 8, counter-clockwise from the right.
fn direction(index: usize, count: usize) -> [f64; 2] {
    const DIAGONAL: f64 = std::f64::consts::FRAC_1_SQRT_2;
    let all = [
        [1.0, 0.0],
        [DIAGONAL, DIAGONAL],
        [0.0, 1.0],
        [-DIAGONAL, DIAGONAL],
        [-1.0, 0.0],
        [-DIAGONAL, -DIAGONAL],
        [0.0, -1.0],
        [DIAGONAL, -DIAGONAL],
    ];
    all[index * (8 / count) % 8]
}

/// A point at most `spread` from the cell's middle along each axis.
fn near(cell: [f64; 2], spread: f64, random: &mut ChaCha8Rng) -> [f64; 2] {
    cell.map(|middle| middle + spread * random.random_range(-1.0..=1.0))
}

mod actor;
mod preset;
#[cfg(test)]
mod tests;
