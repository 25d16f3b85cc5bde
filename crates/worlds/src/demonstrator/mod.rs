//! Scripted demonstrators: policies written by hand, of adjustable skill, that record data.
//!
//! [`demonstrator`] makes one from the name of a world and the text of a policy,
//! `name[=value][,key=value]*`: `scripted,skill=0.5,noise=0.1`, `mixed=0.5`. They act from
//! observation fields, whatever modifiers do to the policy's input.

mod actor;
mod control;
mod maze;
mod mix;
mod point_mass;
mod smooth;
mod table;

use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::name::{help, nearest, parse_policy};
use crate::registry;
use crate::spec::{ActionSpace, Actions, Observations};
use crate::{ModifierName, OptionHelp, WorldError, WorldName};

pub use actor::{Actor, Move, Script, Seen};
pub(crate) use control::{Balance, Pump, Reach, Rightward, Stripes, SwingUp};
pub(crate) use maze::{Drive, Mover};
pub(crate) use point_mass::Steer;
pub(crate) use table::{Guided, Tabular};

use actor::Sight;
use mix::Mix;
use smooth::Smooth;

/// Acts in a batch of copies of one world.
pub trait Demonstrator: Send {
    /// Episodes begin in these rows, whose first observations are given.
    fn begin(&mut self, rows: &[usize], observations: &Observations, random: &mut ChaCha8Rng);

    /// Fills `actions` for all rows, in the world's units; buffers of another size are replaced.
    fn act(&mut self, observations: &Observations, random: &mut ChaCha8Rng, actions: &mut Actions);
}

/// A policy as help texts show it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PolicyEntry {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Its options; the first of `mixed` is the one that `mixed=value` sets.
    pub options: &'static [OptionHelp],
}

const SKILL: OptionHelp = help(
    "skill",
    "1",
    "probability per step of the expert's action instead of a random one, 0 to 1; LOW-HIGH: drawn per episode",
);
const NOISE: OptionHelp = help(
    "noise",
    "0",
    "deviation of normal noise on the actions (of mixed: the expert's), in halves of their range",
);

/// All policies.
static POLICIES: [PolicyEntry; 7] = [
    PolicyEntry { name: "random", summary: "uniformly random actions", options: &[] },
    PolicyEntry {
        name: "smooth",
        summary: "random actions that change slowly (correlation 0.9, deviation 0.6, clipped)",
        options: &[],
    },
    PolicyEntry {
        name: "scripted",
        summary: "the world's expert, as skilled and precise as asked",
        options: &[SKILL, NOISE],
    },
    PolicyEntry {
        name: "waypoints",
        summary: "shortest ways through a maze to random cells, a new one when reached",
        options: &[NOISE],
    },
    PolicyEntry {
        name: "mixed",
        summary: "per episode the expert or, where there are any, exact way-points, else random actions",
        options: &[help("share", "0.5", "probability of an expert's episode, 0 to 1"), SKILL, NOISE],
    },
    PolicyEntry {
        name: "stripes",
        summary: "good and bad actions in stripes of a line: U[-0.05, 1] in every other one, U[-1, 0.05] between",
        options: &[],
    },
    PolicyEntry {
        name: "behaviour",
        summary: "the policy that the world's data are made by (bernoulli-bandit: arm 0 with probability p)",
        options: &[],
    },
];

/// All policies.
pub fn policies() -> &'static [PolicyEntry] {
    &POLICIES
}

/// Names of the policies that exist for the world called `world`.
///
/// # Errors
/// A malformed or unknown world.
pub fn policies_of(world: &str) -> Result<Vec<&'static str>, WorldError> {
    let world = Stage::new(world)?;
    Ok(POLICIES.iter().map(|entry| entry.name).filter(|name| world.has(name)).collect())
}

