//! What can go wrong in a run; every text is one sentence with the cause and the cure.

use std::path::{Path, PathBuf};

/// An error of a run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A world could not be named, built or stepped.
    #[error(transparent)]
    World(#[from] worlds::WorldError),
    /// Replay memory refused an operation.
    #[error(transparent)]
    Memory(#[from] memory::MemoryError),
    /// A data set could not be read or written.
    #[error(transparent)]
    Data(#[from] memory::dataset::DataError),
    /// A loss, gradient or metric is not finite.
    #[error("`{term}` is {value} at step {step}: try a smaller learning rate")]
    NotFinite {
        /// Name of the term.
        term: String,
        /// The value as it came out.
        value: f64,
        /// Environment step at which it came out.
        step: u64,
    },
    /// A setting that does not exist, has the wrong type or is out of range.
    #[error("{0}")]
    Config(String),
    /// The task lacks something that the method needs, or has what it cannot use.
    #[error("{0}")]
    Task(String),
    /// A checkpoint that cannot be used.
    #[error("checkpoint `{}`: {cause}", path.display())]
    Checkpoint {
        /// The checkpoint's folder or file.
        path: PathBuf,
        /// What is wrong and what to do.
        cause: String,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {verb} `{}`: {source}", path.display())]
    Io {
        /// `read`, `write`, `create`, ...
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A part of a method failed; the text is the part's own.
    #[error("{0}")]
    Part(String),
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, RunError>;

impl RunError {
    /// An input or output error with its file.
    pub fn io(verb: &'static str, path: &Path, source: std::io::Error) -> Self {
        RunError::Io { verb, path: path.to_owned(), source }
    }

    /// A checkpoint error with its place.
    pub fn checkpoint(path: &Path, cause: impl Into<String>) -> Self {
        RunError::Checkpoint { path: path.to_owned(), cause: cause.into() }
    }

    /// The error of a library part, in its own words.
    pub fn part(error: impl std::fmt::Display) -> Self {
        RunError::Part(error.to_string())
    }
}

impl From<settings::Refusal> for RunError {
    fn from(refusal: settings::Refusal) -> Self {
        RunError::Config(refusal.complete().to_string())
    }
}
