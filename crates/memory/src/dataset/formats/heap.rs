//! Sequences of bytes of varying length in an HDF5 file, and the JPEG images that Minari keeps in
//! them.
//!
//! An element of such an array is a reference into a *global heap collection*: its length, the
//! collection's address and the number of the object in it (HDF5 File Format Specification, version
//! 3.0, III.E).

use std::{
    collections::{HashMap, hash_map::Entry},
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::super::DataError;

/// Bytes of a reference: length (4), address (8), number (4).
const REFERENCE: usize = 16;

/// Bytes before the first object of a collection.
const HEADER: usize = 16;

/// Collections are a few kibibytes, or as large as their one object.
const LARGEST: u64 = 1 << 30;

/// The sequences that references point to.
///
/// # Errors
/// A reference points at something that is no collection, or beyond the file's end.
pub fn sequences(path: &Path, references: &[u8]) -> Result<Vec<Vec<u8>>, DataError> {
    let mut file = File::open(path).map_err(|error| DataError::io("read", path, error))?;
    let mut collections: HashMap<u64, Vec<u8>> = HashMap::new();
    let (references, _) = references.as_chunks::<REFERENCE>();
    let mut out = Vec::with_capacity(references.len());
    for &[l0, l1, l2, l3, a0, a1, a2, a3, a4, a5, a6, a7, n0, n1, n2, n3] in references {
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let address = u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]);
        let number = u32::from_le_bytes([n0, n1, n2, n3]);
        if length == 0 {
            out.push(Vec::new());
            continue;
        }
        let bytes = match collections.entry(address) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(collection(path, &mut file, address)?),
        };
        match object(bytes, number).and_then(|bytes| bytes.get(..length)) {
            Some(bytes) => out.push(bytes.to_vec()),
            None => return Err(damaged(path, address)),
        }
    }
    Ok(out)
}

fn damaged(path: &Path, address: u64) -> DataError {
    DataError::damaged(path, format!("there is no heap of byte sequences at address {address}"))
}

fn collection(path: &Path, file: &mut File, address: u64) -> Result<Vec<u8>, DataError> {
    let mut header = [0; HEADER];
    let read = file.seek(SeekFrom::Start(address)).and_then(|_| file.read_exact(&mut header));
    let [s0, s1, s2, s3, s4, s5, s6, s7] = [8, 9, 10, 11, 12, 13, 14, 15].map(|index: usize| header[index]);
    let size = u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]);
    if read.is_err() || !header.starts_with(b"GCOL") || !(HEADER as u64..=LARGEST).contains(&size) {
        return Err(damaged(path, address));
    }
    let mut bytes = vec![0; size as usize - HEADER];
    file.read_exact(&mut bytes).map_err(|_| damaged(path, address))?;
    Ok(bytes)
}

/// The object of this number: each has a number (2), a count of references (2), 4 bytes unused, its
/// length (8), and its bytes up to a multiple of 8.
fn object(mut bytes: &[u8], wanted: u32) -> Option<&[u8]> {
    while let [n0, n1, _, _, _, _, _, _, l0, l1, l2, l3, l4, l5, l6, l7, rest @ ..] = bytes {
        let number = u32::from(u16::from_le_bytes([*n0, *n1]));
        let length = u64::from_le_bytes([*l0, *l1, *l2, *l3, *l4, *l5, *l6, *l7]) as usize;
        match number {
            0 => return None,
            number if number == wanted => return rest.get(..length),
            _ => bytes = rest.get(length.checked_next_multiple_of(8)?..)?,
        }
    }
    None
}

/// Decodes a JPEG image of this size; the error says what is wrong.
pub fn image(bytes: &[u8], height: usize, width: usize, channels: usize) -> Result<Vec<u8>, String> {
    let colours = if channels == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default().jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().map_err(|error| error.to_string())?;
    let found = decoder.dimensions();
    if found != Some((width, height)) || pixels.len() != height * width * channels {
        return Err(format!("it is not {height} by {width} with {channels} channels"));
    }
    Ok(pixels)
}
