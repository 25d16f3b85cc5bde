//! Arrays of an HDF5 file, read a few rows at a time.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use hdf5_pure::{
    Dataset, Datatype, DatatypeByteOrder, Error, FileAccessProperties, Group, MetadataCacheConfig,
};

use super::{
    super::DataError,
    arrays::{Arrays, Info, Take, block_rows},
    element::{Element, Kind},
};

/// Bytes of metadata that are kept: names and headers of neighbouring groups share their blocks.
const CACHE: usize = 16 << 20;

/// Opens a file; only its metadata is read.
///
/// # Errors
/// It is no HDF5 file, or shorter than it says.
pub fn open(path: &Path) -> Result<hdf5_pure::File, DataError> {
    let length = File::open(path)
        .and_then(|file| file.metadata())
        .map_err(|error| DataError::io("read", path, error))?
        .len();
    let cached = FileAccessProperties::new().with_metadata_cache(MetadataCacheConfig::new(CACHE));
    let file =
        hdf5_pure::File::open_streaming_with_options(path, cached).map_err(|error| failed(path, &error))?;
    let end = file.superblock().eof_address;
    if end > length {
        let reason = format!("it has {length} bytes where its header says {end}");
        return Err(DataError::damaged(path, reason));
    }
    Ok(file)
}

/// An error of the HDF5 reader.
pub fn failed(path: &Path, error: &Error) -> DataError {
    let reason = match error {
        Error::Format(hdf5_pure::FormatError::InvalidLayoutVersion(version)) => format!(
            "it uses layout version {version} of HDF5 2, which is not read; write it with libver='v114' or older"
        ),
        other => other.to_string(),
    };
    DataError::damaged(path, reason)
}

/// An array and its name in the file.
pub struct Table {
    path: PathBuf,
    key: String,
    data: Dataset,
    /// Shape and type.
    pub info: Info,
}

impl Table {
    /// Looks at an array.
    ///
    /// # Errors
    /// Its elements are not numbers.
    pub fn new(path: &Path, key: String, data: Dataset) -> Result<Self, DataError> {
        let info = describe(path, &key, &data)?;
        Ok(Self { path: path.to_owned(), key, data, info })
    }

    /// All its bytes.
    ///
    /// # Errors
    /// The file ends early or is damaged.
    pub fn read(&self) -> Result<Vec<u8>, DataError> {
        self.whole(self.data.read_raw())
    }

    /// Gives all rows to `take`, block by block.
    ///
    /// # Errors
    /// The file ends early or is damaged, or `take` fails.
    pub fn stream(&self, take: &mut Take<'_>) -> Result<(), DataError> {
        let chunk = self.data.chunk_shape().ok().flatten();
        let chunk = chunk.and_then(|shape| shape.first().copied()).unwrap_or(1) as usize;
        let block = block_rows(self.info.row_bytes(), chunk);
        let mut row = 0;
        while row < self.info.rows {
            let count = block.min(self.info.rows - row);
            let raw = self.data.read_raw_rows(row as u64, count as u64);
            let raw = raw.map_err(|error| self.damaged(&error))?;
            if raw.len() != count * self.info.row_bytes() {
                return Err(DataError::damaged(&self.path, format!("`{}` ends early", self.key)));
            }
            take(row, &raw)?;
            row += count;
        }
        Ok(())
    }

    fn whole(&self, raw: Result<Vec<u8>, Error>) -> Result<Vec<u8>, DataError> {
        let raw = raw.map_err(|error| self.damaged(&error))?;
        if raw.len() != self.info.rows * self.info.row_bytes() {
            return Err(DataError::damaged(&self.path, format!("`{}` ends early", self.key)));
        }
        Ok(raw)
    }

    fn damaged(&self, error: &Error) -> DataError {
        match failed(&self.path, error) {
            DataError::Damaged { path, reason } => {
                DataError::Damaged { path, reason: format!("`{}`: {reason}", self.key) }
            }
            other => other,
        }
    }
}

