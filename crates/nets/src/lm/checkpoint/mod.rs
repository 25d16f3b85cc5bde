//! Checkpoints in the form in which models are published: a folder with `config.json` and
//! `model.safetensors`, or its index and shards.

mod description;
mod layout;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use description::Architecture;
pub use read::{Loaded, load};
pub use write::{Companions, save};

use std::path::Path;

use crate::NetsError;

/// The description of a model.
const CONFIG: &str = "config.json";
/// All weights in one file.
const WEIGHTS: &str = "model.safetensors";
/// Which shard holds what.
const INDEX: &str = "model.safetensors.index.json";

/// An error about a file or folder.
fn refuse(path: &Path, problem: impl Into<String>) -> NetsError {
    NetsError::Checkpoint { path: path.to_owned(), problem: problem.into() }
}