/// The demonstrator that acts by `policy` in `rows` copies of the world called `world`.
///
/// # Errors
/// A malformed or unknown world, policy or option, a value out of range, or a policy that does not
/// exist for this world; the sentence says which do.
pub fn demonstrator(world: &str, policy: &str, rows: usize) -> Result<Box<dyn Demonstrator>, WorldError> {
    let stage = Stage::new(world)?;
    let policy = parse_policy(policy)?;
    let Some(entry) = POLICIES.iter().find(|entry| entry.name == policy.name) else {
        let near = nearest(&policy.name, POLICIES.iter().map(|entry| entry.name));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(WorldError::Invalid(format!(
            "there is no policy `{}`: {} has {}{near}",
            policy.name,
            stage.base,
            stage.list()
        )));
    };
    if !stage.has(entry.name) {
        return Err(stage.lacks(entry.name));
    }
    let known: Vec<&str> = entry.options.iter().map(|option| option.name).collect();
    policy.options.finish(entry.name, &known)?;
    if policy.value.is_some() && entry.name != "mixed" {
        return Err(WorldError::Invalid(format!(
            "policy `{0}` takes no value; write `{0}` or give options as in `{0},key=value`",
            entry.name
        )));
    }
    if entry.name == "smooth" {
        return Ok(Box::new(Smooth::new(&stage.action, rows)));
    }
    Ok(Box::new(stage.mix(&policy, rows)?))
}

/// A world to act in.
struct Stage {
    /// Its name without options and modifiers.
    base: String,
    bare: Box<dyn crate::Environment>,
    sight: Sight,
    action: ActionSpace,
}

impl Stage {
    fn new(name: &str) -> Result<Self, WorldError> {
        let full = registry::spec(name)?;
        let parsed: WorldName = name.parse()?;
        let bare = registry::single(&parsed.options.to_string())?;
        let sight = Sight::new(bare.spec(), &full);
        Ok(Self { base: parsed.base().to_owned(), sight, bare, action: full.action })
    }

    /// Whether a policy exists here.
    fn has(&self, policy: &str) -> bool {
        match policy {
            "random" => true,
            "smooth" => matches!(self.action, ActionSpace::Box { .. }),
            _ => script(policy).is_some_and(|script| self.bare.actor(script).is_some()),
        }
    }

    /// Names of the policies that exist here, for a sentence.
    fn list(&self) -> String {
        let names: Vec<&str> =
            POLICIES.iter().map(|entry| entry.name).filter(|name| self.has(name)).collect();
        names.join(", ")
    }

    /// Says that a policy does not exist here, what does, and where it would.
    fn lacks(&self, policy: &str) -> WorldError {
        let fits = |entry: &&registry::Entry| match policy {
            "smooth" => registry::spec(entry.name).is_ok_and(|s| matches!(s.action, ActionSpace::Box { .. })),
            _ => registry::single(entry.name)
                .is_ok_and(|world| script(policy).is_some_and(|script| world.actor(script).is_some())),
        };
        let others: Vec<&str> = registry::catalogue().iter().filter(fits).map(|entry| entry.name).collect();
        WorldError::Invalid(format!(
            "{} has no policy `{policy}`: it has {}; `{policy}` exists for {}",
            self.bare.spec().name,
            self.list(),
            others.join(", ")
        ))
    }

    fn mix(self, policy: &ModifierName, rows: usize) -> Result<Mix, WorldError> {
        let options = policy.options_with("share")?;
        let actor = |script| self.bare.actor(script);
        let (share, expert, other) = match policy.name.as_str() {
            "scripted" => (1.0, actor(Script::Expert), None),
            "mixed" => {
                let share = options.float("share", 0.5, 0.0..=1.0)?;
                (share, actor(Script::Expert), actor(Script::Waypoints))
            }
            name => (0.0, None, script(name).and_then(actor)),
        };
        let noise = options.float("noise", 0.0, 0.0..=10.0)?;
        if noise > 0.0 && matches!(self.action, ActionSpace::Discrete { .. }) {
            return Err(WorldError::Invalid(format!(
                "`noise` of {} is added to continuous actions, and {} has discrete ones; leave it out and set \
                 `skill`",
                policy.name, self.base
            )));
        }
        let skill = options.interval("skill", 1.0, 0.0..=1.0)?;
        Ok(Mix::new(self.action, self.sight, expert, other, [share, noise], skill, rows))
    }
}

/// The script that a policy other than `random` and `smooth` needs of a world.
fn script(policy: &str) -> Option<Script> {
    match policy {
        "scripted" | "mixed" => Some(Script::Expert),
        "waypoints" => Some(Script::Waypoints),
        "stripes" => Some(Script::Stripes),
        "behaviour" => Some(Script::Behaviour),
        _ => None,
    }
}
