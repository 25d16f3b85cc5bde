//! The project's own format: a folder of raw columns that is mapped, not read.
//!
//! `manifest.json` holds the version, the spec, and length and BLAKE3 checksum of every file beside
//! it, sealed with a checksum of its own. `episodes.u32` has two numbers per episode, its steps and
//! whether it terminated; every other file is one column, row after row, in little-endian order:
//! `field-0.f32` (or `.u8` for images), `actions.f32` or `actions.u32`, `reward.f32`, `extra-0.f32`.
//!
//! A folder is written whole or not at all: under another name beside its place, then renamed.
//! Opening checks the manifest, the lengths of all files and, up to 64 MiB, the checksums;
//! [`verify`] checks them all.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    marker::PhantomData,
    path::{Path, PathBuf},
    sync::Arc,
};

use memmap2::Mmap;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{
    super::{ActionColumn, Buffer, Columns, DataError, DataSpec, Dataset, Episode, FieldColumn},
    sink::{self, Slot, Store},
};

/// Version of the format that this program writes and the newest that it reads.
pub const VERSION: u32 = 1;

/// Up to here checksums are compared at opening, which takes hundredths of a second.
const QUICK: u64 = 64 << 20;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const EPISODES: &str = "episodes.u32";
const FORMAT: &str = "latentrl data";

/// Length and checksum of a file; the checksum of a spooled file is empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    pub bytes: u64,
    pub checksum: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: String,
    pub version: u32,
    pub episodes: usize,
    pub steps: usize,
    pub spec: DataSpec,
    pub files: BTreeMap<String, FileEntry>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    checksum: String,
    manifest: serde_json::Value,
}

impl Manifest {
    pub fn new(spec: &DataSpec, episodes: usize, steps: usize, files: BTreeMap<String, FileEntry>) -> Self {
        Self { format: FORMAT.into(), version: VERSION, episodes, steps, spec: spec.clone(), files }
    }

    /// The text of `manifest.json`.
    pub fn sealed(&self, path: &Path) -> Result<Vec<u8>, DataError> {
        let refuse = |error: serde_json::Error| DataError::unwritable(path, error.to_string());
        let manifest = serde_json::to_value(self).map_err(refuse)?;
        let body = serde_json::to_vec(&manifest).map_err(refuse)?;
        serde_json::to_vec_pretty(&Sealed { checksum: checksum(&body), manifest }).map_err(refuse)
    }

    fn read(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join(MANIFEST);
        let bytes = fs::read(&path).map_err(|error| DataError::io("read", &path, error))?;
        let sealed: Sealed = serde_json::from_slice(&bytes)
            .map_err(|_| DataError::damaged(&path, "it is not a manifest, or not a complete one"))?;
        let body = serde_json::to_vec(&sealed.manifest).map_err(|error| DataError::damaged(&path, error))?;
        if checksum(&body) != sealed.checksum {
            return Err(DataError::damaged(&path, "its checksum does not match"));
        }
        let version = sealed.manifest.get("version").and_then(serde_json::Value::as_u64).unwrap_or_default();
        if version > u64::from(VERSION) {
            let found = format!(
                "its format has version {version} and this program reads up to {VERSION}: use a newer latentrl"
            );
            return Err(DataError::unknown(&path, found));
        }
        serde_json::from_value(sealed.manifest).map_err(|error| DataError::damaged(&path, error))
    }
}

/// Whether a folder is of this format.
pub fn is_one(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file() && folder.join(EPISODES).is_file()
}

/// Name of a column's file.
pub(super) fn file_name(slot: Slot, store: Store) -> String {
    let stem = match slot {
        Slot::Field(index) => format!("field-{index}"),
        Slot::Action => "actions".to_owned(),
        Slot::Reward => "reward".to_owned(),
        Slot::Extra(index) => format!("extra-{index}"),
    };
    let kind = match store {
        Store::F32 => "f32",
        Store::U8 => "u8",
        Store::U32 => "u32",
    };
    format!("{stem}.{kind}")
}

/// What a folder holds, by its manifest alone.
pub(super) fn outline(folder: &Path) -> Result<(DataSpec, usize, usize), DataError> {
    let manifest = Manifest::read(folder)?;
    Ok((manifest.spec, manifest.episodes, manifest.steps))
}

/// Maps a folder.
///
/// # Errors
/// A file is missing, has another length than the manifest says, or (small ones) another checksum.
pub fn open(folder: &Path) -> Result<Dataset, DataError> {
    open_keeping(folder, None)
}

