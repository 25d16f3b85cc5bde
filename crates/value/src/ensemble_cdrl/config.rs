//! Hyper-parameters of distributional learning with ensembles.

use agents::value_agent::config::ValueSettings;
use learn::schedule::Schedule;
use settings::{Choice, Config, Refusal};

use super::grid::Grid;
pub use agents::table::Form;

/// Whose distributions make an agent's target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Targets {
    /// The group's mean gives the next action and its distribution.
    #[default]
    Group,
    /// The agent itself gives both: independent agents.
    Own,
    /// The group's mean gives the next action, the agent its distribution.
    Action,
}

/// Settings of the form on tables.
#[derive(Clone, Debug, Config)]
pub struct TabularSettings {
    /// Share of the target in an updated distribution.
    #[setting(0.1, above = 0.0, max = 1.0)]
    pub alpha: f64,
    /// Probability of a random action while learning.
    #[setting(0.2, min = 0.0, max = 1.0)]
    pub epsilon: f64,
}

/// Hyper-parameters of distributional learning with ensembles.
///
/// Networks have the usual values of categorical agents on Atari games (Bellemare et al., 2017).
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct EnsembleConfig {
    /// `tabular`: exact values on a table; `deep`: networks; `auto`: the first where the world's table
    /// is known.
    #[setting(Form::Auto)]
    pub variant: Form,
    /// Number of agents, k; a single one only with `targets = "own"`.
    #[setting(5, min = 1)]
    pub agents: usize,
    /// Whose distributions make the targets: `group`, `own` (independent agents) or `action` (the
    /// group chooses the next action only).
    #[setting(Targets::Group)]
    pub targets: Targets,
    /// Number of atoms of the return distributions.
    #[setting(51, min = 2)]
    pub atoms: usize,
    /// Lowest return, z_1.
    #[setting(-10.0)]
    pub v_min: f64,
    /// Highest return, z_N, above `v_min`.
    #[setting(10.0)]
    pub v_max: f64,
    /// Whether agents learn from the steps of all agents instead of their own.
    #[setting(false)]
    pub shared_buffer: bool,
    /// Settings of `tabular`.
    #[setting(group)]
    pub tabular: TabularSettings,
    /// Settings of `deep`, in steps per agent; an agent's own layer before the head is one rectified.
    #[setting(group, laptop = laptop(), paper = paper())]
    pub deep: ValueSettings,
}

fn laptop() -> ValueSettings {
    ValueSettings {
        learning_starts: 500,
        train_every: 4,
        batch: 32,
        capacity: 50_000,
        epsilon: Schedule::linear(1.0, 0.01, 5_000),
        target_every: 500,
        adam_epsilon: 3.1e-4,
        hidden: 64,
        ..ValueSettings::default()
    }
}

fn paper() -> ValueSettings {
    ValueSettings {
        epsilon: Schedule::linear(1.0, 0.01, 250_000),
        target_every: 8_000,
        adam_epsilon: 3.1e-4,
        ..ValueSettings::paper()
    }
}

impl EnsembleConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        let Self { agents, atoms, v_min, v_max, .. } = *self;
        if v_max <= v_min {
            let allowed = format!("above `.v_min`, {v_min}, to hold a support of {atoms} atoms between them");
            return Err(Refusal::new("v_max", v_max, allowed));
        }
        if agents == 1 && self.targets != Targets::Own {
            let why = "an ensemble needs at least two agents; use `.targets = \"own\"` for one";
            return Err(Refusal::saying("agents", agents, why));
        }
        Ok(())
    }

    /// The atoms.
    pub(super) fn grid(&self) -> Grid {
        Grid { low: self.v_min, high: self.v_max, atoms: self.atoms }
    }
}
