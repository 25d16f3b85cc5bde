//! One rollout, two memories: of steps, and of decisions that last several steps.
//!
//! A policy of two levels chooses a skill z and acts by it for a while. Every step goes to a replay of
//! steps, with z and the number of the step within its decision beside it. A decision that is over goes
//! to a replay of decisions as (s_t, z, sum_{i<m} gamma^i r_{t+i}, s_{t+m}, ends) with its m steps (a
//! semi-Markov transition; Sutton, Precup and Singh, 1999, "Between MDPs and semi-MDPs"). An episode that
//! ends inside a decision leaves the partial sum, really ended or cut as the episode was.

mod open;
mod saved;

use settings::Config;
use worlds::{ActionSpace, Actions, Field, Layout, Observations, Outcome, Spec};

use self::open::Open;
use crate::replay::record::Meta;
use crate::{Column, MemoryError, Position, Replay, ReplayConfig, TransitionBatch};

/// How much is kept of steps and decisions.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct TwoLevelConfig {
    /// Steps that are kept.
    #[setting(100_000, paper = 500_000, min = 2)]
    pub steps: usize,
    /// Decisions that are kept.
    #[setting(20_000, paper = 100_000, min = 1)]
    pub decisions: usize,
    /// Discount per step of the rewards within a decision; 1 sums them.
    #[setting(1.0, min = 0.0, max = 1.0)]
    pub inner_gamma: f64,
}

/// How the value of what follows a decision is discounted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DecisionDiscount {
    /// By gamma^m after m steps.
    PerStep(f64),
    /// By gamma, whatever its length.
    PerDecision(f64),
}

/// What the upper level says of one push.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The skill that every row acts by, `[rows]` indices or `[rows, dimensions]`.
    pub skills: &'a Actions,
    /// Whether it was chosen at this step, `[rows]`; not asked where the world ignored the action to begin
    /// an episode.
    pub chosen: &'a [bool],
}

/// Replay of steps and of decisions, filled by the same pushes.
#[derive(Clone, Debug)]
pub struct TwoLevel {
    steps: Replay,
    /// Every decision is an episode of one step: an entry, and a boundary with what was seen after it.
    decisions: Replay,
    skill: ActionSpace,
    open: Open,
    gamma: f32,
    /// Extra columns of a push of steps: the skills, and their ages.
    skills: Vec<f32>,
    ages: Vec<f32>,
    /// A push of one decision.
    seen: Observations,
    action: Actions,
    outcome: Outcome,
}

impl TwoLevel {
    /// Number of the extra column of the steps that holds the skill, an index or a vector.
    pub const SKILL: usize = 0;
    /// Number of the extra column of the steps that holds how many steps of their decision came before;
    /// 0 at a final observation, where the decision is over.
    pub const AGE: usize = 1;
    /// Number of the extra column of the decisions that holds how many steps they took.
    pub const STEPS: usize = 0;

    /// Empty memories for `rows` copies of a world and skills of this space, keeping these fields of the
    /// observation, the policy's input (0) first.
    ///
    /// # Errors
    /// A setting is out of range, or the memory cannot be had.
    pub fn new(
        spec: &Spec,
        rows: usize,
        fields: &[usize],
        skill: &ActionSpace,
        config: &TwoLevelConfig,
    ) -> Result<Self, MemoryError> {
        config
            .check()
            .map_err(|refusal| MemoryError::setting("two-level", refusal.complete().to_string()))?;
        let steps = Replay::new(Self::step_config(spec, rows, fields, skill, config))?;
        let decisions = Replay::new(Self::decision_config(spec, fields, skill, config))?;
        Ok(Self::around(steps, decisions, config))
    }

    /// The configuration of the replay of steps.
    pub fn step_config(
        spec: &Spec,
        rows: usize,
        fields: &[usize],
        skill: &ActionSpace,
        config: &TwoLevelConfig,
    ) -> ReplayConfig {
        let column = |name: &str, width| Column { name: name.to_owned(), width };
        let extra = vec![column("skill", width(skill)), column("age", 1)];
        ReplayConfig { fields: fields.to_vec(), extra, ..ReplayConfig::new(spec, rows, config.steps) }
    }

    /// The configuration of the replay of decisions: the kept fields, skills as actions, one row.
    pub fn decision_config(
        spec: &Spec,
        fields: &[usize],
        skill: &ActionSpace,
        config: &TwoLevelConfig,
    ) -> ReplayConfig {
        let kept = fields.iter().filter_map(|&field| spec.fields.get(field)).map(whole).collect();
        let spec = Spec { fields: kept, action: skill.clone(), ..spec.clone() };
        let extra = vec![Column { name: "steps".to_owned(), width: 1 }];
        let fields = (0..fields.len()).collect();
        ReplayConfig { fields, extra, ..ReplayConfig::new(&spec, 1, config.decisions.saturating_mul(2)) }
    }

    fn around(steps: Replay, decisions: Replay, config: &TwoLevelConfig) -> Self {
        let rows = steps.config().rows;
        let spec = decisions.config().spec.clone();
        let width = width(&spec.action);
        Self {
            open: Open::new(&spec, rows),
            gamma: config.inner_gamma as f32,
            skills: vec![0.0; rows * width],
            ages: vec![0.0; rows],
            seen: Observations::zeros(&spec, 1),
            action: Actions::zeros(&spec.action, 1),
            outcome: Outcome::new(&spec, 1),
            skill: spec.action,
            steps,
            decisions,
        }
    }

    /// The steps, with the columns [`Self::SKILL`] and [`Self::AGE`]; of the next step a batch has them
    /// too.
    pub fn steps(&self) -> &Replay {
        &self.steps
    }

