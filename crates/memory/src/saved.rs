//! Bytes of what is saved: a magic word, a version, a fingerprint of the layout, numbers in
//! little-endian order, and a CRC-32 over everything before it.

use crate::MemoryError;

const VERSION: u32 = 1;

/// Begins what is saved under a magic word, for whatever has the layout `hash`.
pub(crate) fn begin(out: &mut Vec<u8>, magic: &[u8; 8], hash: u32) {
    out.extend_from_slice(magic);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&hash.to_le_bytes());
}

/// Closes it with its checksum.
pub(crate) fn finish(out: &mut Vec<u8>) {
    let checksum = crc32fast::hash(out);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// Reads what was saved, after magic, version and checksum have been found right.
pub(crate) struct Reader<'a> {
    what: &'static str,
    pub rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// After magic word, version and checksum.
    pub fn open(what: &'static str, saved: &'a [u8], magic: &[u8; 8]) -> Result<Self, MemoryError> {
        let mut reader = Self { what, rest: saved };
        if reader.take(magic.len())? != magic {
            return Err(reader.error("the file is of another kind"));
        }
        let version = reader.number()?;
        if version > VERSION {
            let reason = format!("version {version} is newer than this program knows; update it");
            return Err(reader.error(reason));
        }
        let Some(body) = reader.rest.len().checked_sub(4) else {
            return Err(reader.error("it was cut off"));
        };
        let (body, mut checksum) = (&reader.rest[..body], Self { what, rest: &reader.rest[body..] });
        if checksum.number()? != crc32fast::hash(&saved[..saved.len() - 4]) {
            return Err(reader.error("its checksum does not match: the file is damaged or cut off"));
        }
        reader.rest = body;
        Ok(reader)
    }

    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], MemoryError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.error("it was cut off"));
        };
        self.rest = rest;
        Ok(taken)
    }

    /// The next number of 32 bits.
    pub fn number(&mut self) -> Result<u32, MemoryError> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// The next number of 64 bits.
    pub fn long(&mut self) -> Result<u64, MemoryError> {
        let (low, high) = (self.number()?, self.number()?);
        Ok(u64::from(low) | u64::from(high) << 32)
    }

    /// A refusal of what is read.
    pub fn error(&self, reason: impl Into<String>) -> MemoryError {
        MemoryError::saved(self.what, reason)
    }
}
