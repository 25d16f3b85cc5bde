//! Recording episodes step by step.

use worlds::{ActionSpace, Actions, Array, Layout, Observations};

use super::{ActionColumn, Columns, DataSpec, Dataset, Episode, FieldColumn};
use crate::MemoryError;

/// Takes down episodes one after the other.
#[derive(Clone, Debug)]
pub struct Builder {
    spec: DataSpec,
    episodes: Vec<Episode>,
    open: Option<Episode>,
    fields: Vec<Array>,
    actions: Actions,
    reward: Vec<f32>,
    extra: Vec<Vec<f32>>,
}

impl Builder {
    /// Nothing recorded yet. The spec has actions; rewards and extra columns as it says.
    ///
    /// # Errors
    /// The spec has no observation field or no actions.
    pub fn new(spec: DataSpec) -> Result<Self, MemoryError> {
        let Some(action) = &spec.action else {
            return Err(MemoryError::setting("action", "what is recorded step by step has actions"));
        };
        if spec.fields.is_empty() {
            return Err(MemoryError::setting("fields", "there is nothing to observe"));
        }
        let actions = match action {
            ActionSpace::Discrete { .. } => Actions::Discrete(Vec::new()),
            ActionSpace::Box { .. } => Actions::Continuous(Vec::new()),
        };
        let empty = |layout: &Layout| layout.zeros(0);
        let fields = spec.fields.iter().map(|field| empty(&field.layout)).collect();
        let extra = vec![Vec::new(); spec.extra.len()];
        Ok(Self { spec, episodes: Vec::new(), open: None, fields, actions, reward: Vec::new(), extra })
    }

    /// Number of complete episodes.
    pub fn episodes(&self) -> usize {
        self.episodes.len()
    }

    /// Steps recorded, those of a running episode included.
    pub fn steps(&self) -> usize {
        self.last().map_or(0, |episode| episode.step + episode.length)
    }

    /// Begins an episode at row `row` of the observations.
    pub fn begin(&mut self, observations: &Observations, row: usize) {
        let (step, observation) = self.last().map_or((0, 0), |episode| {
            (episode.step + episode.length, episode.observation + episode.length + 1)
        });
        self.open = Some(Episode { observation, step, length: 0, terminated: false });
        self.see(observations, row);
    }

    /// One step of row `row`: the action taken, in the world's units, its rewards, the extra columns
    /// one after the other, and what was seen after it.
    ///
    /// # Errors
    /// A number is not finite, or sizes are not as declared; the episode and the step are named.
    pub fn step(
        &mut self,
        actions: &Actions,
        reward: &[f32],
        extra: &[f32],
        observations: &Observations,
        row: usize,
    ) -> Result<(), MemoryError> {
        let width = self.spec.action_width();
        let Some(open) = &mut self.open else {
            return Err(MemoryError::setting("step", "no episode has begun"));
        };
        open.length += 1;
        match (&mut self.actions, actions) {
            (Actions::Discrete(all), Actions::Discrete(indices)) => all.push(indices[row]),
            (Actions::Continuous(all), Actions::Continuous(values)) => {
                all.extend_from_slice(&values[row * width..][..width]);
            }
            _ => return Err(MemoryError::setting("actions", "they are not of the declared kind")),
        }
        self.reward.extend_from_slice(reward);
        let mut rest = extra;
        for (column, values) in self.spec.extra.iter().zip(&mut self.extra) {
            let (part, behind) = rest.split_at(column.width.min(rest.len()));
            values.extend_from_slice(part);
            rest = behind;
        }
        self.see(observations, row);
        self.check_finite(extra)
    }

    /// The running episode is over. An episode without steps is forgotten.
    pub fn end(&mut self, terminated: bool) {
        match self.open.take() {
            Some(episode) if episode.length > 0 => self.episodes.push(Episode { terminated, ..episode }),
            Some(episode) => self.forget(episode.observation),
            None => {}
        }
    }

    /// The data set; a running episode is cut where it stands.
    ///
    /// # Errors
    /// Nothing was recorded, or a row had another size than declared.
    pub fn finish(mut self) -> Result<Dataset, MemoryError> {
        self.end(false);
        let columns = Columns {
            fields: self.fields.into_iter().map(FieldColumn::from).collect(),
            actions: Some(match self.actions {
                Actions::Discrete(indices) => ActionColumn::Discrete(indices.into()),
                Actions::Continuous(values) => ActionColumn::Continuous(values.into()),
            }),
            reward: self.reward.into(),
            extra: self.extra.into_iter().map(Into::into).collect(),
        };
        Dataset::new(self.spec, self.episodes, columns)
    }

    fn last(&self) -> Option<&Episode> {
        self.open.as_ref().or(self.episodes.last())
    }

    fn see(&mut self, observations: &Observations, row: usize) {
        for ((field, all), array) in self.spec.fields.iter().zip(&mut self.fields).zip(&observations.fields) {
            let size = field.layout.size();
            let rows = row * size..(row + 1) * size;
            match (all, array) {
                (Array::Float(all), Array::Float(values)) => all.extend_from_slice(&values[rows]),
                (Array::Byte(all), Array::Byte(values)) => all.extend_from_slice(&values[rows]),
                _ => {}
            }
        }
    }

    fn forget(&mut self, observation: usize) {
        for (field, all) in self.spec.fields.iter().zip(&mut self.fields) {
            let length = observation * field.layout.size();
            match all {
                Array::Float(values) => values.truncate(length),
                Array::Byte(values) => values.truncate(length),
            }
        }
    }

    /// Refuses the step just recorded if one of its numbers is not finite.
    fn check_finite(&self, extra: &[f32]) -> Result<(), MemoryError> {
        let tail = |values: &[f32], count: usize| {
            values[values.len().saturating_sub(count)..].iter().all(|value| value.is_finite())
        };
        let actions = match &self.actions {
            Actions::Discrete(_) => true,
            Actions::Continuous(values) => tail(values, self.spec.action_width()),
        };
        let seen = self.spec.fields.iter().zip(&self.fields).all(|(field, all)| match all {
            Array::Float(values) => tail(values, field.layout.size()),
            Array::Byte(_) => true,
        });
        let named = [
            ("action", actions),
            ("reward", tail(&self.reward, self.spec.rewards.len())),
            ("observation", seen),
            ("extra column", extra.iter().all(|value| value.is_finite())),
        ];
        match named.iter().find(|(_, finite)| !finite) {
            None => Ok(()),
            Some((name, _)) => {
                let step = self.open.as_ref().map_or(0, |episode| episode.length);
                let reason =
                    format!("the {name} at step {step} of episode {} is not finite", self.episodes.len());
                Err(MemoryError::setting("step", reason))
            }
        }
    }
}

impl From<Array> for FieldColumn {
    fn from(array: Array) -> Self {
        match array {
            Array::Float(values) => Self::Floats(values.into()),
            Array::Byte(values) => Self::Bytes(values.into()),
        }
    }
}
