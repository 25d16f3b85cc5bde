//! Mazes without end (after the maze of Cobbe et al., *Leveraging Procedural Generation to Benchmark
//! Reinforcement Learning*, 2020): every episode is in a level of its own seed, and the levels to
//! learn in are never those to be tested in.

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::drawing::paint_cells;
use crate::control::vector_field;
use crate::demonstrator::{Actor, Guided, Script};
use crate::name::help;
use crate::render::{Colour, palette};
use crate::spec::Reference;
use crate::world::{FromOptions, decode, encode};
use crate::{
    Action, ActionSpace, Array, Canvas, Environment, Field, Layout, OptionHelp, Options, Role, Spec, Step,
    WorldError,
};

pub mod level;

pub use level::{Generator, Level};

/// Number of level seeds of a split: those to learn in are below it, those to be tested in from it on.
pub const SEEDS: u32 = 1_000_000;

/// Least steps of an episode where no horizon is given.
const LEAST_HORIZON: usize = 40;
/// Returns at the usual size and horizon over 20,000 levels.
const REFERENCE: Reference = Reference { random: 0.154, expert: 1.0 };

/// An agent in a maze that stays or moves north, east, south or west (actions 0 to 4); a move into a
/// wall leaves it where it is. The goal pays 1 and ends. The observation is the maze from above with
/// its outer wall, one RGB pixel per cell. Truth fields: `cells`, row and column of the agent and of
/// the goal, counted from the top left cell inside the outer wall; `solver`, the best action (of
/// several the one with the lowest index) and the steps to the goal; `level`, the level's seed. With
/// `legal=true` the field `legal` marks staying and the moves that do not end at a wall.
#[derive(Clone, Debug)]
pub struct MazeLevels {
    spec: Arc<Spec>,
    generator: Generator,
    /// First seed and number of seeds.
    seeds: [u32; 2],
    level: Level,
    agent: usize,
}

impl FromOptions for MazeLevels {
    const NAME: &'static str = "maze-levels";
    const SUMMARY: &'static str = "find the goal of a maze seen from above, a new maze in every episode";
    const OPTIONS: &'static [OptionHelp] = &[
        help("generator", "dfs", "dfs: one way between any two cells; random: cells are walls by chance"),
        help("density", "0.3", "of generator=random; probability of a wall, 0 to 0.9"),
        help("size", "7", "cells per side without the outer wall, 3 to 63; odd for dfs"),
        help("levels", "0", "how many levels, 1 to 1000000; 0: all of them"),
        help("split", "train", "train: levels 0, 1, ...; test: levels 1000000, 1000001, ..."),
        help(
            "obs",
            "tile",
            "tile: one RGB pixel per cell, the outer wall included (`+pixels` for larger ones)",
        ),
        help("legal", "false", "true: a field marks the moves that do not end at a wall"),
        help("horizon", "auto", "steps after which an episode is truncated; auto: size^2, at least 40"),
    ];

    fn from_options(options: &Options) -> Result<Self, WorldError> {
        let size = options.usize("size", 7, 3..=63)?;
        let generator = read_generator(options, size)?;
        let count = options.usize("levels", 0, 0..=SEEDS as usize)? as u32;
        let first = if options.choice("split", "train", &["train", "test"])? == "train" { 0 } else { SEEDS };
        options.choice("obs", "tile", &["tile"])?;
        let horizon = match options.text("horizon") {
            None | Some("auto") => LEAST_HORIZON.max(size * size),
            Some(_) => options.usize("horizon", LEAST_HORIZON, 1..=1_000_000)?,
        };
        let legal = options.boolean("legal", false)?;
        let usual = generator == Generator::DepthFirst && (size, horizon) == (7, 49);
        let side = size + 2;
        let layout = Layout::Image { height: side, width: side, channels: 3, frames: 1, scale: 1.0 / 255.0 };
        let marks = legal.then(|| vector_field("legal", Role::Legal, level::ACTIONS));
        let spec = Spec {
            name: options.to_string(),
            summary: Self::SUMMARY.to_owned(),
            fields: [
                Field { name: "tile".to_owned(), role: Role::Input, layout },
                vector_field("cells", Role::Truth, 4),
                vector_field("solver", Role::Truth, 2),
                vector_field("level", Role::Truth, 1),
            ]
            .into_iter()
            .chain(marks)
            .collect(),
            action: ActionSpace::Discrete { count: level::ACTIONS },
            rewards: vec!["reward".to_owned()],
            horizon: Some(horizon),
            reference: usual.then_some(REFERENCE),
        };
        let level = Level::new(size, generator, first);
        let seeds = [first, if count == 0 { SEEDS } else { count }];
        Ok(Self { spec: Arc::new(spec), generator, seeds, agent: level.start(), level })
    }
}

