//! How levels are drawn: one file for each of Minigrid's environments.

use std::fmt::Debug;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::cell::{Cell, Colour};
use super::event::{Event, What};
use super::grid::{Area, Direction, Place};
use super::state::{Parts, State};
use crate::name::help;
use crate::spec::Reference;
use crate::{OptionHelp, Options, WorldError, seed};

mod door_key;
mod empty;
mod four_rooms;
mod key_corridor;
mod multi_room;
mod rooms;
mod unlock_pickup;

pub use door_key::DoorKey;
pub use empty::Empty;
pub use four_rooms::FourRooms;
pub use key_corridor::KeyCorridor;
pub use multi_room::MultiRoom;
pub use unlock_pickup::UnlockPickup;

/// Number of level seeds of a split: those to learn in are below it, those to be tested in from it on.
pub const SEEDS: u32 = crate::grid::maze_levels::SEEDS;

pub(super) const SIZE: OptionHelp = help("size", "8", "cells per side, the outer wall included; 5 to 32");
pub(super) const OBS: OptionHelp = help(
    "obs",
    "sym",
    "sym: the agent's 7x7 view in Minigrid's code; onehot: the same; full: the whole grid in that code; tile: one RGB pixel per cell (`+pixels` for larger ones)",
);
pub(super) const VIEW: OptionHelp =
    help("view", "full", "what is drawn, by obs=tile too; full: the whole grid; ego: the agent's 7x7 view");
pub(super) const LEVELS: OptionHelp =
    help("levels", "0", "how many levels, 1 to 1000000; 0: all from `first` on");
pub(super) const FIRST: OptionHelp = help("first", "0", "the first level of the split, 0 to 999999");
pub(super) const SPLIT: OptionHelp =
    help("split", "train", "train: levels 0, 1, ...; test: levels 1000000, 1000001, ...");
pub(super) const LAYOUTS: OptionHelp =
    help("layouts", "0", "how many layouts of walls and doors the levels share, 1 to 1000000; 0: one each");
pub(super) const PREVENT: OptionHelp = help(
    "prevent",
    "none",
    "what actions never do, as if they were `done`: none, pick-up, open (doors), goal (step onto it)",
);
pub(super) const HORIZON: OptionHelp = help(
    "horizon",
    "auto",
    "steps after which an episode is truncated, also of the reward; auto: Minigrid's",
);

/// What the levels of a world have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Things {
    /// A goal.
    pub goal: bool,
    /// A key.
    pub key: bool,
    /// A ball or a box.
    pub target: bool,
    /// So many doors at most.
    pub doors: usize,
}

/// Draws the levels of one world.
pub trait Generator: Debug + Send + Sync {
    /// An empty level: its size, its task, and whether walls are seen through.
    fn blank(&self) -> Parts;

    /// What its levels have.
    fn things(&self) -> Things;

    /// Steps of an episode where no horizon is given.
    fn steps(&self) -> usize;

    /// The task in words.
    fn mission(&self, state: &State) -> String;

    /// Draws a level into empty cells: walls, doors and their colours from `walls`, everything else
    /// from `things`.
    fn draw(&self, parts: &mut Parts, walls: &mut ChaCha8Rng, things: &mut ChaCha8Rng);

    /// Mean returns of random actions and of the shortest solutions with the usual horizon, where
    /// they were measured, over 20,000 levels.
    fn reference(&self) -> Option<Reference> {
        None
    }
}

/// A generator with a name in the registry.
pub trait Definition: Generator + Sized + 'static {
    /// The world's name.
    const NAME: &'static str;
    /// One line for people.
    const SUMMARY: &'static str;
    /// The options it reads and those that all of these worlds have.
    const OPTIONS: &'static [OptionHelp];

    /// The generator that the options ask for.
    ///
    /// # Errors
    /// A value out of range.
    fn from_options(options: &Options) -> Result<Self, WorldError>;
}

/// Which levels there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Levels {
    first: u32,
    count: u32,
    layouts: u32,
}

impl Levels {
    pub(super) fn from_options(options: &Options) -> Result<Self, WorldError> {
        let most = SEEDS as usize;
        let first = options.usize("first", 0, 0..=most - 1)? as u32;
        let count = match options.usize("levels", 0, 0..=most)? as u32 {
            0 => SEEDS - first,
            count => count,
        };
        if first + count > SEEDS {
            return Err(WorldError::Invalid(format!(
                "`first` and `levels` of {} ask for levels {first} to {}, but a split ends with level {}; ask for \
                 fewer",
                options.owner(),
                first + count - 1,
                SEEDS - 1
            )));
        }
        let layouts = options.usize("layouts", 0, 0..=most)? as u32;
        let test = options.choice("split", "train", &["train", "test"])? == "test";
        Ok(Self { first: first + if test { SEEDS } else { 0 }, count, layouts })
    }

    /// The first level's seed.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    /// Whether these are all levels of a split, each with a layout of its own.
    pub(super) fn all(&self) -> bool {
        self.count == SEEDS && self.layouts == 0
    }

    /// Draws one of the levels' seeds.
    pub(super) fn seed(&self, random: &mut ChaCha8Rng) -> u32 {
        self.first + random.random_range(0..self.count)
    }

    /// Draws the level of a seed, whatever the state was.
    pub(super) fn draw(&self, generator: &dyn Generator, seed: u32, state: &mut State) {
        let layout = match self.layouts {
            0 => seed,
            layouts => self.first + seed.saturating_sub(self.first) % layouts,
        };
        let parts = &mut state.parts;
        parts.seed = seed;
        parts.grid.clear();
        parts.carried = None;
        parts.steps = 0;
        let walls = &mut seed::stream(u64::from(layout), "layout", 0);
        generator.draw(parts, walls, &mut seed::stream(u64::from(seed), "level", 0));
        parts.event = Event { what: What::Nothing, object: Cell::EMPTY, place: parts.agent };
        state.find();
    }
}

/// A uniform colour.
fn colour(random: &mut ChaCha8Rng) -> Colour {
    Colour::ALL[random.random_range(0..Colour::ALL.len())]
}

impl Parts {
    /// Puts the agent into an empty cell of the area, looking anywhere.
    fn place_agent(&mut self, area: Area, random: &mut ChaCha8Rng) {
        self.agent = self.grid.empty(area, random, |_| true);
        self.facing = Direction::ALL[random.random_range(0..Direction::ALL.len())];
    }

    /// Puts something into an empty cell of the area where the agent is not.
    fn place(&mut self, cell: Cell, area: Area, random: &mut ChaCha8Rng) {
        let agent = self.agent;
        let place = self.grid.empty(area, random, |place| place != agent);
        self.grid.set(place, cell);
    }

    /// Puts the goal into the lower right corner.
    fn goal_in_corner(&mut self) {
        let corner = Place::new(self.grid.width() - 2, self.grid.height() - 2);
        self.grid.set(corner, Cell::GOAL);
    }
}
