//! The formats that data sets are written in.

use std::path::Path;

use memory::{
    Dataset,
    dataset::{
        DataError,
        formats::{minari_write, native_write},
    },
};

/// A format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// The folder that Minari 0.5 opens.
    Minari,
    /// The project's own folder, which is mapped instead of read.
    Native,
}

impl Target {
    /// Writes a data set to a new folder, whole or not at all.
    pub fn save(self, set: &Dataset, folder: &Path) -> Result<(), DataError> {
        match self {
            Self::Minari => minari_write::save(set, folder),
            Self::Native => native_write::save(set, folder),
        }
    }
}
