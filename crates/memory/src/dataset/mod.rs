//! Recorded experience: complete episodes that never change.
//!
//! A [`Dataset`] holds flat columns: `length + 1` observations for every episode of `length` steps,
//! so that the final observation is there, and one action, reward and row of extra columns for every
//! step. Batches are those of [`crate::Replay`]; a [`Position`] is an episode (its row) and a step
//! within it. Actions are in the world's own units.

mod builder;
mod columns;
pub mod error;
pub mod formats;
mod gather;
pub mod inspect;
mod recall;
mod sample;
mod subset;
mod videos;

use serde::{Deserialize, Serialize};
use worlds::{ActionSpace, Field, Layout};

pub use builder::Builder;
pub use columns::{ActionColumn, Buffer, Columns, FieldColumn};
pub use error::DataError;
pub use formats::{Format, Outline, Surveyed, open, open_validation, outline, survey};
pub use sample::Starts;
pub use videos::{FrameBatch, Videos};

use crate::{Column, MemoryError, Normaliser};

/// What a data set holds of every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataSpec {
    /// Name of the world it came from, where known.
    pub world: Option<String>,
    /// Observation fields, the policy's input first.
    pub fields: Vec<Field>,
    /// The action space; none where actions are missing.
    pub action: Option<ActionSpace>,
    /// Names of the reward channels; empty where rewards are missing.
    pub rewards: Vec<String>,
    /// Further columns per step, such as a label.
    pub extra: Vec<Column>,
    /// Steps after which an episode was cut, where there is a limit.
    pub horizon: Option<usize>,
    /// What acted.
    pub policy: String,
    /// Seed under which it was recorded, where known.
    pub seed: Option<u64>,
}

impl DataSpec {
    /// Layout of the policy's input.
    pub fn input(&self) -> &Layout {
        &self.fields[0].layout
    }

    /// Numbers per action: 1 for an index, 0 where actions are missing.
    pub fn action_width(&self) -> usize {
        match &self.action {
            None => 0,
            Some(ActionSpace::Discrete { .. }) => 1,
            Some(ActionSpace::Box { low, .. }) => low.len(),
        }
    }
}

/// Where an episode lies in the columns, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// Row of its first observation.
    pub observation: usize,
    /// Row of its first step.
    pub step: usize,
    /// Number of steps; it has one observation more.
    pub length: usize,
    /// A real end; otherwise it was cut, and the value of its final observation still counts.
    pub terminated: bool,
}

/// Complete episodes in flat columns, owned or mapped from a file.
#[derive(Clone, Debug)]
pub struct Dataset {
    spec: DataSpec,
    episodes: Vec<Episode>,
    columns: Columns,
    steps: usize,
}

impl Dataset {
    /// A data set of these columns, whose episodes follow each other without gaps.
    ///
    /// # Errors
    /// There is no step, or a column's length or kind is not what spec and episodes say.
    pub fn new(spec: DataSpec, episodes: Vec<Episode>, columns: Columns) -> Result<Self, MemoryError> {
        let (mut steps, mut observations) = (0, 0);
        for (index, episode) in episodes.iter().enumerate() {
            if episode.step != steps || episode.observation != observations || episode.length == 0 {
                let reason = format!("episode {index} is empty or does not follow the one before it");
                return Err(MemoryError::setting("episodes", reason));
            }
            steps += episode.length;
            observations += episode.length + 1;
        }
        if steps == 0 {
            return Err(MemoryError::setting("episodes", "the data set is empty: record at least one step"));
        }
        if u32::try_from(observations).is_err() {
            let most = u32::MAX;
            return Err(MemoryError::setting("episodes", format!("at most {most} observations")));
        }
        columns.check(&spec, steps, observations)?;
        Ok(Self { spec, episodes, columns, steps })
    }

    /// What it holds of every step.
    pub fn spec(&self) -> &DataSpec {
        &self.spec
    }

    /// Its episodes in order.
    pub fn episodes(&self) -> &[Episode] {
        &self.episodes
    }

    /// Number of steps of all episodes.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Number of steps of the longest episode.
    pub fn longest(&self) -> usize {
        self.episodes.iter().map(|episode| episode.length).max().unwrap_or(0)
    }

    /// Everything it holds, column by column.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// An observation field, `[steps + episodes, ...]`.
    pub fn field(&self, field: usize) -> &FieldColumn {
        &self.columns.fields[field]
    }

    /// The actions, `[steps, ...]`, where they are known.
    pub fn actions(&self) -> Option<&ActionColumn> {
        self.columns.actions.as_ref()
    }

    /// The rewards, `[steps, channels]`; empty where they are missing.
    pub fn reward(&self) -> &[f32] {
        &self.columns.reward
    }

    /// An extra column, `[steps, width]`.
    pub fn extra(&self, column: usize) -> &[f32] {
        &self.columns.extra[column]
    }

    /// Number of the extra column of this name.
    pub fn extra_named(&self, name: &str) -> Option<usize> {
        self.spec.extra.iter().position(|column| column.name == name)
    }

    /// Sum of the first reward channel over every episode; empty where rewards are missing.
    pub fn returns(&self) -> Vec<f64> {
        let channels = self.spec.rewards.len();
        if channels == 0 {
            return Vec::new();
        }
        let of = |episode: &Episode| {
            let rows = &self.reward()[episode.step * channels..(episode.step + episode.length) * channels];
            rows.iter().step_by(channels).map(|&reward| f64::from(reward)).sum()
        };
        self.episodes.iter().map(of).collect()
    }

    /// The statistics of a vector field, frozen; `offset` is added to every standard deviation, so
    /// that constant elements are divided by it.
    ///
    /// # Errors
    /// The field is an image, or `offset` is not above 0.
    pub fn normaliser(&self, field: usize, offset: f64) -> Result<Normaliser, MemoryError> {
        let FieldColumn::Floats(values) = self.field(field) else {
            let reason =
                format!("`{}` is an image: only vectors are normalised", self.spec.fields[field].name);
            return Err(MemoryError::setting("normalise", reason));
        };
        let size = self.spec.fields[field].layout.size();
        let mut normaliser = Normaliser::with_offset(size, offset)?;
        values.chunks(4_096 * size).try_for_each(|part| normaliser.update(part))?;
        normaliser.freeze(true);
        Ok(normaliser)
    }
}
