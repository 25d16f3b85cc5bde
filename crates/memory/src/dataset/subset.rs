//! Some of the episodes, or some of the columns, as a data set of their own.

use super::{ActionColumn, Buffer, Columns, Dataset, Episode, FieldColumn};
use crate::MemoryError;

impl Dataset {
    /// The episodes that `kept`, one flag per episode, says, in their order; their rows are copied.
    ///
    /// # Errors
    /// No episode is kept.
    pub fn subset(&self, kept: &[bool]) -> Result<Self, MemoryError> {
        let chosen: Vec<Episode> =
            self.episodes.iter().zip(kept).filter(|(_, kept)| **kept).map(|(episode, _)| *episode).collect();
        let (mut step, mut observation) = (0, 0);
        let moved = chosen.iter().map(|episode| {
            let here = Episode { step, observation, ..*episode };
            (step, observation) = (step + episode.length, observation + episode.length + 1);
            here
        });
        let episodes = moved.collect();
        let seen = |episode: &Episode| (episode.observation, episode.length + 1);
        let done = |episode: &Episode| (episode.step, episode.length);
        let field = |(column, field): (&FieldColumn, &worlds::Field)| {
            let size = field.layout.size();
            match column {
                FieldColumn::Floats(values) => FieldColumn::Floats(copied(values, size, &chosen, seen)),
                FieldColumn::Bytes(values) => FieldColumn::Bytes(copied(values, size, &chosen, seen)),
            }
        };
        let actions = |column: &ActionColumn| match column {
            ActionColumn::Discrete(values) => ActionColumn::Discrete(copied(values, 1, &chosen, done)),
            ActionColumn::Continuous(values) => {
                ActionColumn::Continuous(copied(values, self.spec.action_width(), &chosen, done))
            }
        };
        let extra = self.columns.extra.iter().zip(&self.spec.extra);
        let columns = Columns {
            fields: self.columns.fields.iter().zip(&self.spec.fields).map(field).collect(),
            actions: self.columns.actions.as_ref().map(actions),
            reward: copied(&self.columns.reward, self.spec.rewards.len(), &chosen, done),
            extra: extra.map(|(values, column)| copied(values, column.width, &chosen, done)).collect(),
        };
        Self::new(self.spec.clone(), episodes, columns)
    }

    /// The same episodes with these observation fields and extra columns only, by number; nothing is
    /// copied. So data become alike to what a replay keeps.
    ///
    /// # Errors
    /// There is no such field or column, or not the policy's input, field 0, at first.
    pub fn with_columns(&self, fields: &[usize], extra: &[usize]) -> Result<Self, MemoryError> {
        if fields.first() != Some(&0) {
            let reason = "field 0, the policy's input, must be kept and come first";
            return Err(MemoryError::setting("fields", reason));
        }
        let (spec, all) = (&self.spec, &self.columns);
        let spec = super::DataSpec {
            fields: chosen("fields", &spec.fields, fields)?,
            extra: chosen("extra", &spec.extra, extra)?,
            ..spec.clone()
        };
        let columns = Columns {
            fields: chosen("fields", &all.fields, fields)?,
            extra: chosen("extra", &all.extra, extra)?,
            ..all.clone()
        };
        Self::new(spec, self.episodes.clone(), columns)
    }
}

/// The elements of these numbers.
fn chosen<T: Clone>(what: &'static str, all: &[T], numbers: &[usize]) -> Result<Vec<T>, MemoryError> {
    let one = |&number: &usize| {
        let missing = || format!("there is no number {number}, the data set has {}", all.len());
        all.get(number).cloned().ok_or_else(|| MemoryError::setting(what, missing()))
    };
    numbers.iter().map(one).collect()
}

/// The rows of the chosen episodes, of which `rows` says the first and the number.
fn copied<T: Copy + Send + Sync + 'static>(
    values: &[T],
    width: usize,
    chosen: &[Episode],
    rows: impl Fn(&Episode) -> (usize, usize),
) -> Buffer<T> {
    let part = |episode: &Episode| {
        let (first, count) = rows(episode);
        &values[first * width..(first + count) * width]
    };
    chosen.iter().flat_map(part).copied().collect::<Vec<T>>().into()
}

#[cfg(test)]
mod tests {
    use worlds::{ActionSpace, Actions, Array, Field, Layout, Observations, Role};

    use super::super::{Builder, DataSpec};
    use super::*;

    #[test]
    fn chosen_episodes_keep_their_rows() {
        let spec = DataSpec {
            world: None,
            fields: vec![Field { name: "x".into(), role: Role::Input, layout: Layout::Vector { size: 1 } }],
            action: Some(ActionSpace::Discrete { count: 9 }),
            rewards: vec!["reward".into()],
            extra: Vec::new(),
            horizon: None,
            policy: "test".into(),
            seed: None,
        };
        let see = |value: f32| Observations { rows: 1, fields: vec![Array::Float(vec![value])] };
        let mut builder = Builder::new(spec).expect("a spec");
        for (episode, length) in [2_u32, 1, 3].into_iter().enumerate() {
            let first = 10.0 * episode as f32;
            builder.begin(&see(first), 0);
            for step in 0..length {
                let action = Actions::Discrete(vec![step]);
                builder.step(&action, &[first], &[], &see(first + step as f32 + 1.0), 0).expect("a step");
            }
            builder.end(episode == 2);
        }
        let all = builder.finish().expect("a data set");
        let some = all.subset(&[true, false, true]).expect("two episodes");
        assert_eq!((some.steps(), some.returns()), (5, vec![0.0, 60.0]));
        assert_eq!((some.episodes()[1].observation, some.episodes()[1].terminated), (3, true));
        let FieldColumn::Floats(values) = some.field(0) else { panic!("numbers") };
        assert_eq!(&values[..], [0.0, 1.0, 2.0, 20.0, 21.0, 22.0, 23.0]);
        assert!(all.subset(&[false; 3]).is_err());
    }
}
