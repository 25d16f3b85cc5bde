//! Reading one episode of a Minari data set after the other.

use std::{collections::BTreeMap, path::Path};

use hdf5_pure::{Dataset, Datatype};
use worlds::{ActionSpace, Layout};

use super::{
    super::DataError,
    element::Kind,
    findings::Findings,
    hdf5::{self, Table},
    heap,
    minari_spec::{self, Acting, Leaf, LeafKind},
    sink::{Sink, Slot},
};
use crate::Column;

/// How every episode is read.
pub struct EpisodePlan {
    /// Observation fields, the policy's input first.
    pub leaves: Vec<Leaf>,
    /// Whether there are actions.
    pub has_actions: bool,
    /// What the metadata say about them.
    pub acting: Option<Acting>,
    /// Names of the reward channels; empty where rewards are not read.
    pub rewards: Vec<String>,
    /// Columns below `infos`.
    pub extra: Vec<Column>,
}

impl EpisodePlan {
    /// A reader of this plan's episodes.
    pub fn reader<'a>(
        &'a self,
        path: &'a Path,
        space: Option<&'a ActionSpace>,
        sink: &'a mut dyn Sink,
        findings: &'a mut Findings,
    ) -> Reader<'a> {
        Reader { plan: self, path, space, sink, findings, floats: Vec::new(), whole: Vec::new() }
    }
}

/// Reads episodes into a sink, with buffers that are reused.
pub struct Reader<'a> {
    plan: &'a EpisodePlan,
    path: &'a Path,
    space: Option<&'a ActionSpace>,
    sink: &'a mut dyn Sink,
    findings: &'a mut Findings,
    floats: Vec<f32>,
    whole: Vec<i64>,
}