/// Shape and type of an array.
///
/// # Errors
/// Its elements are not numbers.
pub fn describe(path: &Path, key: &str, data: &Dataset) -> Result<Info, DataError> {
    let shape = data.shape().map_err(|error| failed(path, &error))?;
    let datatype = data.datatype().map_err(|error| failed(path, &error))?;
    let Some(element) = element(&datatype) else {
        let name = data.dtype().map_or_else(|_| "unknown".to_owned(), |dtype| dtype.to_string());
        return Err(unknown_type(path, key, &name));
    };
    let mut lengths = shape.iter().map(|&length| length as usize);
    Ok(Info { rows: lengths.next().unwrap_or(1), shape: lengths.collect(), element })
}

/// The sentence about a type that cannot be read.
pub fn unknown_type(path: &Path, key: &str, name: &str) -> DataError {
    let reason = format!(
        "has elements of type {name}; floats of 32 and 64 bits, integers of 8 to 64 bits and booleans are read"
    );
    DataError::array(path, key, reason)
}

fn element(datatype: &Datatype) -> Option<Element> {
    let (kind, order) = match datatype {
        Datatype::FixedPoint { size, byte_order, layout } => {
            let kind = match (size, layout.signed) {
                (1, true) => Kind::I8,
                (2, true) => Kind::I16,
                (4, true) => Kind::I32,
                (8, true) => Kind::I64,
                (1, false) => Kind::U8,
                (2, false) => Kind::U16,
                (4, false) => Kind::U32,
                (8, false) => Kind::U64,
                _ => return None,
            };
            (kind, *byte_order)
        }
        Datatype::FloatingPoint { size: 4, byte_order, .. } => (Kind::F32, *byte_order),
        Datatype::FloatingPoint { size: 8, byte_order, .. } => (Kind::F64, *byte_order),
        // h5py writes booleans as an enumeration of bytes.
        Datatype::Enumeration { size: 1, .. } => {
            return Some(Element { kind: Kind::Bool, big_endian: false });
        }
        _ => return None,
    };
    Some(Element { kind, big_endian: order == DatatypeByteOrder::BigEndian })
}

/// All arrays of a file, for formats that keep a fixed number of them.
pub struct Hdf5 {
    path: PathBuf,
    tables: BTreeMap<String, Dataset>,
}

impl Hdf5 {
    /// Opens a file and lists its arrays.
    ///
    /// # Errors
    /// It is no HDF5 file, or damaged.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let file = open(path)?;
        let mut tables = BTreeMap::new();
        list(path, &file.root(), "", 0, &mut tables)?;
        Ok(Self { path: path.to_owned(), tables })
    }
}

/// Lists the arrays of a group and those of the groups in it.
pub(super) fn list(
    path: &Path,
    group: &Group,
    prefix: &str,
    depth: usize,
    tables: &mut BTreeMap<String, Dataset>,
) -> Result<(), DataError> {
    for (name, data) in group.iter_datasets().map_err(|error| failed(path, &error))? {
        tables.insert(format!("{prefix}{name}"), data);
    }
    // A group can hold itself.
    if depth < 4 {
        for (name, inner) in group.iter_groups().map_err(|error| failed(path, &error))? {
            list(path, &inner, &format!("{prefix}{name}/"), depth + 1, tables)?;
        }
    }
    Ok(())
}

impl Arrays for Hdf5 {
    fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    fn info(&self, name: &str) -> Result<Option<Info>, DataError> {
        self.tables.get(name).map(|data| describe(&self.path, name, data)).transpose()
    }

    fn stream(&mut self, name: &str, take: &mut Take<'_>) -> Result<(), DataError> {
        let Some(data) = self.tables.get(name) else {
            return Err(DataError::missing(&self.path, name, "it is read"));
        };
        Table::new(&self.path, name.to_owned(), data.clone())?.stream(take)
    }
}
