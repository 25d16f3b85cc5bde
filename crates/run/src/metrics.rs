//! `metrics.jsonl` and its copy for TensorBoard.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use crate::{Result, RunError, events::EventFile, folder::Folder};

/// Kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Means of what training reported since the last one.
    Train,
    /// Means of an evaluation.
    Eval,
    /// A stage began.
    Stage,
    /// Something worth telling.
    Note,
}

/// What depends on time or machine; nothing else in a record does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// Seconds of training so far, all sessions together.
    pub seconds: f64,
    /// Steps per second in this session.
    pub steps_per_second: f64,
    /// Mean seconds of each phase that the method times, over this session.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<String, f64>,
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What it tells of.
    pub kind: Kind,
    /// Steps so far, in the method's unit.
    pub step: u64,
    /// The method's current stage.
    pub stage: String,
    /// Numbers by name.
    pub values: BTreeMap<String, f64>,
    /// The sentence of a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Time.
    pub clock: Clock,
}

/// Appends records to the run's folder.
pub struct Metrics {
    path: PathBuf,
    file: File,
    length: u64,
    events: EventFile,
}

impl Metrics {
    /// Opens the file, cut back to `length` bytes (0 for a new run), and writes the TensorBoard
    /// copy anew from what remains.
    ///
    /// # Errors
    /// The files cannot be read or written, or the file is shorter than `length`.
    pub fn open(folder: &Folder, length: u64) -> Result<Self> {
        let path = folder.metrics();
        let fail = |error| RunError::io("write", &path, error);
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(fail)?;
        let present = file.metadata().map_err(fail)?.len();
        if present < length {
            return Err(RunError::checkpoint(
                &path,
                format!(
                    "it has {present} bytes, but the checkpoint was written after {length}: the file was cut"
                ),
            ));
        }
        file.set_len(length).map_err(fail)?;
        let mut events = EventFile::create(folder)?;
        for record in read(folder)? {
            events.append(&record)?;
        }
        Ok(Self { path, file, length, events })
    }

    /// Appends one record.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        let mut line = serde_json::to_vec(record).map_err(RunError::part)?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| RunError::io("write", &self.path, error))?;
        self.length += line.len() as u64;
        self.events.append(record)
    }

    /// Forces everything to the disk and gives the file's length.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn flush(&mut self) -> Result<u64> {
        self.file.sync_data().map_err(|error| RunError::io("write", &self.path, error))?;
        self.events.flush()?;
        Ok(self.length)
    }
}

/// All records of a run.
///
/// # Errors
/// The file cannot be read, or a line is not a record (its number is named).
pub fn read(folder: &Folder) -> Result<Vec<Record>> {
    let path = folder.metrics();
    let file = File::open(&path).map_err(|error| RunError::io("read", &path, error))?;
    let mut records = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|error| RunError::io("read", &path, error))?;
        let record = serde_json::from_str(&line).map_err(|error| {
            RunError::Part(format!("`{}`, line {}: not a record: {error}", path.display(), index + 1))
        })?;
        records.push(record);
    }
    Ok(records)
}
