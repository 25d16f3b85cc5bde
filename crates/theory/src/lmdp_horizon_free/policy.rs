//! Acting on a belief about the context.

use std::sync::Arc;

use agents::table;
use rand_chacha::ChaCha8Rng;
use run::{Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use serde::{Deserialize, Serialize};
use worlds::{Actions, Observations};

use super::{BeliefPlan, Model};

/// A plan, and the belief that it is read with.
pub struct BeliefPolicy {
    model: Arc<Model>,
    plan: Arc<BeliefPlan>,
    rows: Vec<Row>,
}

/// What is remembered of an episode.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Row {
    belief: Vec<f64>,
    step: usize,
    /// State and action of the step before.
    last: Option<(usize, usize)>,
}

impl BeliefPolicy {
    /// Acts by this plan, with beliefs updated by this model.
    pub fn new(model: Arc<Model>, plan: Arc<BeliefPlan>) -> Self {
        Self { model, plan, rows: Vec::new() }
    }
}

impl Row {
    fn act(&mut self, state: usize, model: &Model, plan: &BeliefPlan) -> u32 {
        match self.last {
            Some((last, action)) => model.update_belief(&mut self.belief, last, action, state),
            None => {
                self.belief.resize(model.contexts, 0.0);
                model.first_belief(state, &mut self.belief);
            }
        }
        // The call after an episode's end is ignored, but comes one step too late.
        let step = self.step.min(model.horizon - 1);
        let action = plan.action(step, state, plan.best(step, state, &self.belief));
        self.last = Some((state, action));
        self.step += 1;
        action as u32
    }
}

impl Policy for BeliefPolicy {
    fn begin(&mut self, _scope: Scope, rows: &[usize]) {
        let needed = rows.iter().max().map_or(0, |row| row + 1);
        if self.rows.len() < needed {
            self.rows.resize(needed, Row::default());
        }
        for &row in rows {
            self.rows[row] = Row::default();
        }
    }

    fn act(&mut self, observations: &Observations, _mode: Mode, _random: &mut ChaCha8Rng) -> Result<Actions> {
        let states = table::states(observations, self.model.states)?;
        if self.rows.len() < states.len() {
            self.rows.resize(states.len(), Row::default());
        }
        let rows = self.rows.iter_mut().zip(states);
        Ok(Actions::Discrete(rows.map(|(row, state)| row.act(state, &self.model, &self.plan)).collect()))
    }

    fn export(&self) -> Result<Exported> {
        Err(RunError::Task(
            "a plan of `lmdp-horizon-free` acts on a belief about the context and cannot be exported as weights"
                .to_owned(),
        ))
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("beliefs", &self.rows)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.rows = snapshot.get("beliefs")?;
        Ok(())
    }
}
