//! Saving what the replays do not hold: the decisions that still run.

use worlds::{ActionSpace, Actions, Array, Spec};

use super::{TwoLevel, TwoLevelConfig};
use crate::saved::{Reader, begin, finish};
use crate::{MemoryError, Replay};

const OPEN: &[u8; 8] = b"decision";

impl TwoLevel {
    /// The decisions that still run; steps and decisions are saved as replays are.
    pub fn save_open(&self) -> Vec<u8> {
        let open = &self.open;
        let mut out = Vec::new();
        begin(&mut out, OPEN, self.steps.record.hash);
        out.extend_from_slice(&self.steps.total_pushed().to_le_bytes());
        open.steps.iter().for_each(|steps| out.extend_from_slice(&steps.to_le_bytes()));
        let mut numbers = |values: &[f32]| {
            values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        };
        numbers(&open.factor);
        numbers(&open.reward);
        match &open.skills {
            Actions::Continuous(values) => numbers(values),
            Actions::Discrete(indices) => {
                indices.iter().for_each(|index| out.extend_from_slice(&index.to_le_bytes()));
            }
        }
        for array in &open.seen {
            match array {
                Array::Float(values) => {
                    values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
                }
                Array::Byte(bytes) => out.extend_from_slice(bytes),
            }
        }
        finish(&mut out);
        out
    }

    /// Both levels as they were saved: restored replays of [`TwoLevel::step_config`] and
    /// [`TwoLevel::decision_config`], and the decisions that ran. Whatever is pushed and drawn is the same.
    ///
    /// # Errors
    /// The replays are not of this world, these fields and skills; the bytes are damaged or not of these
    /// replays at this time.
    pub fn restore(
        spec: &Spec,
        fields: &[usize],
        skill: &ActionSpace,
        config: &TwoLevelConfig,
        [steps, decisions]: [Replay; 2],
        open: &[u8],
    ) -> Result<Self, MemoryError> {
        let rows = steps.config().rows;
        let expected = [
            Self::step_config(spec, rows, fields, skill, config),
            Self::decision_config(spec, fields, skill, config),
        ];
        if expected.iter().zip([&steps, &decisions]).any(|(expected, replay)| expected != replay.config()) {
            let reason = "a replay is of another world, of other fields, skills or capacities";
            return Err(MemoryError::saved("two-level memory", reason));
        }
        let mut restored = Self::around(steps, decisions, config);
        let mut reader = Reader::open("running decisions", open, OPEN)?;
        if reader.number()? != restored.steps.record.hash {
            return Err(reader.error("they belong to another replay"));
        }
        let (pushed, known) = (reader.long()?, restored.steps.total_pushed());
        if pushed != known {
            let reason = format!("they were saved at step {pushed}, the replay at {known}");
            return Err(reader.error(reason));
        }
        restored.read(&mut reader)?;
        match reader.rest.is_empty() {
            true => Ok(restored),
            false => Err(reader.error("their length does not match the replay")),
        }
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), MemoryError> {
        let open = &mut self.open;
        for steps in &mut open.steps {
            *steps = reader.number()?;
        }
        for value in open.factor.iter_mut().chain(&mut open.reward) {
            *value = f32::from_bits(reader.number()?);
        }
        match &mut open.skills {
            Actions::Discrete(indices) => {
                for index in indices {
                    *index = reader.number()?;
                }
            }
            Actions::Continuous(values) => {
                for value in values {
                    *value = f32::from_bits(reader.number()?);
                }
            }
        }
        for array in &mut open.seen {
            match array {
                Array::Float(values) => {
                    for value in values {
                        *value = f32::from_bits(reader.number()?);
                    }
                }
                Array::Byte(bytes) => {
                    let count = bytes.len();
                    bytes.copy_from_slice(reader.take(count)?);
                }
            }
        }
        Ok(())
    }
}