fn read_generator(options: &Options, size: usize) -> Result<Generator, WorldError> {
    let density = options.float("density", 0.3, 0.0..=0.9)?;
    if options.choice("generator", "dfs", &["dfs", "random"])? == "random" {
        return Ok(Generator::Random(density));
    }
    if size.is_multiple_of(2) {
        return Err(WorldError::Invalid(format!(
            "`size` of {} must be odd for `generator=dfs`, so that walls fit between the cells, not {size}",
            options.owner()
        )));
    }
    Ok(Generator::DepthFirst)
}

impl MazeLevels {
    /// The current maze.
    pub fn level(&self) -> &Level {
        &self.level
    }

    /// The agent's cell, in row order.
    pub fn agent(&self) -> usize {
        self.agent
    }

    /// Colour of a cell counted with the outer wall.
    fn colour(&self, row: usize, column: usize) -> Colour {
        let size = self.level.size();
        let inside = (1..=size).contains(&row) && (1..=size).contains(&column);
        let cell = if inside { (row - 1) * size + column - 1 } else { usize::MAX };
        match cell {
            usize::MAX => palette::WALL,
            cell if cell == self.agent => palette::AGENT,
            cell if cell == self.level.goal() => palette::GOAL,
            cell if self.level.wall(cell) => palette::WALL,
            _ => palette::PAPER,
        }
    }
}

impl Environment for MazeLevels {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn reset(&mut self, random: &mut ChaCha8Rng) {
        let [first, count] = self.seeds;
        let seed = first + random.random_range(0..count);
        if seed != self.level.seed() {
            self.level.draw(self.generator, seed);
        }
        self.agent = self.level.start();
    }

    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        self.agent = self.level.moved(self.agent, action.index() as usize);
        let terminated = self.agent == self.level.goal();
        Step { reward: f32::from(u8::from(terminated)), terminated }
    }

    fn observe(&self, field: usize, row: usize, array: &mut Array) {
        let (size, side) = (self.level.size(), self.level.size() + 2);
        match (field, array) {
            (0, Array::Byte(bytes)) => {
                let image = &mut bytes[row * side * side * 3..][..side * side * 3];
                for (index, pixel) in image.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                    *pixel = self.colour(index / side, index % side);
                }
            }
            (1, array) => {
                let place = |cell: usize| [(cell / size) as f32, (cell % size) as f32];
                let ([row_of, column], goal) = (place(self.agent), place(self.level.goal()));
                array.write_floats(row, &[row_of, column, goal[0], goal[1]]);
            }
            (2, array) => {
                let distance = self.level.distance(self.agent).unwrap_or_default();
                array.write_floats(row, &[self.level.best(self.agent) as f32, distance as f32]);
            }
            (3, array) => array.write_floats(row, &[self.level.seed() as f32]),
            (_, array) => {
                let free = |action| action == 0 || self.level.moved(self.agent, action) != self.agent;
                array.write_floats(
                    row,
                    &std::array::from_fn::<f32, { level::ACTIONS }, _>(|action| {
                        f32::from(u8::from(free(action)))
                    }),
                );
            }
        }
    }

    fn render(&self, canvas: &mut Canvas) {
        let side = self.level.size() + 2;
        paint_cells(canvas, side, side, |row, column| self.colour(row, column));
    }

    fn save(&self) -> Vec<u8> {
        encode(&(self.level.seed(), self.agent as u32))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (seed, agent): (u32, u32) = decode(state)?;
        let [first, count] = self.seeds;
        if !(first..first + count).contains(&seed) {
            return Err(format!("level {seed} is not one of its {count} levels"));
        }
        let level = Level::new(self.level.size(), self.generator, seed);
        let cells = level.size() * level.size();
        if agent as usize >= cells || level.wall(agent as usize) {
            return Err(format!("cell {agent} of level {seed} is a wall"));
        }
        (self.level, self.agent) = (level, agent as usize);
        Ok(())
    }

    fn actor(&self, script: Script) -> Option<Box<dyn Actor>> {
        (script == Script::Expert).then(|| Box::new(Guided { field: 2 }) as Box<dyn Actor>)
    }

    fn board(&self) -> Option<[usize; 2]> {
        Some([self.level.size() + 2; 2])
    }

    fn cost(&self) -> usize {
        let side = self.level.size() + 2;
        50 + 5 * side * side
    }
}
