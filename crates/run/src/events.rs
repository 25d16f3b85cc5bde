//! TensorBoard's event files: length-prefixed, checksummed protocol-buffer messages.
//!
//! A record is `length u64 | masked crc32c of the length | message | masked crc32c of the message`
//! (TensorFlow's record format). The message `Event` has fields `wall_time` (1, double), `step` (2,
//! int64), `file_version` (3, string) and `summary` (5), whose `value` (1) has `tag` (1, string) and
//! `simple_value` (2, float). The few bytes are written by hand: a code generator and its build
//! step would weigh more than this file.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use crate::{Result, RunError, folder::Folder, metrics::Record};

const NAME: &str = "events.out.tfevents.0.latentrl";

/// Writes scalars for TensorBoard.
pub struct EventFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl EventFile {
    /// A new, empty event file in place of any other.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(folder: &Folder) -> Result<Self> {
        let path = folder.path().join(NAME);
        let file = File::create(&path).map_err(|error| RunError::io("write", &path, error))?;
        let mut events = Self { path, file: BufWriter::new(file) };
        let mut message = Vec::new();
        double(&mut message, 1, 0.0);
        bytes(&mut message, 3, b"brain.Event:2");
        events.write(&message)?;
        Ok(events)
    }

    /// Appends every number of a record.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        let mut summary = Vec::new();
        for (tag, value) in &record.values {
            let mut entry = Vec::new();
            bytes(&mut entry, 1, tag.as_bytes());
            entry.push(2 << 3 | 5);
            entry.extend_from_slice(&(*value as f32).to_le_bytes());
            bytes(&mut summary, 1, &entry);
        }
        let mut message = Vec::new();
        double(&mut message, 1, record.clock.seconds);
        message.push(2 << 3);
        varint(&mut message, record.step);
        bytes(&mut message, 5, &summary);
        self.write(&message)
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// The disk is full or the file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|error| RunError::io("write", &self.path, error))
    }

    fn write(&mut self, message: &[u8]) -> Result<()> {
        let length = (message.len() as u64).to_le_bytes();
        let parts: [&[u8]; 4] = [&length, &masked_checksum(&length), message, &masked_checksum(message)];
        for part in parts {
            self.file.write_all(part).map_err(|error| RunError::io("write", &self.path, error))?;
        }
        Ok(())
    }
}

impl Drop for EventFile {
    fn drop(&mut self) {
        // A copy for viewing: what cannot be written any more is still in metrics.jsonl.
        let _ = self.file.flush();
    }
}

fn masked_checksum(data: &[u8]) -> [u8; 4] {
    let sum = crc32c::crc32c(data);
    (sum.rotate_right(15).wrapping_add(0xa282_ead8)).to_le_bytes()
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn double(out: &mut Vec<u8>, field: u8, value: f64) {
    out.push(field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn bytes(out: &mut Vec<u8>, field: u8, value: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}