impl Reader<'_> {
    /// Reads the arrays of an episode.
    ///
    /// # Errors
    /// One is missing, damaged, of another length or width than it should have.
    pub fn episode(
        &mut self,
        name: &str,
        tables: &BTreeMap<String, Dataset>,
        length: usize,
    ) -> Result<(), DataError> {
        for (index, leaf) in self.plan.leaves.iter().enumerate() {
            let array = match leaf.key.as_str() {
                "" => "observations".to_owned(),
                key => format!("observations/{key}"),
            };
            let array = Array { name: &array, key: format!("{name}/{array}"), rows: length + 1 };
            let data = self.find(tables, &array)?;
            self.leaf(index, leaf, &array, data)?;
        }
        if self.plan.has_actions {
            let array = Array { name: "actions", key: format!("{name}/actions"), rows: length };
            let table = self.table(tables, &array, self.space.map_or(1, width))?;
            self.actions(&array, &table)?;
        }
        if !self.plan.rewards.is_empty() {
            let array = Array { name: "rewards", key: format!("{name}/rewards"), rows: length };
            self.numbers(Slot::Reward, &array, tables, self.plan.rewards.len())?;
        }
        for (index, column) in self.plan.extra.iter().enumerate() {
            let info = minari_spec::extra_key(&column.name);
            let array = Array { name: &info, key: format!("{name}/{info}"), rows: length };
            self.numbers(Slot::Extra(index), &array, tables, column.width)?;
        }
        Ok(())
    }

    fn leaf(
        &mut self,
        index: usize,
        leaf: &Leaf,
        array: &Array<'_>,
        data: &Dataset,
    ) -> Result<(), DataError> {
        let slot = Slot::Field(index);
        if let Layout::Image { height, width, channels, .. } = leaf.field.layout {
            return self.image(slot, array, data, [height, width, channels]);
        }
        let table = self.checked(
            Table::new(self.path, array.key.clone(), data.clone())?,
            array,
            leaf.field.layout.size(),
        )?;
        let LeafKind::Index { start, count } = leaf.kind else { return self.floats(slot, array, &table) };
        table.info.element.whole(&table.read()?, &mut self.whole);
        self.floats.clear();
        for (row, &value) in self.whole.iter().enumerate() {
            let index = self.findings.index(value - start, count, array.name, &array.key, row);
            self.floats.push(index as f32);
        }
        self.sink.floats(slot, &self.floats)
    }

    /// Bytes of images, or images as JPEG: in rows of varying length, or padded to none.
    fn image(
        &mut self,
        slot: Slot,
        array: &Array<'_>,
        data: &Dataset,
        [height, width, channels]: [usize; 3],
    ) -> Result<(), DataError> {
        let path = self.path;
        let datatype = data.datatype().map_err(|error| hdf5::failed(path, &error))?;
        let compressed = if matches!(datatype, Datatype::VariableLength { is_string: false, .. }) {
            heap::sequences(path, &data.read_raw().map_err(|error| hdf5::failed(path, &error))?)?
        } else {
            let table = Table::new(path, array.key.clone(), data.clone())?;
            let (size, rank) = (height * width * channels, table.info.shape.len());
            if table.info.element.kind != Kind::U8 {
                return Err(DataError::array(
                    path,
                    &array.key,
                    "is declared as an image but does not hold bytes",
                ));
            }
            if rank != 1 || table.info.width() == size {
                let table = self.checked(table, array, size)?;
                let sink = &mut *self.sink;
                return table.stream(&mut |_, raw| sink.bytes(slot, raw));
            }
            let row = table.info.row_bytes();
            table.read()?.chunks_exact(row.max(1)).map(<[u8]>::to_vec).collect()
        };
        array.check_rows(path, compressed.len())?;
        for (row, bytes) in compressed.iter().enumerate() {
            let pixels = heap::image(bytes, height, width, channels).map_err(|reason| {
                DataError::array(path, &array.key, format!("has no JPEG image in row {row}: {reason}"))
            })?;
            self.sink.bytes(slot, &pixels)?;
        }
        Ok(())
    }

    fn actions(&mut self, array: &Array<'_>, table: &Table) -> Result<(), DataError> {
        let Some(space) = self.space else { return Ok(()) };
        let ActionSpace::Discrete { count } = space else {
            self.read_floats(array, table)?;
            self.findings.inside(space, array.name, &array.key, 0, &self.floats);
            return self.sink.floats(Slot::Action, &self.floats);
        };
        let start = match self.plan.acting {
            Some(Acting::Discrete { start, .. }) => start,
            _ => 0,
        };
        table.info.element.whole(&table.read()?, &mut self.whole);
        let findings = &mut *self.findings;
        let numbered = self.whole.iter().enumerate();
        let indices: Vec<u32> = numbered
            .map(|(row, &value)| findings.index(value - start, *count, array.name, &array.key, row))
            .collect();
        self.sink.indices(&indices)
    }

    fn numbers(
        &mut self,
        slot: Slot,
        array: &Array<'_>,
        tables: &BTreeMap<String, Dataset>,
        width: usize,
    ) -> Result<(), DataError> {
        let table = self.table(tables, array, width)?;
        self.floats(slot, array, &table)
    }

    fn floats(&mut self, slot: Slot, array: &Array<'_>, table: &Table) -> Result<(), DataError> {
        self.read_floats(array, table)?;
        self.sink.floats(slot, &self.floats)
    }

    fn read_floats(&mut self, array: &Array<'_>, table: &Table) -> Result<(), DataError> {
        table.info.element.floats(&table.read()?, &mut self.floats);
        self.findings.finite(array.name, &array.key, 0, table.info.width(), &self.floats);
        Ok(())
    }

    fn table(
        &self,
        tables: &BTreeMap<String, Dataset>,
        array: &Array<'_>,
        width: usize,
    ) -> Result<Table, DataError> {
        let data = self.find(tables, array)?;
        self.checked(Table::new(self.path, array.key.clone(), data.clone())?, array, width)
    }

    fn find<'t>(
        &self,
        tables: &'t BTreeMap<String, Dataset>,
        array: &Array<'_>,
    ) -> Result<&'t Dataset, DataError> {
        tables
            .get(array.name)
            .ok_or_else(|| DataError::missing(self.path, &array.key, "the spaces or other episodes have it"))
    }

    fn checked(&self, table: Table, array: &Array<'_>, width: usize) -> Result<Table, DataError> {
        array.check_rows(self.path, table.info.rows)?;
        if table.info.width() != width {
            let reason = format!("has {} numbers per row where {width} are declared", table.info.width());
            return Err(DataError::array(self.path, &array.key, reason));
        }
        Ok(table)
    }
}

/// An array of an episode.
struct Array<'a> {
    /// Its path below the episode.
    name: &'a str,
    /// Its path in the file.
    key: String,
    /// Rows it should have.
    rows: usize,
}

impl Array<'_> {
    fn check_rows(&self, path: &Path, found: usize) -> Result<(), DataError> {
        if found == self.rows {
            return Ok(());
        }
        let steps = if self.name.starts_with("observations") { self.rows - 1 } else { self.rows };
        let reason = format!("as the episode's `terminations` have {steps}");
        let (path, key) = (path.to_owned(), self.key.clone());
        Err(DataError::Rows { path, key, found, expected: self.rows, reason })
    }
}

fn width(space: &ActionSpace) -> usize {
    match space {
        ActionSpace::Discrete { .. } => 1,
        ActionSpace::Box { low, .. } => low.len(),
    }
}
