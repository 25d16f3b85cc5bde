//! Data sets that are recorded on the spot: `data:<world>/<policy>[,key=value]*`, or
//! `data:traj2d[,key=value]*`. Equal recipes give equal bytes.

use memory::{
    Column, DataSpec, Dataset,
    dataset::{Columns, Episode},
};
use worlds::{Field, Layout, Role, data::traj2d};

use crate::{
    Mode, Result, RunError,
    collect::{self, Actor, Amount, Scripted},
    task::World,
};

/// Steps of a recipe that names neither steps nor episodes.
const STEPS: usize = 10_000;

/// Paths of the generator where none are asked for.
const PATHS: usize = 20_000;

/// How a data set is made.
pub(crate) enum Recipe {
    /// A demonstrator acts in a world.
    Demonstration {
        /// Where it acts.
        world: Box<World>,
        /// Its name and options.
        policy: String,
        /// For how long.
        amount: Amount,
        /// Under which seed.
        seed: u64,
    },
    /// Paths with a label each.
    Paths {
        /// How many.
        count: usize,
        /// Under which seed.
        seed: u64,
    },
}

impl Recipe {
    /// The recipe behind `data:`.
    ///
    /// # Errors
    /// It does not parse, or the world has no such demonstrator.
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('/') {
            Some((world, rest)) => Self::demonstration(world, rest),
            None => Self::paths(text),
        }
    }

    fn demonstration(world: &str, rest: &str) -> Result<Self> {
        let mut amount = Amount::Steps(STEPS);
        let (mut seed, mut policy) = (0, Vec::new());
        for (index, part) in rest.split(',').enumerate() {
            match part.split_once('=').filter(|_| index > 0) {
                Some(("episodes", count)) => amount = Amount::Episodes(positive("episodes", count)?),
                Some(("steps", count)) => amount = Amount::Steps(positive("steps", count)?),
                Some(("seed", number)) => seed = whole("seed", number)?,
                _ => policy.push(part),
            }
        }
        let (world, policy) = (Box::new(World::new(world)?), policy.join(","));
        Scripted::new(&world, &policy, 1)?;
        Ok(Self::Demonstration { world, policy, amount, seed })
    }

    fn paths(text: &str) -> Result<Self> {
        let mut parts = text.split(',');
        let (mut count, mut seed) = (PATHS, 0);
        let mut known = parts.next() == Some("traj2d");
        for part in parts {
            match part.split_once('=') {
                Some(("paths", number)) => count = positive("paths", number)?,
                Some(("seed", number)) => seed = whole("seed", number)?,
                _ => known = false,
            }
        }
        if known {
            return Ok(Self::Paths { count, seed });
        }
        Err(RunError::Config(format!(
            "`data:{text}` is not a recipe: write data:<world>/<policy>,steps=10000,seed=0, such as \
             data:pendulum/random,steps=1000, or data:traj2d,paths=20000,seed=0"
        )))
    }

    /// What the data set will hold.
    pub fn spec(&self) -> Result<DataSpec> {
        match self {
            Self::Demonstration { world, policy, seed, .. } => {
                Ok(collect::spec(world, policy.clone(), *seed))
            }
            Self::Paths { seed, .. } => Ok(path_spec(*seed)),
        }
    }

    /// Makes the data set.
    ///
    /// # Errors
    /// The world fails.
    pub fn record(self) -> Result<Dataset> {
        match self {
            Self::Demonstration { world, policy, amount, seed } => {
                let mut scripted = Scripted::new(&world, &policy, 1)?;
                let actor = Actor { policy: &mut scripted, mode: Mode::Sample, name: policy };
                collect::record(&world, actor, amount, seed)
            }
            Self::Paths { count, seed } => paths(count, seed),
        }
    }
}

/// Paths of points without actions and rewards, with the label of the constraint that each meets.
fn path_spec(seed: u64) -> DataSpec {
    DataSpec {
        world: None,
        fields: vec![Field {
            name: "point".to_owned(),
            role: Role::Input,
            layout: Layout::Vector { size: 2 },
        }],
        action: None,
        rewards: Vec::new(),
        extra: vec![Column { name: "label".to_owned(), width: 1 }],
        horizon: None,
        policy: "traj2d".to_owned(),
        seed: Some(seed),
    }
}

fn paths(count: usize, seed: u64) -> Result<Dataset> {
    let made = traj2d::traj2d(count, seed);
    let length = traj2d::POINTS - 1;
    let episode = |index: usize| Episode {
        observation: index * traj2d::POINTS,
        step: index * length,
        length,
        terminated: true,
    };
    let label = made.label.iter().flat_map(|&label| std::iter::repeat_n(f32::from(label), length));
    let columns = Columns {
        fields: vec![memory::dataset::FieldColumn::Floats(made.points.into())],
        actions: None,
        reward: Vec::new().into(),
        extra: vec![label.collect::<Vec<f32>>().into()],
    };
    Ok(Dataset::new(path_spec(seed), (0..count).map(episode).collect(), columns)?)
}

fn positive(key: &str, text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| RunError::Config(format!("`{key}={text}`: it must be a whole number of at least 1")))
}

fn whole(key: &str, text: &str) -> Result<u64> {
    text.parse()
        .map_err(|_| RunError::Config(format!("`{key}={text}`: it must be a whole number of at least 0")))
}
