//! The complete state of a run as named arrays, values and append-only segments, independent of
//! any tensor library.

use std::collections::BTreeMap;

use memory::{Replay, ReplayConfig};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use worlds::NamedArray;

use crate::{Result, RunError};

/// A stretch of an append-only log, written once and kept while any checkpoint needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// First entry held.
    pub from: u64,
    /// One past the last entry held.
    pub to: u64,
    /// The bytes; empty for a segment that is already on disk.
    pub bytes: Vec<u8>,
}

/// State on its way to or from a checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    pub(crate) arrays: BTreeMap<String, NamedArray>,
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) segments: BTreeMap<String, Vec<Segment>>,
}

impl Snapshot {
    /// Nothing saved yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A snapshot to save into, where these segments are on disk already.
    pub(crate) fn after(segments: BTreeMap<String, Vec<Segment>>) -> Self {
        Self { segments, ..Self::default() }
    }

    /// Adds arrays.
    pub fn put_arrays(&mut self, arrays: impl IntoIterator<Item = NamedArray>) {
        self.arrays.extend(arrays.into_iter().map(|array| (array.name.clone(), array)));
    }

    /// All arrays by name.
    pub fn arrays(&self) -> &BTreeMap<String, NamedArray> {
        &self.arrays
    }

    /// Adds a small value as JSON; floats survive exactly.
    ///
    /// # Errors
    /// The value has no JSON form (a map with keys that are not strings).
    pub fn put<T: Serialize>(&mut self, name: &str, value: &T) -> Result<()> {
        let value = serde_json::to_value(value).map_err(RunError::part)?;
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    /// The value of this name.
    ///
    /// # Errors
    /// It is missing or of another shape: the checkpoint is of another method or version.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let value = self.values.get(name).ok_or_else(|| missing(name))?;
        serde_json::from_value(value.clone()).map_err(|error| {
            RunError::Part(format!("the checkpoint's `{name}` does not fit this method: {error}"))
        })
    }

    /// Adds opaque bytes, such as a world's state.
    pub fn put_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.blobs.insert(name.to_owned(), bytes);
    }

    /// The bytes of this name.
    ///
    /// # Errors
    /// They are missing: the checkpoint is of another method or version.
    pub fn bytes(&self, name: &str) -> Result<&[u8]> {
        self.blobs.get(name).map(Vec::as_slice).ok_or_else(|| missing(name))
    }

    /// Adds a replay memory: only what was pushed since the last checkpoint is written anew.
    pub fn put_replay(&mut self, name: &str, replay: &Replay) {
        let segments = self.segments.entry(name.to_owned()).or_default();
        let from = segments.last().map_or(0, |segment| segment.to);
        let to = replay.total_pushed();
        if to > from {
            segments.push(Segment { from, to, bytes: replay.segment(from) });
        }
        let oldest = replay.oldest_needed();
        segments.retain(|segment| segment.to > oldest);
    }

    /// The replay memory of this name, rebuilt exactly.
    ///
    /// # Errors
    /// A segment is missing, damaged or of another layout.
    pub fn replay(&self, name: &str, config: ReplayConfig) -> Result<Replay> {
        let segments = self.segments.get(name).ok_or_else(|| missing(name))?;
        let bytes: Vec<&[u8]> = segments.iter().map(|segment| segment.bytes.as_slice()).collect();
        Ok(Replay::restore(config, &bytes)?)
    }
}

fn missing(name: &str) -> RunError {
    RunError::Part(format!(
        "the checkpoint has no `{name}`: it was written by another method or version of the program"
    ))
}
