//! Acting by planning.

use rand_chacha::ChaCha8Rng;
use run::{ActionScale, Exported, Mode, Policy, Result, RunError, Scope, Snapshot};
use serde::{Deserialize, Serialize};
use worlds::{ActionSpace, Actions, Observations};

use super::{data::StateFields, model::Planner};

/// What a row of the world remembers: states seen, and the plan it follows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Row {
    /// The last observed states, scaled, oldest first.
    seen: Vec<f32>,
    /// The plan, `[H, width]`; empty before the first.
    plan: Vec<f32>,
    /// Row of the plan that the present state stands for.
    at: usize,
    /// Actions taken from it.
    used: usize,
}

/// Plans, and takes the actions that lead along the plan.
pub(super) struct PlanPolicy {
    planner: Planner,
    fields: StateFields,
    space: ActionSpace,
    scale: ActionScale,
    history: usize,
    rows: Vec<Row>,
}

impl PlanPolicy {
    pub(super) fn new(planner: Planner, fields: StateFields, space: ActionSpace, history: usize) -> Self {
        Self { planner, fields, scale: ActionScale::new(&space), space, history, rows: Vec::new() }
    }

    /// Takes in what is seen, and moves along the plans.
    fn see(&mut self, states: &[f32]) {
        let width = self.fields.width;
        self.rows.resize_with(states.len() / width, Row::default);
        for (row, state) in self.rows.iter_mut().zip(states.chunks_exact(width)) {
            row.seen.extend_from_slice(state);
            let excess = (row.seen.len() / width).saturating_sub(self.history);
            row.seen.drain(..excess * width);
            row.at += 1;
        }
    }

    /// Makes new plans for the rows that need one: those with an earlier plan may begin from it.
    fn replan(&mut self, random: &mut ChaCha8Rng) {
        let (reuse, warm) = (self.planner.sampling.reuse, self.planner.sampling.warm > 0);
        for from_last in [false, true] {
            let chosen = |row: &&mut Row| {
                (row.plan.is_empty() || row.used >= reuse) && (warm && !row.plan.is_empty()) == from_last
            };
            let mut due: Vec<&mut Row> = self.rows.iter_mut().filter(chosen).collect();
            if due.is_empty() {
                continue;
            }
            let (state, shape) = (self.fields.width, self.planner.shape);
            let known: Vec<Vec<f32>> = due.iter().map(|row| row.seen.clone()).collect();
            let moved = |row: &&mut Row| {
                let shift = (row.at + 1).saturating_sub(row.seen.len() / state);
                moved_on(&row.plan, shift, shape.width())
            };
            let last = from_last.then(|| due.iter().flat_map(moved).collect());
            let plans = self.planner.plan(&known, last, random);
            for (row, plan) in due.iter_mut().zip(plans.chunks_exact(shape.rows * shape.width())) {
                row.plan = plan.to_vec();
                (row.at, row.used) = (row.seen.len() / state - 1, 0);
            }
        }
    }

    /// What leads each row to the next state of its plan, as vectors.
    fn vectors(&mut self) -> Vec<f32> {
        let shape = self.planner.shape;
        let (state, width) = (shape.state, shape.width());
        let mut here = Vec::new();
        let mut there = Vec::new();
        let mut diffused = Vec::new();
        for row in &mut self.rows {
            here.extend_from_slice(&row.seen[row.seen.len() - state..]);
            there.extend_from_slice(&row.plan[(row.at + 1) * width + shape.action..][..state]);
            diffused.extend_from_slice(&row.plan[row.at * width..][..shape.action]);
            row.used += 1;
        }
        self.planner.action(here, there).unwrap_or(diffused)
    }
}

/// A plan without its first `shift` rows, the last one repeated instead.
fn moved_on(plan: &[f32], shift: usize, width: usize) -> Vec<f32> {
    let rows = plan.len() / width;
    (0..rows).flat_map(|row| plan[(row + shift).min(rows - 1) * width..][..width].iter().copied()).collect()
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
        self.see(&states);
        self.replan(random);
        let vectors = self.vectors();
        Ok(match &self.space {
            ActionSpace::Discrete { count } => {
                let best = |row: &[f32]| {
                    (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]).then(b.cmp(a))).unwrap_or(0)
                };
                Actions::Discrete(vectors.chunks_exact(*count).map(|row| best(row) as u32).collect())
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
