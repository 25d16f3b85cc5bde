//! Distributional reinforcement learning with ensembles (Lindenberg, Nordqvist and Lindahl, 2020,
//! arXiv 2003.10903).
//!
//! A group of categorical agents learns side by side, each in its own copy of the world. The target
//! of every agent is made from the mean of all return distributions: it gives both the next action
//! and the next distribution, so that errors of single agents average out before they are learned.
//! Averaging independently trained agents when they act does not do that.
//!
//! On a world whose table is known the values of all greedy policies are exact ([`tabular`]);
//! elsewhere every agent has a network ([`deep`]), and the mean is that of the target networks'
//! probabilities. The agents share one number of steps, counted per agent.

pub mod deep;
mod deep_settings;
pub mod grid;
mod policy;
pub mod report;
pub mod tabular;
#[cfg(test)]
mod tests;

use run::{
    ActionNeed, Card, Method, Need, ObservationNeed, Policy, Primary, Progress, Protocol, Result, Run,
    Scores, Snapshot, Task, task::World,
};
use settings::{Choice, Config};

use self::{
    deep::{Deep, DeepSettings},
    grid::Grid,
    tabular::{Tabular, TabularSettings},
};
pub use agents::table::Variant;

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

/// Hyper-parameters of distributional learning with ensembles.
#[derive(Clone, Debug, Config)]
#[setting(check = Self::combinations)]
pub struct EnsembleConfig {
    /// `tabular`: exact values on a table; `deep`: networks; `auto`: the first where the world's table
    /// is known.
    #[setting(Variant::Auto)]
    pub variant: Variant,
    /// Number of agents, k; a single one only with `targets = "own"`.
    #[setting(5)]
    pub agents: usize,
    /// Whose distributions make the targets: `group`, `own` (independent agents) or `action` (the
    /// group chooses the next action only).
    #[setting(Targets::Group)]
    pub targets: Targets,
    /// Number of atoms of the return distributions, at least 2.
    #[setting(51)]
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
    #[setting(group, paper = TabularSettings::default())]
    pub tabular: TabularSettings,
    /// Settings of `deep`.
    #[setting(group)]
    pub deep: DeepSettings,
}

impl EnsembleConfig {
    fn combinations(&self) -> std::result::Result<(), String> {
        let Self { atoms, v_min, v_max, .. } = *self;
        let ordered = v_min.is_finite() && v_max.is_finite() && v_min < v_max;
        if atoms < 2 || !ordered {
            return Err(format!(
                "the support has `atoms` {atoms}, `v_min` {v_min} and `v_max` {v_max}: it needs at least 2 atoms \
                 and `v_min` below `v_max`"
            ));
        }
        if self.agents == 0 || (self.agents == 1 && self.targets != Targets::Own) {
            return Err(format!(
                "`agents` is {}: an ensemble needs at least two agents; use `targets = \"own\"` for one",
                self.agents
            ));
        }
        self.tabular.validate()?;
        self.deep.validate()
    }
}

impl EnsembleConfig {
    fn grid(&self) -> Grid {
        Grid { low: self.v_min, high: self.v_max, atoms: self.atoms }
    }
}

/// One of the forms.
enum Form {
    Tabular(Box<Tabular>),
    Deep(Box<Deep>),
}

/// A group of categorical agents that learn from their mean.
pub struct EnsembleCdrl {
    grid: Grid,
    form: Form,
}

run::register!(EnsembleCdrl);

impl Method for EnsembleCdrl {
    const CARD: Card = Card {
        id: "ensemble-cdrl",
        title: "Distributional Reinforcement Learning with Ensembles",
        paper: "Lindenberg, Nordqvist and Lindahl, 2020, Algorithms 13(5), arXiv 2003.10903",
        family: "value",
        summary: "return distributions of several agents, learned from the mean of the group",
        needs: &[Need::World { actions: ActionNeed::Discrete, observations: ObservationNeed::Any }],
        metrics: &[
            "diag/individual_value",
            "diag/joint_value",
            "diag/early_value",
            "diag/spread",
            "diag/clipped",
            "loss/td",
            "diag/epsilon",
            "diag/gradient_norm",
        ],
        stages: &["main"],
        primary: Primary { metric: "diag/individual_value", higher_is_better: true },
        unit: "steps per agent",
        steps: 12_000,
        instead: "`sac` or `td3`",
    };
    type Config = EnsembleConfig;

    fn build(config: EnsembleConfig, task: &Task, run: &mut Run) -> Result<Self> {
        let world: &World = task.require(&Self::CARD)?;
        let known = config.variant.is_tabular(world)?;
        let (grid, group) = (config.grid(), (config.agents, config.shared_buffer));
        let form = match known {
            true => {
                let table = world.table(&Self::CARD)?;
                Form::Tabular(Box::new(Tabular::new(
                    &config.tabular,
                    grid,
                    config.targets,
                    group,
                    table,
                    run,
                )))
            }
            false => Form::Deep(Box::new(Deep::new(&config.deep, &grid, config.targets, group, world, run)?)),
        };
        Ok(Self { grid, form })
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        match &mut self.form {
            Form::Tabular(tabular) => tabular.advance(run),
            Form::Deep(deep) => deep.advance(run)?,
        }
        Ok(Progress::MAIN)
    }

    /// The greedy policy of the mean values.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        Some(match &self.form {
            Form::Tabular(tabular) => Box::new(tabular.policy()),
            Form::Deep(deep) => Box::new(deep.policy()),
        })
    }

    /// Values of the agents' own greedy policies and of the joint one: exact on a table, mean returns
    /// elsewhere.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        match (&mut self.form, &protocol.world) {
            (Form::Tabular(tabular), _) => Ok(tabular.scores(&self.grid, run)),
            (Form::Deep(deep), Some(world)) => deep.scores(&self.grid, world, protocol, run),
            (Form::Deep(_), None) => Ok(Scores::new()),
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        match &self.form {
            Form::Tabular(tabular) => tabular.save(snapshot),
            Form::Deep(deep) => deep.save(snapshot),
        }
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        match &mut self.form {
            Form::Tabular(tabular) => tabular.load(snapshot),
            Form::Deep(deep) => deep.load(snapshot),
        }
    }
}
