//! What a method declares about itself.

use memory::DataSpec;
use serde::Serialize;
use worlds::{ActionSpace, Layout};

use crate::{
    Result, RunError, Task,
    data::Data,
    problems::Problems,
    task::{Capability, Checkpoint, World},
};

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

/// What is known about the parts of a task before anything is recorded.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts<'a> {
    /// A world to act in.
    pub world: Option<&'a World>,
    /// Name and spec of a data set.
    pub data: Option<(&'a str, &'a DataSpec)>,
    /// The name of problems in text.
    pub problems: Option<&'a str>,
    /// Whether a published language model is given.
    pub checkpoint: bool,
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
    /// Recorded experience to learn from.
    Data {
        /// Which actions it must hold.
        actions: DataActions,
        /// Whether it must hold rewards.
        rewards: bool,
        /// Which observations it must hold.
        observations: ObservationNeed,
    },
    /// Problems in text with a verifier.
    Problems,
}

/// Kind of actions that a data set must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataActions {
    /// None: they may be missing.
    None,
    /// Either kind.
    Any,
    /// Indices.
    Discrete,
    /// Vectors in a bounded box.
    Continuous,
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
        self.check_parts(&Parts {
            world: task.get::<World>(),
            data: task.get::<Data>().map(|data| (data.name.as_str(), data.spec())),
            problems: task.get::<Problems>().map(|problems| problems.name.as_str()),
            checkpoint: task.get::<Checkpoint>().is_some(),
        })
    }

    /// As [`Card::check`], of what is known about the parts of a task.
    ///
    /// # Errors
    /// As [`Card::check`].
    pub(crate) fn check_parts(&self, parts: &Parts<'_>) -> Result<()> {
        let &Parts { world, data, .. } = parts;
        self.check_language(parts)?;
        for need in self.needs {
            match *need {
                Need::World { actions, observations } => {
                    let spec = &world.ok_or_else(|| self.lacks::<World>())?.spec;
                    let name = format!("world `{}`", spec.name);
                    self.check_actions(actions, &spec.action, &name)?;
                    self.check_observations(observations, spec.input(), &name)?;
                }
                Need::Data { actions, rewards, observations } => {
                    let (name, spec) = data.ok_or_else(|| self.lacks::<Data>())?;
                    let name = format!("data set `{name}`");
                    self.check_observations(observations, spec.input(), &name)?;
                    self.check_recorded(actions, rewards, spec, &name)?;
                }
                Need::Problems => {
                    parts.problems.ok_or_else(|| self.lacks::<Problems>())?;
                }
            }
        }
        let surplus = match (world, data) {
            (Some(_), _) if !self.needs.iter().any(|need| matches!(need, Need::World { .. })) => {
                match self.takes_data() {
                    true => "no world: it learns from --data, and --eval-world scores it",
                    false => "no world: leave out --world",
                }
            }
            (_, Some(_)) if !self.takes_data() => "no data set: leave out --data",
            _ => return Ok(()),
        };
        Err(RunError::Task(format!("`{}` takes {surplus}", self.id)))
    }

    /// Checks that problems in text meet a method that reads text, and worlds and recorded experience
    /// one that acts.
    fn check_language(&self, parts: &Parts<'_>) -> Result<()> {
        let acts = parts.world.map(|world| world.spec.name.as_str()).or(parts.data.map(|(name, _)| name));
        let (wanted, given, what, instead) = match (self.takes_problems(), parts.problems, acts) {
            (false, Some(name), _) => {
                ("actions and observations", name, "gives problems in text", "a method such as `grpo`")
            }
            (true, None, Some(name)) => {
                ("problems in text", name, "gives actions and observations", "a world such as arith")
            }
            _ if parts.checkpoint && !self.takes_problems() => {
                let id = self.id;
                return Err(RunError::Task(format!("`{id}` takes no language model: leave out --model")));
            }
            _ => return Ok(()),
        };
        let id = self.id;
        Err(RunError::Task(format!("`{id}` works on {wanted}, but `{given}` {what}; try {instead}")))
    }

    /// The refusal of a task without something needed.
    pub(crate) fn lacks<C: Capability>(&self) -> RunError {
        RunError::Task(format!("`{}` needs {}: give one with {}", self.id, C::NAME, C::OPTION))
    }

    /// Whether it learns from recorded experience.
    pub fn takes_data(&self) -> bool {
        self.needs.iter().any(|need| matches!(need, Need::Data { .. }))
    }

    /// Whether it works on problems in text.
    pub fn takes_problems(&self) -> bool {
        self.needs.contains(&Need::Problems)
    }

    fn check_recorded(&self, actions: DataActions, rewards: bool, spec: &DataSpec, name: &str) -> Result<()> {
        let missing =
            |what: &str| Err(RunError::Task(format!("`{}` needs {what}, but {name} has none", self.id)));
        if rewards && spec.rewards.is_empty() {
            return missing("rewards");
        }
        let need = match actions {
            DataActions::None => return Ok(()),
            DataActions::Any => ActionNeed::Any,
            DataActions::Discrete => ActionNeed::Discrete,
            DataActions::Continuous => ActionNeed::Continuous,
        };
        match &spec.action {
            None => missing("actions"),
            Some(action) => self.check_actions(need, action, name),
        }
    }

    fn check_actions(&self, need: ActionNeed, action: &ActionSpace, owner: &str) -> Result<()> {
        let (wanted, given) = match (need, action) {
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
            "`{}` needs {wanted}, but {owner} has {given}; try {}",
            self.id, self.instead
        )))
    }

    fn check_observations(&self, need: ObservationNeed, input: &Layout, owner: &str) -> Result<()> {
        let (wanted, given, cure) = match (need, input) {
            (ObservationNeed::Vector, Layout::Image { .. }) => {
                ("vector observations", "images", "a world without +pixels")
            }
            (ObservationNeed::Image, Layout::Vector { .. }) => {
                ("image observations", "vectors", "a minatar world or +pixels")
            }
            _ => return Ok(()),
        };
        Err(RunError::Task(format!("`{}` needs {wanted}, but {owner} gives {given}; try {cure}", self.id)))
    }
}