    /// The decisions that are over. Draw their positions with
    /// [`Span::transition`](crate::Span::transition)`(1)`.
    pub fn decisions(&self) -> &Replay {
        &self.decisions
    }

    /// Appends one step per row, as [`Replay::push`] does, and the decisions that it ends: where another
    /// skill is chosen, what the row sees is where the last one led; where the episode ends, its final
    /// observation is.
    ///
    /// # Errors
    /// Those of [`Replay::push`]; an episode begins without a decision. Nothing is stored then.
    pub fn push(
        &mut self,
        observations: &Observations,
        actions: &Actions,
        outcome: &Outcome,
        decision: &Decision<'_>,
    ) -> Result<(), MemoryError> {
        self.check(outcome, decision)?;
        self.fill_columns(decision);
        self.steps.push(observations, actions, outcome, &[&self.skills, &self.ages])?;
        for row in 0..self.ages.len() {
            if outcome.reset[row] {
                // An episode that was broken off from outside shows its final observation here.
                self.close(row, observations, false)?;
                continue;
            }
            if decision.chosen[row] {
                self.close(row, observations, false)?;
                self.open.begin(row, &self.steps.config().fields, observations, decision.skills);
            }
            self.open.add(row, outcome, self.gamma);
            if outcome.ended(row) {
                self.close(row, &outcome.observations, outcome.terminated[row])?;
            }
        }
        Ok(())
    }

    /// Fills a batch with decisions: actions are skills, rewards their sums, `steps` how many steps they
    /// took. Positions are those of [`Self::decisions`].
    ///
    /// # Errors
    /// A position was overwritten or is none of a decision.
    pub fn decided(
        &self,
        positions: &[Position],
        discount: DecisionDiscount,
        out: &mut TransitionBatch,
    ) -> Result<(), MemoryError> {
        self.decisions.transitions(positions, 1, 1.0, out)?;
        for (row, &steps) in out.extra[Self::STEPS].iter().enumerate() {
            out.steps[row] = steps as u32;
            out.discount[row] *= match discount {
                DecisionDiscount::PerStep(gamma) => gamma.powi(steps as i32) as f32,
                DecisionDiscount::PerDecision(gamma) => gamma as f32,
            };
        }
        Ok(())
    }

    /// Refuses what the replay of steps does not look at.
    fn check(&self, outcome: &Outcome, decision: &Decision<'_>) -> Result<(), MemoryError> {
        let rows = self.ages.len();
        let (found, kind) = match (decision.skills, &self.skill) {
            (Actions::Discrete(indices), ActionSpace::Discrete { .. }) => (indices.len(), true),
            (Actions::Continuous(values), ActionSpace::Box { .. }) => (values.len(), true),
            _ => (0, false),
        };
        if !kind || found != self.skills.len() {
            return Err(MemoryError::length("the skills", self.skills.len(), found));
        }
        if decision.chosen.len() != rows {
            return Err(MemoryError::length("`chosen`", rows, decision.chosen.len()));
        }
        self.steps.record.check_fields(rows, &outcome.observations)?;
        let undecided = |&row: &usize| {
            let reset = outcome.reset.get(row).copied().unwrap_or(false);
            // A row that ended and is not reset is out of order, which the replay says.
            let ended = self.steps.newest(row).is_some_and(Meta::ended);
            !reset && !ended && !decision.chosen[row] && !self.open.is_running(row)
        };
        match (0..rows).find(undecided) {
            None => Ok(()),
            Some(row) => Err(MemoryError::Undecided { row }),
        }
    }

    /// What the steps are stored with.
    fn fill_columns(&mut self, decision: &Decision<'_>) {
        match decision.skills {
            Actions::Discrete(indices) => {
                let numbers = indices.iter().map(|&index| index as f32);
                self.skills.iter_mut().zip(numbers).for_each(|(skill, number)| *skill = number);
            }
            Actions::Continuous(values) => self.skills.copy_from_slice(values),
        }
        for (row, age) in self.ages.iter_mut().enumerate() {
            *age = if decision.chosen[row] { 0.0 } else { self.open.steps(row) as f32 };
        }
    }

    /// Stores the decision of a row, if one runs, with what was seen after it in `next`.
    fn close(&mut self, row: usize, next: &Observations, terminated: bool) -> Result<(), MemoryError> {
        if !self.open.is_running(row) {
            return Ok(());
        }
        let Self { decisions, open, seen, action, outcome, steps, .. } = self;
        let took = [open.steps(row) as f32];
        open.end(row, seen, action, &mut outcome.reward);
        (outcome.terminated[0], outcome.truncated[0], outcome.reset[0]) = (terminated, !terminated, false);
        decisions.push(seen, action, outcome, &[&took])?;
        open::show(&steps.config().fields, next, row, seen);
        (outcome.terminated[0], outcome.truncated[0], outcome.reset[0]) = (false, false, true);
        outcome.reward.fill(0.0);
        decisions.push(seen, action, outcome, &[&took])
    }
}

/// Numbers of a skill.
fn width(skill: &ActionSpace) -> usize {
    match skill {
        ActionSpace::Discrete { .. } => 1,
        ActionSpace::Box { low, .. } => low.len(),
    }
}

/// The field with stacked frames as one image: the entries of decisions do not follow each other frame
/// by frame, so that each keeps its whole stack.
fn whole(field: &Field) -> Field {
    let layout = match field.layout {
        Layout::Image { height, width, channels, scale, .. } => {
            Layout::Image { height, width, channels, frames: 1, scale }
        }
        Layout::Vector { size } => Layout::Vector { size },
    };
    Field { layout, ..field.clone() }
}
