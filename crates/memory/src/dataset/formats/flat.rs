//! Data sets whose episodes follow each other in a few long arrays: D4RL and OGBench.

use std::path::Path;

use worlds::{ActionSpace, Field, Layout, Role};

use super::{
    super::{DataError, DataSpec, Episode},
    Source,
    arrays::{Arrays, Info},
    element::Kind,
    findings::Findings,
    sink::{Sink, Slot},
};
use crate::Column;

/// Where the final observation of an episode comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// The row behind the last step.
    Behind,
    /// The last step's own observation again: a real end is never bootstrapped from.
    Repeat,
    /// The last step's row of the array of next observations.
    Given,
}

/// The rows of the arrays that are an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Row of its first step.
    pub from: usize,
    /// Number of steps.
    pub steps: usize,
    /// Its final observation.
    pub last: Last,
    /// A real end.
    pub terminated: bool,
}

/// The array behind each column.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Observation fields, in the order of the spec's.
    pub fields: Vec<String>,
    /// The actions.
    pub action: Option<String>,
    /// The rewards.
    pub reward: Option<String>,
    /// Extra columns, in the order of the spec's.
    pub extra: Vec<String>,
    /// What the policy sees after every step, where the file has it.
    pub next: Option<String>,
}

/// An open file of long arrays.
pub struct Flat {
    arrays: Box<dyn Arrays>,
    spec: DataSpec,
    episodes: Vec<Episode>,
    cuts: Vec<Cut>,
    keys: Keys,
    notes: Vec<String>,
}

impl Flat {
    /// A file with these episodes; those without steps are left out and noted.
    ///
    /// # Errors
    /// No episode is left.
    pub fn new(
        arrays: Box<dyn Arrays>,
        spec: DataSpec,
        mut cuts: Vec<Cut>,
        keys: Keys,
        mut notes: Vec<String>,
    ) -> Result<Self, DataError> {
        let all = cuts.len();
        cuts.retain(|cut| cut.steps > 0);
        if cuts.len() < all {
            notes.push(format!(
                "episodes without a step that has a successor, which are left out: {}",
                all - cuts.len()
            ));
        }
        if cuts.is_empty() {
            return Err(DataError::Empty { path: arrays.path().to_owned() });
        }
        let (mut step, mut observation) = (0, 0);
        let episode = |cut: &Cut| {
            let episode = Episode { observation, step, length: cut.steps, terminated: cut.terminated };
            step += cut.steps;
            observation += cut.steps + 1;
            episode
        };
        let episodes = cuts.iter().map(episode).collect();
        Ok(Self { arrays, spec, episodes, cuts, keys, notes })
    }

    /// Streams an observation field with its final rows.
    fn field(&mut self, index: usize, sink: &mut dyn Sink, findings: &mut Findings) -> Result<(), DataError> {
        let key = self.keys.fields[index].clone();
        let info = self.arrays.require(&key, "it is read")?;
        let next = if index == 0 { self.keys.next.clone() } else { None };
        let finals = match next {
            Some(next) => self.finals(&next)?,
            None => Vec::new(),
        };
        let image = matches!(self.spec.fields[index].layout, Layout::Image { .. });
        let bytes = info.row_bytes();
        let mut out = Emit {
            slot: Slot::Field(index),
            key: &key,
            info: &info,
            image,
            sink,
            findings,
            part: Vec::new(),
        };
        let mut cuts = self.cuts.iter().enumerate().peekable();
        self.arrays.stream(&key, &mut |row, raw| {
            let behind = row + raw.len() / bytes.max(1);
            while let Some(&(number, cut)) = cuts.peek() {
                let own = cut.steps + usize::from(cut.last == Last::Behind);
                let (from, to) = (cut.from.max(row), (cut.from + own).min(behind));
                if from < to {
                    out.rows(from, &raw[(from - row) * bytes..(to - row) * bytes])?;
                }
                if cut.from + own > behind {
                    break;
                }
                let last = cut.from + cut.steps - 1;
                match cut.last {
                    Last::Behind => {}
                    Last::Given if !finals.is_empty() => {
                        out.rows(last, &finals[number * bytes..(number + 1) * bytes])?;
                    }
                    _ => out.rows(last, &raw[(last - row) * bytes..(last + 1 - row) * bytes])?,
                }
                cuts.next();
            }
            Ok(())
        })
    }

