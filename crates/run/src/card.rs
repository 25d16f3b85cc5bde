//! What a method declares about itself.

use serde::Serialize;
use worlds::{ActionSpace, Layout};

use crate::{Result, RunError, Task, task::World};

/// Kind of actions a method can learn to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionNeed {
    /// Either kind.
    Any,
    /// Indices.
    Discrete,
    /// A bounded box.
    Continuous,
}

/// Kind of observations a method can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObservationNeed {
    /// Vectors and images.
    Any,
    /// Vectors only.
    Vector,
    /// Images or planes only.
    Image,
}

/// Something a method cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Need {
    /// A world to act in.
    World {
        /// Which actions it must take.
        actions: ActionNeed,
        /// Which observations it must give.
        observations: ObservationNeed,
    },
}

/// The one number that says how good a run is, where a method is compared with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Primary {
    /// Name of a metric in the evaluation's scores.
    pub metric: &'static str,
    /// Whether more is better.
    pub higher_is_better: bool,
}

impl Primary {
    /// Mean return of evaluation episodes.
    pub const RETURN: Primary = Primary { metric: "eval/return", higher_is_better: true };
}

/// A method's declaration, as `list` and `info` show it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Card {
    /// The name on the command line.
    pub id: &'static str,
    /// The paper's title.
    pub title: &'static str,
    /// First author, year and where it appeared.
    pub paper: &'static str,
    /// The folder of methods it belongs to.
    pub family: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// Names of the metrics it emits besides the common ones; one that ends in `*` stands for all
    /// that begin so.
    pub metrics: &'static [&'static str],
    /// Stages of its training in order.
    pub stages: &'static [&'static str],
    /// The number that comparisons go by.
    pub primary: Primary,
    /// What the steps of a run count, in the plural: `environment steps`, `iterations`, ...
    pub unit: &'static str,
    /// Steps of a run when no budget is given.
    pub steps: u64,
    /// What to try instead when the actions are of the other kind.
    pub instead: &'static str,
}

impl Card {
    /// Checks a task against the declared needs before anything is built.
    ///
    /// # Errors
    /// The sentence is made from the two declarations.
    pub fn check(&self, task: &Task) -> Result<()> {
        for need in self.needs {
            let Need::World { actions, observations } = need;
            let world = task.require::<World>(self)?;
            self.check_actions(*actions, world)?;
            self.check_observations(*observations, world)?;
        }
        if self.needs.is_empty() && task.get::<World>().is_some() {
            return Err(RunError::Task(format!("`{}` takes no world: leave out --world", self.id)));
        }
        Ok(())
    }

    fn check_actions(&self, need: ActionNeed, world: &World) -> Result<()> {
        let (wanted, given) = match (need, &world.spec.action) {
            (ActionNeed::Discrete, ActionSpace::Box { low, .. }) => {
                ("discrete actions", format!("{} continuous action dimensions", low.len()))
            }
            (ActionNeed::Continuous, ActionSpace::Discrete { count }) => {
                ("continuous actions", format!("{count} discrete actions"))
            }
            (ActionNeed::Continuous, ActionSpace::Box { low, high })
                if low.iter().chain(high).any(|bound| !bound.is_finite()) =>
            {
                ("a bounded box of actions", "an unbounded one".to_owned())
            }
            _ => return Ok(()),
        };
        Err(RunError::Task(format!(
            "`{}` needs {wanted}, but world `{}` has {given}; try {}",
            self.id, world.spec.name, self.instead
        )))
    }

    fn check_observations(&self, need: ObservationNeed, world: &World) -> Result<()> {
        let (wanted, given, cure) = match (need, world.spec.input()) {
            (ObservationNeed::Vector, Layout::Image { .. }) => {
                ("vector observations", "images", "a world without +pixels")
            }
            (ObservationNeed::Image, Layout::Vector { .. }) => {
                ("image observations", "vectors", "a minatar world or +pixels")
            }
            _ => return Ok(()),
        };
        Err(RunError::Task(format!(
            "`{}` needs {wanted}, but world `{}` gives {given}; try {cure}",
            self.id, world.spec.name
        )))
    }
}
