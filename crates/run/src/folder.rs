//! A run's folder and how files in it are written: whole or not at all.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use crate::{Result, RunError};

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates a new folder, with its parents.
    ///
    /// # Errors
    /// Something is there already, or the place cannot be written; nothing is left behind.
    pub fn create(path: &Path) -> Result<Self> {
        if path.exists() {
            return Err(RunError::Config(format!(
                "the output folder `{}` exists already: choose another with --out, or continue it with `latentrl resume`",
                path.display()
            )));
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| RunError::io("create", parent, error))?;
        }
        fs::create_dir(path).map_err(|error| RunError::io("create", path, error))?;
        Ok(Self { path: path.to_owned() })
    }

    /// The folder of an existing run.
    ///
    /// # Errors
    /// There is no run in it.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Self { path: path.to_owned() };
        if folder.config().is_file() {
            return Ok(folder);
        }
        Err(RunError::Config(format!(
            "`{}` is not the folder of a run: it has no config.toml",
            path.display()
        )))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.toml`.
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// `metrics.jsonl`.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// `summary.json`.
    pub fn summary(&self) -> PathBuf {
        self.path.join("summary.json")
    }

    /// The folder of checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }
}

/// Writes a file whole: a temporary file beside it, flushed to the disk, then renamed over it.
///
/// # Errors
/// The disk is full or the place cannot be written; the old file, if any, is untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("partial");
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        RunError::io("write", path, error)
    })
}
