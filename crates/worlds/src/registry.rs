//! All worlds by name.

use serde::Serialize;

use crate::control::acrobot::Acrobot;
use crate::control::cartpole::CartPole;
use crate::control::cartpole_swingup::CartPoleSwingup;
use crate::control::line_world::LineWorld;
use crate::control::mountain_car::MountainCar;
use crate::control::mountain_car_continuous::MountainCarContinuous;
use crate::control::pendulum::Pendulum;
use crate::control::point_mass::PointMass;
use crate::control::reacher2::Reacher2;
use crate::cube_toy::CubeToy;
use crate::grid::minigrid::{MiniGrid, level};
use crate::grid::{DeepSea, FourRooms, MazeLevels, TMaze};
use crate::maze::{Giant, Large, Medium, PointMaze, UMaze};
use crate::minatar::{Asterix, Breakout, Freeway, Game, MinAtar, Seaquest, SpaceInvaders};
use crate::name::{help, nearest};
use crate::tabular::bandit::BernoulliBandit;
use crate::tabular::chain::Chain;
use crate::tabular::corridor::StochasticCorridor;
use crate::tabular::frozen_lake::FrozenLake;
use crate::tabular::grid7::Grid7Slip;
use crate::tabular::gridwalk::GridWalk;
use crate::tabular::latent_rooms::LatentWorld;
use crate::tabular::random::RandomMdp;
use crate::tabular::threshold_world::ThresholdWorld;
use crate::tabular::tight_chain::TightChain;
use crate::tabular::{Definition, Table, TableWorld};
use crate::world::FromOptions;
use crate::{
    Environment, GoalSpace, ModifierName, OptionHelp, Options, Spec, Vectorised, WorldError, WorldName,
    Worlds, modifier,
};

pub use crate::modifier::{ModifierEntry, modifiers};

type BuildSingle = fn(&Options) -> Result<Box<dyn Environment>, WorldError>;
type BuildBatch = fn(&Options, Size) -> Result<Box<dyn Worlds>, WorldError>;

/// A world as the catalogue describes it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its options.
    pub options: &'static [OptionHelp],
    #[serde(skip)]
    single: BuildSingle,
    #[serde(skip)]
    batch: BuildBatch,
}

/// Rows, seed and number of threads (by cost where none is given) of a batch.
#[derive(Clone, Copy, Debug)]
struct Size {
    rows: usize,
    seed: u64,
    threads: Option<usize>,
}

impl Entry {
    /// Names of the modifiers that go with this world as it is by default.
    pub fn modifiers(&self) -> Vec<&'static str> {
        let fits = |entry: &&ModifierEntry| {
            let name = entry.name.to_owned();
            let options = Options::new(format!("+{name}"));
            let value = entry.options.first().filter(|main| main.default.is_empty());
            let value = value.map(|_| "2".to_owned());
            (self.single)(&Options::new(self.name))
                .is_ok_and(|world| modifier::apply(world, &ModifierName { name, value, options }).is_ok())
        };
        modifiers().iter().filter(fits).map(|entry| entry.name).collect()
    }

    fn check(&self, options: &Options) -> Result<(), WorldError> {
        let known: Vec<&str> = self.options.iter().map(|option| option.name).collect();
        options.finish(self.name, &known)
    }
}

/// A world that knows its name and options.
const fn plain<W: FromOptions>() -> Entry {
    Entry {
        name: W::NAME,
        summary: W::SUMMARY,
        options: W::OPTIONS,
        single: |options| Ok(Box::new(W::from_options(options)?)),
        batch: |options, size| batch(size, || W::from_options(options)),
    }
}

/// A table as a world.
const fn table_world<D: Definition>() -> Entry {
    Entry {
        name: D::NAME,
        summary: D::SUMMARY,
        options: D::OPTIONS,
        single: |options| Ok(Box::new(TableWorld::of::<D>(options)?)),
        batch: |options, size| batch(size, || TableWorld::of::<D>(options)),
    }
}

/// A Minigrid world.
const fn minigrid<D: level::Definition>() -> Entry {
    Entry {
        name: D::NAME,
        summary: D::SUMMARY,
        options: D::OPTIONS,
        single: |options| Ok(Box::new(MiniGrid::of::<D>(options)?)),
        batch: |options, size| batch(size, || MiniGrid::of::<D>(options)),
    }
}

const GAME_OPTIONS: &[OptionHelp] = &[
    help("sticky", "0.1", "probability that the previous action is repeated"),
    help("ramping", "true", "whether the game grows harder over time"),
    help("actions", "all6", "all6: MinAtar's six; minimal: those that do something"),
];

/// A MinAtar game under its name, `minatar-` and the game.
const fn game<G: Game + 'static>(name: &'static str) -> Entry {
    Entry {
        name,
        summary: G::SUMMARY,
        options: GAME_OPTIONS,
        single: |options| Ok(Box::new(MinAtar::<G>::new(options)?)),
        batch: |options, size| batch(size, || MinAtar::<G>::new(options)),
    }
}

