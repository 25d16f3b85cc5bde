//! Arrays of an npz file, which is a zip archive of NumPy's npy files.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};
use zip::ZipArchive;

use super::{
    super::DataError,
    arrays::{Arrays, Info, Take, block_rows},
    element::{Element, Kind},
    hdf5::unknown_type,
};

/// Bytes that a compressed byte can stand for at most, with some to spare (deflate: 1032).
const DENSEST: u64 = 1_100;

/// An open archive; headers are read, arrays are not.
pub struct Npz {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
    headers: BTreeMap<String, Header>,
}

/// What the header of an array says.
enum Header {
    Known(Info),
    /// Why the array cannot be read.
    Refused(Refusal),
}

enum Refusal {
    Type(String),
    Order,
}

impl Npz {
    /// Opens an archive.
    ///
    /// # Errors
    /// It is no zip archive, truncated, or one of its files is not an array.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|error| DataError::io("read", path, error))?;
        let damaged = |error: &dyn std::fmt::Display| DataError::damaged(path, error);
        let length = file.metadata().map_err(|error| DataError::io("read", path, error))?.len();
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
        let mut headers = BTreeMap::new();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(|error| damaged(&error))?;
            let file_name = entry.name().map_err(|error| damaged(&error))?.into_owned();
            let Some(name) = npyz::npz::array_name_from_file_name(&file_name) else { continue };
            let header = NpyHeader::from_reader(&mut entry)
                .map_err(|error| damaged(&format!("the header of `{name}` cannot be read: {error}")))?;
            let header = describe(&header);
            if let Header::Known(info) = &header {
                let bytes =
                    info.shape.iter().try_fold(info.element.size(), |bytes, &axis| bytes.checked_mul(axis));
                let bytes = bytes.and_then(|bytes| bytes.checked_mul(info.rows)).map(|bytes| bytes as u64);
                let there = entry.size().min(length.saturating_mul(DENSEST));
                if bytes.is_none_or(|bytes| bytes > there) {
                    return Err(damaged(&format!(
                        "`{name}` ends before the last row that its shape announces"
                    )));
                }
            }
            headers.insert(name.to_owned(), header);
        }
        Ok(Self { path: path.to_owned(), archive, headers })
    }
}

fn describe(header: &NpyHeader) -> Header {
    let dtype = header.dtype();
    let Some(element) = element(&dtype) else { return Header::Refused(Refusal::Type(dtype.descr())) };
    if header.order() == Order::Fortran && header.shape().len() > 1 {
        return Header::Refused(Refusal::Order);
    }
    let mut lengths = header.shape().iter().map(|&length| length as usize);
    Header::Known(Info { rows: lengths.next().unwrap_or(1), shape: lengths.collect(), element })
}

fn element(dtype: &DType) -> Option<Element> {
    let DType::Plain(plain) = dtype else { return None };
    let kind = match (plain.type_char(), plain.size_field()) {
        (TypeChar::Bool, 1) => Kind::Bool,
        (TypeChar::Float, 4) => Kind::F32,
        (TypeChar::Float, 8) => Kind::F64,
        (TypeChar::Int, 1) => Kind::I8,
        (TypeChar::Int, 2) => Kind::I16,
        (TypeChar::Int, 4) => Kind::I32,
        (TypeChar::Int, 8) => Kind::I64,
        (TypeChar::Uint, 1) => Kind::U8,
        (TypeChar::Uint, 2) => Kind::U16,
        (TypeChar::Uint, 4) => Kind::U32,
        (TypeChar::Uint, 8) => Kind::U64,
        _ => return None,
    };
    Some(Element { kind, big_endian: plain.endianness() == Endianness::Big })
}

impl Arrays for Npz {
    fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> Vec<String> {
        self.headers.keys().cloned().collect()
    }

    fn info(&self, name: &str) -> Result<Option<Info>, DataError> {
        match self.headers.get(name) {
            None => Ok(None),
            Some(Header::Known(info)) => Ok(Some(info.clone())),
            Some(Header::Refused(Refusal::Type(dtype))) => Err(unknown_type(&self.path, name, dtype)),
            Some(Header::Refused(Refusal::Order)) => {
                let reason = "is in Fortran's order; save it with `numpy.ascontiguousarray`";
                Err(DataError::array(&self.path, name, reason))
            }
        }
    }

    fn stream(&mut self, name: &str, take: &mut Take<'_>) -> Result<(), DataError> {
        let info = self.require(name, "it is read")?;
        let path = &self.path;
        let damaged = |error: &dyn std::fmt::Display| DataError::damaged(path, format!("`{name}`: {error}"));
        let file_name = npyz::npz::file_name_from_array_name(name);
        let mut entry = self.archive.by_name(&file_name).map_err(|error| damaged(&error))?;
        NpyHeader::from_reader(&mut entry).map_err(|error| damaged(&error))?;
        let block = block_rows(info.row_bytes(), 1);
        let mut raw = vec![0; block.min(info.rows) * info.row_bytes()];
        let mut row = 0;
        while row < info.rows {
            let count = block.min(info.rows - row);
            let part = &mut raw[..count * info.row_bytes()];
            entry.read_exact(part).map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => damaged(&"it ends early"),
                _ => damaged(&error),
            })?;
            take(row, part)?;
            row += count;
        }
        // The archive's own checksum is compared where the entry ends.
        match entry.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(damaged(&"it is longer than its shape says")),
            Err(error) => Err(damaged(&error)),
        }
    }
}