    /// The rows of the next observations that end episodes, one after the other.
    fn finals(&mut self, key: &str) -> Result<Vec<u8>, DataError> {
        let info = self.arrays.require(key, "it is read")?;
        let bytes = info.row_bytes();
        let mut finals = Vec::with_capacity(self.cuts.len() * bytes);
        let mut cuts = self.cuts.iter().peekable();
        self.arrays.stream(key, &mut |row, raw| {
            let behind = row + raw.len() / bytes.max(1);
            while let Some(cut) = cuts.next_if(|cut| cut.from + cut.steps <= behind) {
                let last = cut.from + cut.steps - 1 - row;
                finals.extend_from_slice(&raw[last * bytes..(last + 1) * bytes]);
            }
            Ok(())
        })?;
        Ok(finals)
    }

    /// Streams a column with one row per step.
    fn steps(
        &mut self,
        slot: Slot,
        key: &str,
        sink: &mut dyn Sink,
        findings: &mut Findings,
    ) -> Result<(), DataError> {
        let info = self.arrays.require(key, "it is read")?;
        let bytes = info.row_bytes();
        let space = self.spec.action.clone().filter(|_| slot == Slot::Action);
        let mut out = Emit { slot, key, info: &info, image: false, sink, findings, part: Vec::new() };
        let mut cuts = self.cuts.iter().peekable();
        self.arrays.stream(key, &mut |row, raw| {
            let behind = row + raw.len() / bytes.max(1);
            while let Some(cut) = cuts.peek() {
                let end = cut.from + cut.steps;
                let (from, to) = (cut.from.max(row), end.min(behind));
                if from < to {
                    let part = &raw[(from - row) * bytes..(to - row) * bytes];
                    match space {
                        Some(ActionSpace::Discrete { count }) => out.indices(from, count, part)?,
                        _ => out.rows(from, part)?,
                    }
                }
                if end > behind {
                    break;
                }
                cuts.next();
            }
            Ok(())
        })
    }
}

impl Source for Flat {
    fn path(&self) -> &Path {
        self.arrays.path()
    }

    fn spec(&self) -> &DataSpec {
        &self.spec
    }

    fn episodes(&self) -> &[Episode] {
        &self.episodes
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn read(&mut self, sink: &mut dyn Sink, findings: &mut Findings) -> Result<(), DataError> {
        for index in 0..self.keys.fields.len() {
            self.field(index, sink, findings)?;
        }
        let Keys { action, reward, extra, .. } = self.keys.clone();
        if let Some(key) = action {
            self.steps(Slot::Action, &key, sink, findings)?;
        }
        if let Some(key) = reward {
            self.steps(Slot::Reward, &key, sink, findings)?;
        }
        for (index, key) in extra.iter().enumerate() {
            self.steps(Slot::Extra(index), key, sink, findings)?;
        }
        Ok(())
    }
}

/// Turns rows of one array into those of one column.
struct Emit<'a> {
    slot: Slot,
    key: &'a str,
    info: &'a Info,
    image: bool,
    sink: &'a mut dyn Sink,
    findings: &'a mut Findings,
    part: Vec<f32>,
}

impl Emit<'_> {
    fn rows(&mut self, row: usize, raw: &[u8]) -> Result<(), DataError> {
        if self.image {
            return self.sink.bytes(self.slot, raw);
        }
        self.info.element.floats(raw, &mut self.part);
        self.findings.finite(self.key, self.key, row, self.info.width(), &self.part);
        self.sink.floats(self.slot, &self.part)
    }

    fn indices(&mut self, row: usize, count: usize, raw: &[u8]) -> Result<(), DataError> {
        let mut whole = Vec::new();
        self.info.element.whole(raw, &mut whole);
        let numbered = whole.iter().enumerate();
        let index = |(place, &value): (usize, &i64)| {
            self.findings.index(value, count, self.key, self.key, row + place)
        };
        let indices: Vec<u32> = numbered.map(index).collect();
        self.sink.indices(&indices)
    }
}

