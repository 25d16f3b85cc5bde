//! What can be wrong with a data set's files; every text is one sentence that names file, key and
//! row.

use std::path::{Path, PathBuf};

use crate::MemoryError;

/// Errors of reading and writing data sets.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder cannot be read or written.
    #[error("cannot {verb} `{}`: {source}", path.display())]
    Io {
        /// `read`, `write`, `create`, ...
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Nothing here is a data set.
    #[error(
        "`{}` is not a data set: {found}; Minari folders, D4RL HDF5 files, OGBench npz files and folders written by `latentrl data convert --to native` are",
        path.display()
    )]
    Unknown {
        /// The file or folder.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// A file that ends early or whose structure makes no sense.
    #[error("`{}` is truncated or damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What cannot be read.
        reason: String,
    },
    /// Something is missing.
    #[error("`{}` has no `{key}`: {need}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What is missing.
        key: String,
        /// Why it is needed.
        need: String,
    },
    /// Two arrays that do not go together.
    #[error("`{}`: `{key}` has {found} rows where {expected} are needed, {reason}", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// The array.
        key: String,
        /// Its rows.
        found: usize,
        /// Those it should have.
        expected: usize,
        /// Why.
        reason: String,
    },
    /// An array of a shape or type that is not understood.
    #[error("`{}`: `{key}` {reason}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// The array.
        key: String,
        /// What it is and what it should be.
        reason: String,
    },
    /// Values that cannot be learned from.
    #[error("`{}`: {finding}; `latentrl data info` lists everything that is wrong", path.display())]
    Values {
        /// The file.
        path: PathBuf,
        /// What was found, how often, and where first.
        finding: String,
    },
    /// There is no step in it.
    #[error("`{}` is empty: it holds no episode with at least one step and an observation after it", path.display())]
    Empty {
        /// The file or folder.
        path: PathBuf,
    },
    /// Something that the format cannot hold.
    #[error("the data set cannot be written as `{}`: {reason}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Spec, episodes and columns do not go together.
    #[error("`{}`: {source}", path.display())]
    Memory {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: MemoryError,
    },
}

impl DataError {
    pub(super) fn io(verb: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { verb, path: path.to_owned(), source }
    }

    pub(super) fn unknown(path: &Path, found: impl Into<String>) -> Self {
        Self::Unknown { path: path.to_owned(), found: found.into() }
    }

    pub(super) fn damaged(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn missing(path: &Path, key: impl Into<String>, need: impl Into<String>) -> Self {
        Self::Missing { path: path.to_owned(), key: key.into(), need: need.into() }
    }

    pub(super) fn array(path: &Path, key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Array { path: path.to_owned(), key: key.into(), reason: reason.into() }
    }

    pub(super) fn unwritable(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unwritable { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn memory(path: &Path, source: MemoryError) -> Self {
        Self::Memory { path: path.to_owned(), source }
    }
}
