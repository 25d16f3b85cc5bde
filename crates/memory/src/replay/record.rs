//! How one entry lies in memory.
//!
//! All numbers of an entry are one run of 32-bit words (age, flags, action, rewards, float fields,
//! extra columns) and consecutive entries of a stream are neighbours, so that drawing a transition
//! of a small world touches one or two cache lines. Frames are bytes in a second array.

use worlds::{ActionSpace, Actions, Array, Layout, Observations, Outcome};

use super::config::ReplayConfig;
use crate::MemoryError;

/// Word that holds how many entries of its episode came before an entry.
const AGE: usize = 0;
/// Word that holds the flags.
const FLAGS: usize = 1;

const TERMINATED: u32 = 1;
const TRUNCATED: u32 = 2;
const BOUNDARY: u32 = 4;

/// Age and flags of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meta {
    /// Entries of the same episode before this one.
    pub age: u32,
    flags: u32,
}

impl Meta {
    pub fn terminated(self) -> bool {
        self.flags & TERMINATED != 0
    }

    pub fn ended(self) -> bool {
        self.flags & (TERMINATED | TRUNCATED) != 0
    }

    /// The final observation of an episode; its action was ignored.
    pub fn boundary(self) -> bool {
        self.flags & BOUNDARY != 0
    }
}

/// Where a kept field lies inside an entry.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// `size` words from word `at` on.
    Words { at: usize, size: usize },
    /// One frame of `pixels` times `channels` bytes from byte `at` on; observations hold `frames`.
    Frame { at: usize, pixels: usize, channels: usize, frames: usize },
}

/// The layout of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Index in the spec and place of each kept field.
    pub fields: Vec<(usize, Place)>,
    /// Words of the action; a discrete one has a single word.
    pub action: usize,
    /// Whether the action is an index.
    pub discrete: bool,
    /// First word and number of the reward channels.
    pub reward: (usize, usize),
    /// First word and width of each extra column.
    pub extra: Vec<(usize, usize)>,
    /// Words per entry.
    pub words: usize,
    /// Frame bytes per entry.
    pub bytes: usize,
    /// The most frames that any field stacks.
    pub depth: usize,
    /// Identifies this layout and the number of rows and entries per row.
    pub hash: u32,
}

impl Record {
    /// First word of the action.
    pub const ACTION: usize = 2;

    pub fn new(config: &ReplayConfig) -> Self {
        let (discrete, action) = match &config.spec.action {
            ActionSpace::Discrete { .. } => (true, 1),
            ActionSpace::Box { low, .. } => (false, low.len()),
        };
        let reward = (Self::ACTION + action, config.spec.rewards.len());
        let (mut words, mut bytes, mut depth) = (reward.0 + reward.1, 0, 1);
        let mut fields = Vec::with_capacity(config.fields.len());
        for &index in &config.fields {
            let place = match config.spec.fields[index].layout {
                Layout::Vector { size } => {
                    words += size;
                    Place::Words { at: words - size, size }
                }
                Layout::Image { height, width, channels, frames, .. } => {
                    let (pixels, channels) = (height * width, channels / frames);
                    depth = depth.max(frames);
                    bytes += pixels * channels;
                    Place::Frame { at: bytes - pixels * channels, pixels, channels, frames }
                }
            };
            fields.push((index, place));
        }
        let mut extra = Vec::with_capacity(config.extra.len());
        for column in &config.extra {
            extra.push((words, column.width));
            words += column.width;
        }
        let mut record = Self { fields, action, discrete, reward, extra, words, bytes, depth, hash: 0 };
        record.hash = record.fingerprint(config);
        record
    }