/// The same for a folder that is removed together with the data set.
pub(super) fn open_keeping(folder: &Path, keep: Option<TempDir>) -> Result<Dataset, DataError> {
    let manifest = Manifest::read(folder)?;
    let open = Opening { folder, manifest: &manifest, keep: keep.map(Arc::new) };
    let episodes = open.episodes()?;
    let mut columns =
        Columns { fields: Vec::new(), actions: None, reward: Vec::new().into(), extra: Vec::new() };
    for (slot, store, width) in sink::columns(&manifest.spec) {
        let rows = match slot {
            Slot::Field(_) => manifest.steps + manifest.episodes,
            _ => manifest.steps,
        };
        let name = file_name(slot, store);
        let elements = rows * width;
        match (slot, store) {
            (Slot::Field(_), Store::U8) => {
                columns.fields.push(FieldColumn::Bytes(open.column(&name, elements)?));
            }
            (Slot::Field(_), _) => columns.fields.push(FieldColumn::Floats(open.column(&name, elements)?)),
            (Slot::Action, Store::U32) => {
                columns.actions = Some(ActionColumn::Discrete(open.column(&name, elements)?));
            }
            (Slot::Action, _) => {
                columns.actions = Some(ActionColumn::Continuous(open.column(&name, elements)?));
            }
            (Slot::Reward, _) => columns.reward = open.column(&name, elements)?,
            (Slot::Extra(_), _) => columns.extra.push(open.column(&name, elements)?),
        }
    }
    if manifest.files.values().map(|file| file.bytes).sum::<u64>() <= QUICK {
        check_sums(folder, &manifest)?;
    }
    let spec = manifest.spec.clone();
    Dataset::new(spec, episodes, columns).map_err(|source| DataError::memory(folder, source))
}

/// Compares the checksums of all files.
///
/// # Errors
/// One does not match; it is named.
pub fn verify(folder: &Path) -> Result<(), DataError> {
    check_sums(folder, &Manifest::read(folder)?)
}

fn check_sums(folder: &Path, manifest: &Manifest) -> Result<(), DataError> {
    let mut block = vec![0; 1 << 20];
    for (name, entry) in manifest.files.iter().filter(|(_, entry)| !entry.checksum.is_empty()) {
        let path = folder.join(name);
        let mut file = File::open(&path).map_err(|error| DataError::io("read", &path, error))?;
        let mut hasher = blake3::Hasher::new();
        loop {
            match file.read(&mut block).map_err(|error| DataError::io("read", &path, error))? {
                0 => break,
                count => hasher.update(&block[..count]),
            };
        }
        if hasher.finalize().to_hex().as_str() != entry.checksum {
            return Err(DataError::damaged(&path, "its checksum is not the one in the manifest"));
        }
    }
    Ok(())
}

fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

struct Opening<'a> {
    folder: &'a Path,
    manifest: &'a Manifest,
    keep: Option<Arc<TempDir>>,
}

impl Opening<'_> {
    /// Maps the file of a column.
    fn column<T>(&self, name: &str, elements: usize) -> Result<Buffer<T>, DataError>
    where
        T: bytemuck::AnyBitPattern + Send + Sync,
    {
        let bytes = elements as u64 * size_of::<T>() as u64;
        let path = self.check_length(name, bytes)?;
        if bytes == 0 {
            return Ok(Vec::new().into());
        }
        if cfg!(target_endian = "big") {
            return Err(DataError::unknown(&path, "its numbers are little-endian, this processor's are not"));
        }
        let file = File::open(&path).map_err(|error| DataError::io("read", &path, error))?;
        // SAFETY: the mapping is read-only and shared as plain numbers, every bit pattern of which
        // is valid. The folder is written once, under another name, and renamed when complete, and
        // nothing in this program changes it afterwards; as with every mapped file, another program
        // that truncates it while it is in use would be at fault.
        let map = unsafe { Mmap::map(&file) }.map_err(|error| DataError::io("map", &path, error))?;
        Ok(Buffer::of(Mapped { map, kind: PhantomData, _keep: self.keep.clone() }))
    }

    fn check_length(&self, name: &str, bytes: u64) -> Result<PathBuf, DataError> {
        let path = self.folder.join(name);
        let Some(entry) = self.manifest.files.get(name) else {
            return Err(DataError::missing(&self.folder.join(MANIFEST), name, "its spec asks for this file"));
        };
        let found = fs::metadata(&path).map_err(|error| DataError::io("read", &path, error))?.len();
        if found != entry.bytes || found != bytes {
            let reason = format!("it has {found} bytes where spec and manifest ask for {bytes}");
            return Err(DataError::damaged(&path, reason));
        }
        Ok(path)
    }

    fn episodes(&self) -> Result<Vec<Episode>, DataError> {
        let bytes = self.manifest.episodes as u64 * 8;
        let path = self.check_length(EPISODES, bytes)?;
        let raw = fs::read(&path).map_err(|error| DataError::io("read", &path, error))?;
        let (mut step, mut observation) = (0, 0);
        let (pairs, _) = raw.as_chunks::<8>();
        let episode = |&[a, b, c, d, e, f, g, h]: &[u8; 8]| {
            let length = u32::from_le_bytes([a, b, c, d]) as usize;
            let terminated = u32::from_le_bytes([e, f, g, h]) != 0;
            let episode = Episode { observation, step, length, terminated };
            step += length;
            observation += length + 1;
            episode
        };
        let episodes = pairs.iter().map(episode).collect();
        if step != self.manifest.steps {
            let reason = format!("its episodes have {step} steps, the manifest says {}", self.manifest.steps);
            return Err(DataError::damaged(&path, reason));
        }
        Ok(episodes)
    }
}

/// A mapped file as numbers, and the temporary folder it lies in.
struct Mapped<T> {
    map: Mmap,
    kind: PhantomData<T>,
    _keep: Option<Arc<TempDir>>,
}

impl<T: bytemuck::AnyBitPattern> AsRef<[T]> for Mapped<T> {
    fn as_ref(&self) -> &[T] {
        // A mapping begins at a page, and its length was compared: the cast cannot fail.
        bytemuck::try_cast_slice(&self.map).unwrap_or_default()
    }
}