fn batch<W: Environment + 'static>(
    size: Size,
    build: impl FnMut() -> Result<W, WorldError>,
) -> Result<Box<dyn Worlds>, WorldError> {
    Ok(Box::new(match size.threads {
        None => Vectorised::new(size.rows, size.seed, build)?,
        Some(threads) => Vectorised::on_threads(size.rows, size.seed, threads, build)?,
    }))
}

/// All worlds, sorted by name.
static CATALOGUE: &[Entry] = &[
    plain::<Acrobot>(),
    table_world::<BernoulliBandit>(),
    plain::<CartPole>(),
    plain::<CartPoleSwingup>(),
    table_world::<Chain>(),
    plain::<CubeToy>(),
    plain::<DeepSea>(),
    plain::<FourRooms>(),
    table_world::<FrozenLake>(),
    table_world::<Grid7Slip>(),
    table_world::<GridWalk>(),
    plain::<LineWorld>(),
    plain::<LatentWorld>(),
    plain::<MazeLevels>(),
    game::<Asterix>("minatar-asterix"),
    game::<Breakout>("minatar-breakout"),
    game::<Freeway>("minatar-freeway"),
    game::<Seaquest>("minatar-seaquest"),
    game::<SpaceInvaders>("minatar-space-invaders"),
    minigrid::<level::DoorKey>(),
    minigrid::<level::Empty>(),
    minigrid::<level::FourRooms>(),
    minigrid::<level::KeyCorridor>(),
    minigrid::<level::MultiRoom>(),
    minigrid::<level::UnlockPickup>(),
    plain::<MountainCar>(),
    plain::<MountainCarContinuous>(),
    plain::<Pendulum>(),
    plain::<PointMass>(),
    plain::<PointMaze<Giant>>(),
    plain::<PointMaze<Large>>(),
    plain::<PointMaze<Medium>>(),
    plain::<PointMaze<UMaze>>(),
    table_world::<RandomMdp>(),
    plain::<Reacher2>(),
    table_world::<StochasticCorridor>(),
    plain::<TMaze>(),
    plain::<ThresholdWorld>(),
    table_world::<TightChain>(),
];

/// All worlds, sorted by name.
pub fn catalogue() -> &'static [Entry] {
    CATALOGUE
}

/// The world's entry.
///
/// # Errors
/// There is no such world; the nearest name is suggested.
pub fn entry(name: &str) -> Result<&'static Entry, WorldError> {
    CATALOGUE.iter().find(|entry| entry.name == name).ok_or_else(|| WorldError::Unknown {
        kind: "world".to_owned(),
        name: name.to_owned(),
        suggestion: nearest(name, CATALOGUE.iter().map(|entry| entry.name)),
    })
}

/// A batch of `rows` copies of the world called `name`, on as many threads as pay.
///
/// # Errors
/// A malformed or unknown name, an option or modifier that does not fit, or no rows.
pub fn make(name: &str, rows: usize, seed: u64) -> Result<Box<dyn Worlds>, WorldError> {
    build(&name.parse()?, Size { rows, seed, threads: None })
}

/// The same on a given number of threads; the results are the same for any number.
///
/// # Errors
/// As of [`make`].
pub fn make_on_threads(
    name: &str,
    rows: usize,
    seed: u64,
    threads: usize,
) -> Result<Box<dyn Worlds>, WorldError> {
    build(&name.parse()?, Size { rows, seed, threads: Some(threads) })
}

fn build(name: &WorldName, size: Size) -> Result<Box<dyn Worlds>, WorldError> {
    if name.modifiers.is_empty() {
        let entry = entry(name.base())?;
        entry.check(&name.options)?;
        return (entry.batch)(&name.options, size);
    }
    batch(size, || build_single(name))
}

fn build_single(name: &WorldName) -> Result<Box<dyn Environment>, WorldError> {
    let entry = entry(name.base())?;
    entry.check(&name.options)?;
    name.modifiers.iter().try_fold((entry.single)(&name.options)?, modifier::apply)
}

/// One copy of the world called `name`, for callers that step it themselves with a generator of
/// their own.
///
/// # Errors
/// A malformed or unknown name, or an option or modifier that does not fit.
pub fn single(name: &str) -> Result<Box<dyn Environment>, WorldError> {
    build_single(&name.parse()?)
}

/// What the world called `name` gives and takes.
///
/// # Errors
/// As of [`single`].
pub fn spec(name: &str) -> Result<Spec, WorldError> {
    Ok(single(name)?.spec().clone())
}

/// How goals relate to the policy's input in the world called `name`; none where it has no goals,
/// as after a modifier that replaces the input.
///
/// # Errors
/// As of [`single`].
pub fn goal(name: &str) -> Result<Option<GoalSpace>, WorldError> {
    Ok(single(name)?.goal())
}

/// The exact table of the world called `name`; none where it has none, as after a modifier that
/// changes what actions do.
///
/// # Errors
/// As of [`single`].
pub fn table(name: &str) -> Result<Option<Table>, WorldError> {
    Ok(single(name)?.table())
}