    fn fingerprint(&self, config: &ReplayConfig) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let mut number = |value: usize| hasher.update(&(value as u64).to_le_bytes());
        number(config.rows);
        number(config.length());
        number(usize::from(self.discrete));
        number(self.action);
        number(self.reward.1);
        for (index, place) in &self.fields {
            number(*index);
            match *place {
                Place::Words { size, .. } => number(size),
                Place::Frame { pixels, channels, frames, .. } => {
                    number(pixels);
                    number(channels);
                    number(frames);
                }
            }
        }
        for column in &config.extra {
            number(column.width);
            column.name.bytes().for_each(|byte| number(usize::from(byte)));
        }
        hasher.finalize()
    }

    pub fn meta(words: &[u32]) -> Meta {
        Meta { age: words[AGE], flags: words[FLAGS] }
    }

    pub fn action_words<'a>(&self, words: &'a [u32]) -> &'a [u32] {
        &words[Self::ACTION..Self::ACTION + self.action]
    }

    pub fn reward_words<'a>(&self, words: &'a [u32]) -> &'a [u32] {
        &words[self.reward.0..self.reward.0 + self.reward.1]
    }

    /// Writes the words of row `row`; frames are written by [`Record::write_frames`].
    pub fn write_words(&self, words: &mut [u32], row: usize, age: u32, input: &Input<'_>) {
        let outcome = input.outcome;
        words[AGE] = age;
        words[FLAGS] = u32::from(outcome.terminated[row]) * TERMINATED
            + u32::from(outcome.truncated[row]) * TRUNCATED
            + u32::from(outcome.reset[row]) * BOUNDARY;
        match input.actions {
            Actions::Discrete(actions) => words[Self::ACTION] = actions[row],
            Actions::Continuous(actions) => {
                write(&mut words[Self::ACTION..], &actions[row * self.action..][..self.action]);
            }
        }
        let (at, channels) = self.reward;
        write(&mut words[at..], &outcome.reward[row * channels..][..channels]);
        for (index, place) in &self.fields {
            if let (&Place::Words { at, size }, Array::Float(values)) =
                (place, &input.observations.fields[*index])
            {
                write(&mut words[at..], &values[row * size..][..size]);
            }
        }
        for (&(at, width), column) in self.extra.iter().zip(input.extra) {
            write(&mut words[at..], &column[row * width..][..width]);
        }
    }

    /// Writes the newest frame of every image field of row `row`.
    pub fn write_frames(&self, bytes: &mut [u8], row: usize, observations: &Observations) {
        for (index, place) in &self.fields {
            let (&Place::Frame { at, pixels, channels, frames }, Array::Byte(values)) =
                (place, &observations.fields[*index])
            else {
                continue;
            };
            let size = pixels * channels;
            let source = &values[row * size * frames..][..size * frames];
            let target = &mut bytes[at..at + size];
            if frames == 1 {
                target.copy_from_slice(source);
            } else {
                let stacked = source.chunks_exact(channels * frames);
                for (pixel, stack) in target.chunks_exact_mut(channels).zip(stacked) {
                    pixel.copy_from_slice(&stack[channels * (frames - 1)..]);
                }
            }
        }
    }

    /// Checks every array of a push against the layout.
    pub fn check(&self, rows: usize, input: &Input<'_>) -> Result<(), MemoryError> {
        check_length("the observations' rows", rows, input.observations.rows)?;
        self.check_fields(rows, input.observations)?;
        match input.actions {
            Actions::Discrete(actions) if self.discrete => {
                check_length("the actions", rows, actions.len())?;
            }
            Actions::Continuous(actions) if !self.discrete => {
                check_length("the actions", rows * self.action, actions.len())?;
            }
            other => {
                let name = |discrete| if discrete { "indices" } else { "vectors" };
                return Err(MemoryError::Shape {
                    what: "the actions".into(),
                    expected: name(self.discrete).into(),
                    found: name(matches!(other, Actions::Discrete(_))).into(),
                });
            }
        }
        let Outcome { reward, terminated, truncated, reset, .. } = input.outcome;
        check_length("the reward", rows * self.reward.1, reward.len())?;
        check_length("`terminated`", rows, terminated.len())?;
        check_length("`truncated`", rows, truncated.len())?;
        check_length("`reset`", rows, reset.len())?;
        check_length("the list of extra columns", self.extra.len(), input.extra.len())?;
        for (number, (&(_, width), column)) in self.extra.iter().zip(input.extra).enumerate() {
            let (expected, found) = (rows * width, column.len());
            if expected != found {
                return Err(MemoryError::length(format!("extra column {number}"), expected, found));
            }
        }
        Ok(())
    }

    /// Checks the kept fields of observations against the layout.
    pub fn check_fields(&self, rows: usize, observations: &Observations) -> Result<(), MemoryError> {
        for (index, place) in &self.fields {
            let found = observations.fields.get(*index);
            let (expected, kind) = match *place {
                Place::Words { size, .. } => (rows * size, "numbers"),
                Place::Frame { pixels, channels, frames, .. } => (rows * pixels * channels * frames, "bytes"),
            };
            let found_kind = match found {
                Some(Array::Float(_)) => "numbers",
                Some(Array::Byte(_)) => "bytes",
                None => "nothing",
            };
            let length = found.map_or(0, Array::len);
            let what = || format!("observation field {index}");
            if kind != found_kind {
                let (expected, found) = (kind.into(), found_kind.into());
                return Err(MemoryError::Shape { what: what(), expected, found });
            }
            if expected != length {
                return Err(MemoryError::length(what(), expected, length));
            }
        }
        Ok(())
    }
}

/// Everything that one push brings.
pub(crate) struct Input<'a> {
    pub observations: &'a Observations,
    pub actions: &'a Actions,
    pub outcome: &'a Outcome,
    pub extra: &'a [&'a [f32]],
}

fn write(words: &mut [u32], values: &[f32]) {
    for (word, value) in words.iter_mut().zip(values) {
        *word = value.to_bits();
    }
}

fn check_length(what: &str, expected: usize, found: usize) -> Result<(), MemoryError> {
    if expected == found { Ok(()) } else { Err(MemoryError::length(what, expected, found)) }
}
