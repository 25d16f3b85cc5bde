//! Decisions that still run, one per row.

use worlds::{ActionSpace, Actions, Array, Observations, Outcome, Spec};

use crate::rows;

/// What is known so far of the decision of every row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Open {
    /// What was seen when it was made, the kept fields, `[rows, ...]` each.
    pub seen: Vec<Array>,
    /// The skill chosen, `[rows]` or `[rows, dimensions]`.
    pub skills: Actions,
    /// Discounted rewards so far, `[rows, channels]`.
    pub reward: Vec<f32>,
    /// gamma^steps, `[rows]`.
    pub factor: Vec<f32>,
    /// Steps so far, `[rows]`; 0 where no decision runs.
    pub steps: Vec<u32>,
    /// Numbers of a skill.
    width: usize,
}

impl Open {
    /// None in any of `rows` rows of decisions of this spec.
    pub fn new(spec: &Spec, rows: usize) -> Self {
        Self {
            seen: spec.fields.iter().map(|field| field.layout.zeros(rows)).collect(),
            skills: Actions::zeros(&spec.action, rows),
            reward: vec![0.0; rows * spec.rewards.len()],
            factor: vec![1.0; rows],
            steps: vec![0; rows],
            width: match &spec.action {
                ActionSpace::Discrete { .. } => 1,
                ActionSpace::Box { low, .. } => low.len(),
            },
        }
    }

    /// Whether a decision of the row has begun and is not over.
    pub fn is_running(&self, row: usize) -> bool {
        self.steps[row] > 0
    }

    /// Steps of the row's decision so far.
    pub fn steps(&self, row: usize) -> u32 {
        self.steps[row]
    }

    /// A decision is made in the row, where `fields` of the observations are kept.
    pub fn begin(&mut self, row: usize, fields: &[usize], observations: &Observations, skills: &Actions) {
        let count = self.steps.len();
        for (kept, &field) in self.seen.iter_mut().zip(fields) {
            let width = rows::width(kept, count);
            rows::copy(kept, row, &observations.fields[field], row, width);
        }
        rows::copy_action(&mut self.skills, row, skills, row, self.width);
        let channels = self.reward.len() / count.max(1);
        self.reward[row * channels..][..channels].fill(0.0);
        self.factor[row] = 1.0;
    }

    /// One step of the row's decision.
    pub fn add(&mut self, row: usize, outcome: &Outcome, gamma: f32) {
        let channels = self.reward.len() / self.steps.len().max(1);
        let all = row * channels..(row + 1) * channels;
        for (sum, reward) in self.reward[all.clone()].iter_mut().zip(&outcome.reward[all]) {
            *sum += self.factor[row] * reward;
        }
        self.factor[row] *= gamma;
        self.steps[row] = self.steps[row].saturating_add(1);
    }

    /// The row's decision is over: where it was made, its skill and its rewards, each for one row.
    pub fn end(&mut self, row: usize, seen: &mut Observations, skill: &mut Actions, reward: &mut [f32]) {
        let count = self.steps.len();
        for (kept, shown) in self.seen.iter().zip(&mut seen.fields) {
            rows::copy(shown, 0, kept, row, rows::width(kept, count));
        }
        rows::copy_action(skill, 0, &self.skills, row, self.width);
        reward.copy_from_slice(&self.reward[row * reward.len()..][..reward.len()]);
        self.steps[row] = 0;
    }
}

/// Shows one row of the kept fields.
pub(super) fn show(fields: &[usize], from: &Observations, row: usize, to: &mut Observations) {
    for (shown, &field) in to.fields.iter_mut().zip(fields) {
        let width = shown.len();
        rows::copy(shown, 0, &from.fields[field], row, width);
    }
}