/// The field of an array: an image where it has bytes in two or three axes, a vector otherwise.
pub fn field(name: &str, role: Role, info: &Info) -> Field {
    Field { name: name.to_owned(), role, layout: layout(info) }
}

fn layout(info: &Info) -> Layout {
    let image =
        |height, width, channels| Layout::Image { height, width, channels, frames: 1, scale: 1.0 / 255.0 };
    match (info.element.kind, info.shape.as_slice()) {
        (Kind::U8, &[height, width, channels]) => image(height, width, channels),
        (Kind::U8, &[height, width]) => image(height, width, 1),
        _ => Layout::Vector { size: info.width() },
    }
}

/// The action space that an array of actions speaks of; the file declares none.
///
/// Whole numbers, one per row: indices up to the largest. Other numbers: the box [-1, 1], or, where
/// a number lies outside it, the range of every dimension.
///
/// # Errors
/// The array cannot be read.
pub fn action_space(arrays: &mut dyn Arrays, key: &str, info: &Info) -> Result<ActionSpace, DataError> {
    if info.element.kind.is_whole() && info.width() == 1 {
        let largest = arrays.whole(key, info)?.into_iter().max().unwrap_or(0).max(0);
        let count = usize::try_from(largest).unwrap_or(0).saturating_add(1);
        return Ok(ActionSpace::Discrete { count });
    }
    let width = info.width();
    let (mut low, mut high) = (vec![f32::INFINITY; width], vec![f32::NEG_INFINITY; width]);
    let mut part = Vec::new();
    arrays.stream(key, &mut |_, raw| {
        info.element.floats(raw, &mut part);
        for row in part.chunks_exact(width.max(1)) {
            for (column, &value) in row.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                low[column] = low[column].min(value);
                high[column] = high[column].max(value);
            }
        }
        Ok(())
    })?;
    Ok(seen_box(low, high))
}

/// The box of actions whose smallest and largest values these are.
pub fn seen_box(mut low: Vec<f32>, mut high: Vec<f32>) -> ActionSpace {
    let inside = |bound: &f32| !bound.is_finite() || bound.abs() <= 1.0 + 1e-5;
    if low.iter().chain(&high).all(inside) {
        low.fill(-1.0);
        high.fill(1.0);
    }
    for (low, high) in low.iter_mut().zip(&mut high) {
        // A dimension that never moves still needs a width.
        let width = *high - *low;
        if width.is_nan() || width <= 0.0 {
            (*low, *high) = if low.is_finite() { (*low - 1.0, *low + 1.0) } else { (-1.0, 1.0) };
        }
    }
    ActionSpace::Box { low, high }
}

/// The arrays with `rows` rows that are not yet used, as extra columns; the others are noted.
pub fn extra_columns(
    arrays: &dyn Arrays,
    names: &[String],
    rows: usize,
    keys: &mut Keys,
    notes: &mut Vec<String>,
) -> Vec<Column> {
    let mut columns = Vec::new();
    for name in names {
        match arrays.info(name) {
            Ok(Some(info)) if info.rows == rows && rows != 1 => {
                columns.push(Column { name: name.clone(), width: info.width() });
                keys.extra.push(name.clone());
            }
            Ok(_) => notes.push(format!("`{name}` does not have a row per step and is not read")),
            Err(_) => notes.push(format!("`{name}` does not hold numbers and is not read")),
        }
    }
    columns
}

/// Refuses an array whose rows differ in number from the observations'.
///
/// # Errors
/// They differ.
pub fn same_rows(path: &Path, key: &str, info: &Info, rows: usize) -> Result<(), DataError> {
    if info.rows == rows {
        return Ok(());
    }
    let reason = "one for each of `observations`".to_owned();
    Err(DataError::Rows {
        path: path.to_owned(),
        key: key.to_owned(),
        found: info.rows,
        expected: rows,
        reason,
    })
}
