//! Acting by planning.

use nets::argmax;
use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use serde::{Deserialize, Serialize};
use worlds::{ActionSpace, Actions, Observations};

use super::{Planner, data::StateFields};

/// What a row of the world remembers: states seen, and the plan it follows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Row {
    /// The last observed states, scaled, oldest first.
    pub seen: Vec<f32>,
    /// The plan, `[H, width]`; empty before the first.
    pub plan: Vec<f32>,
    /// Row of the plan that the present state stands for.
    pub at: usize,
    /// Actions taken from it.
    pub used: usize,
}

/// Plans, and takes the actions that lead along the plan.
pub(super) struct PlanPolicy {
    pub planner: Planner,
    pub fields: StateFields,
    space: ActionSpace,
    scale: ActionScale,
    /// Most states that a plan begins with.
    pub history: usize,
    pub rows: Vec<Row>,
}

impl PlanPolicy {
    pub(super) fn new(planner: Planner, fields: StateFields, space: ActionSpace, history: usize) -> Self {
        Self { planner, fields, scale: ActionScale::new(&space), space, history, rows: Vec::new() }
    }
}

impl Policy for PlanPolicy {
    fn begin(&mut self, _scope: Scope, rows: &[usize]) {
        for &row in rows {
            if let Some(row) = self.rows.get_mut(row) {
                *row = Row::default();
            }
        }
    }

    fn act(&mut self, observations: &Observations, _mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions> {
        let mut states = self.fields.observed(observations)?;
        self.planner.scaling.normalise(&mut states)?;
        let vectors = self.follow(&states, random);
        Ok(match &self.space {
            ActionSpace::Discrete { count } => {
                Actions::Discrete(vectors.chunks_exact(*count).map(|row| argmax(row) as u32).collect())
            }
            ActionSpace::Box { .. } => {
                let inside = vectors.into_iter().map(|value| value.clamp(-1.0, 1.0)).collect();
                self.scale.to_world(&Actions::Continuous(inside))
            }
        })
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task(
            "a policy of `decision-diffuser` plans by repeated sampling, which no list of layers describes"
                .to_owned(),
        ))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("plans", &self.rows)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.rows = snapshot.get("plans")?;
        Ok(())
    }
}
