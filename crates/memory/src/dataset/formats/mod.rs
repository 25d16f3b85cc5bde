//! Files that hold recorded experience.
//!
//! | format | read | written |
//! |---|---|---|
//! | Minari 0.5 (a folder with `data/main_data.hdf5` and `data/metadata.json`) | [`minari`] | [`minari_write`] |
//! | D4RL (one HDF5 file) | [`d4rl`] | no |
//! | OGBench (npz, with a `-val` file beside it) | [`ogbench`] | no |
//! | the project's own (a folder of raw columns) | [`native`] | [`native_write`] |
//!
//! Opening recognises the format by what the file holds, never by its name. The own format is
//! mapped. The others are read once, a block at a time: into memory, or, where they would take more
//! than a quarter of it, into a temporary folder of the own format (in `TMPDIR`), which is mapped
//! and removed with the data set.

mod arrays;
pub mod d4rl;
mod element;
mod findings;
mod flat;
mod hdf5;
mod heap;
pub mod minari;
mod minari_episode;
mod minari_spec;
pub mod minari_write;
pub mod native;
pub mod native_write;
mod npz;
pub mod ogbench;
pub(crate) mod sink;
mod spaces;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use serde::Serialize;

pub use findings::{Finding, Findings, Flaw};

use super::{DataError, DataSpec, Dataset, Episode};
use sink::{Loaded, Sink};

/// A format of data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Minari's folder.
    Minari,
    /// D4RL's HDF5 file.
    D4rl,
    /// OGBench's npz file.
    Ogbench,
    /// The project's own folder.
    Native,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minari => "Minari",
            Self::D4rl => "D4RL",
            Self::Ogbench => "OGBench",
            Self::Native => "latentrl",
        }
    }
}

/// A file whose metadata have been read.
pub trait Source {
    /// The file.
    fn path(&self) -> &Path;
    /// What it holds of every step.
    fn spec(&self) -> &DataSpec;
    /// Its episodes.
    fn episodes(&self) -> &[Episode];
    /// What was left out, a sentence each.
    fn notes(&self) -> &[String];
    /// Reads everything, column by column or episode by episode, in order within each column.
    ///
    /// # Errors
    /// The file ends early, is damaged, or the sink fails.
    fn read(&mut self, sink: &mut dyn Sink, findings: &mut Findings) -> Result<(), DataError>;
}

/// What a file says of itself, without its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Its format.
    pub format: Format,
    /// What it holds of every step.
    pub spec: DataSpec,
    /// Number of episodes.
    pub episodes: usize,
    /// Number of steps.
    pub steps: usize,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

/// A data set with everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// Its format.
    pub format: Format,
    /// The data set, flawed values included.
    pub set: Dataset,
    /// Values that cannot be learned from.
    pub findings: Findings,
    /// What was left out, a sentence each.
    pub notes: Vec<String>,
}

/// Opens a data set of any format, to learn from.
///
/// # Errors
/// It is none, truncated, inconsistent or empty, or holds values that are not finite or lie outside
/// the declared spaces; one sentence with file, key and row.
pub fn open(path: &Path) -> Result<Dataset, DataError> {
    let surveyed = survey(path)?;
    match surveyed.findings.0.first() {
        None => Ok(surveyed.set),
        Some(finding) => Err(DataError::Values { path: path.to_owned(), finding: finding.to_string() }),
    }
}

/// Opens the validation split of a data set: OGBench's `-val` file beside `path`.
///
/// # Errors
/// Those of [`open`], or the format has no such split.
pub fn open_validation(path: &Path) -> Result<Dataset, DataError> {
    open(&validation(path)?)
}

/// Where the validation split of a data set lies.
///
/// # Errors
/// The format has no such split, or the file is missing.
pub fn validation(path: &Path) -> Result<PathBuf, DataError> {
    match recognise(path)? {
        Place::Npz(path) => {
            let split = ogbench::validation(&path);
            if split.is_file() {
                return Ok(split);
            }
            let name = split.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Err(DataError::missing(path.parent().unwrap_or(&path), name, "it is the validation split"))
        }
        _ => Err(DataError::missing(path, "-val.npz", "only OGBench's files come with a validation split")),
    }
}

/// Opens a data set whatever is wrong with its values, and says what is.
///
/// # Errors
/// Those of [`open`] but for the values.
pub fn survey(path: &Path) -> Result<Surveyed, DataError> {
    let (format, mut source) = match scan(path)? {
        Scanned::Native(folder) => {
            let set = native::open(&folder)?;
            let (findings, notes) = (Findings::default(), Vec::new());
            return Ok(Surveyed { format: Format::Native, set, findings, notes });
        }
        Scanned::Source(format, source) => (format, source),
    };
    let mut findings = Findings::default();
    let set = load(source.as_mut(), &mut findings, machine_memory() / 4)?;
    Ok(Surveyed { format, set, findings, notes: source.notes().to_vec() })
}

/// Reads a file's metadata only.
///
/// # Errors
/// It is no data set, or its metadata are damaged or inconsistent.
pub fn outline(path: &Path) -> Result<Outline, DataError> {
    match scan(path)? {
        Scanned::Native(folder) => {
            let (spec, episodes, steps) = native::outline(&folder)?;
            Ok(Outline { format: Format::Native, spec, episodes, steps, notes: Vec::new() })
        }
        Scanned::Source(format, source) => Ok(Outline {
            format,
            spec: source.spec().clone(),
            episodes: source.episodes().len(),
            steps: source.episodes().iter().map(|episode| episode.length).sum(),
            notes: source.notes().to_vec(),
        }),
    }
}

enum Scanned {
    Native(PathBuf),
    Source(Format, Box<dyn Source>),
}

fn scan(path: &Path) -> Result<Scanned, DataError> {
    Ok(match recognise(path)? {
        Place::Native(folder) => Scanned::Native(folder),
        Place::Minari(folder) => Scanned::Source(Format::Minari, Box::new(minari::open(&folder)?)),
        Place::Hdf5(path) => {
            Scanned::Source(Format::D4rl, Box::new(d4rl::open(Box::new(hdf5::Hdf5::open(&path)?))?))
        }
        Place::Npz(path) => {
            Scanned::Source(Format::Ogbench, Box::new(ogbench::open(Box::new(npz::Npz::open(&path)?))?))
        }
    })
}

/// Reads everything into memory, or into a temporary folder where it takes more than `most` bytes.
fn load(source: &mut dyn Source, findings: &mut Findings, most: u64) -> Result<Dataset, DataError> {
    let (spec, episodes) = (source.spec().clone(), source.episodes().to_vec());
    let steps = episodes.iter().map(|episode| episode.length).sum();
    if sink::bytes(&spec, steps, episodes.len()) <= most {
        let mut loaded = Loaded::new(&spec, steps, episodes.len());
        source.read(&mut loaded, findings)?;
        return Dataset::new(spec, episodes, loaded.into_columns())
            .map_err(|error| DataError::memory(source.path(), error));
    }
    let temporary = std::env::temp_dir();
    let keep = tempfile::Builder::new()
        .prefix("latentrl-data-")
        .tempdir()
        .map_err(|error| DataError::io("create", &temporary, error))?;
    let folder = keep.path().join("set");
    let mut writer = native_write::Writer::create(&folder, &spec, false)?;
    source.read(&mut writer, findings)?;
    writer.finish(&spec, &episodes)?;
    if cfg!(unix) {
        // What is mapped stays readable when it has lost its name, and is gone when the process is,
        // however that ends.
        let set = native::open(&folder);
        drop(keep);
        return set;
    }
    native::open_keeping(&folder, Some(keep))
}

/// Bytes of memory that this machine has; 8 GiB where it does not say.
fn machine_memory() -> u64 {
    const UNKNOWN: u64 = 8 << 30;
    let Ok(text) = std::fs::read_to_string("/proc/meminfo") else { return UNKNOWN };
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or(UNKNOWN, |kibibytes| kibibytes << 10)
}

/// What lies at a path.
enum Place {
    /// The project's own folder.
    Native(PathBuf),
    /// The folder that holds `main_data.hdf5`.
    Minari(PathBuf),
    /// An HDF5 file of long arrays.
    Hdf5(PathBuf),
    /// An npz file.
    Npz(PathBuf),
}

fn recognise(path: &Path) -> Result<Place, DataError> {
    if path.is_dir() {
        let inner = path.join("data");
        return match () {
            () if native::is_one(path) => Ok(Place::Native(path.to_owned())),
            () if path.join(minari::MAIN).is_file() => Ok(Place::Minari(path.to_owned())),
            () if inner.join(minari::MAIN).is_file() => Ok(Place::Minari(inner)),
            () if path.join(native::MANIFEST).is_file() => {
                Err(DataError::missing(path, native::EPISODES, "it says where episodes begin"))
            }
            () => {
                let found =
                    format!("the folder has neither `{}` nor `data/{}`", native::MANIFEST, minari::MAIN);
                Err(DataError::unknown(path, found))
            }
        };
    }
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(8).read_to_end(&mut start))
        .map_err(|error| DataError::io("read", path, error))?;
    if start.starts_with(b"\x89HDF\r\n\x1a\n") {
        if path.file_name().is_some_and(|name| name == minari::MAIN) {
            return Ok(Place::Minari(path.parent().unwrap_or(Path::new(".")).to_owned()));
        }
        return Ok(Place::Hdf5(path.to_owned()));
    }
    if start.starts_with(b"PK") {
        return Ok(Place::Npz(path.to_owned()));
    }
    let found = if start.is_empty() {
        "the file is empty".to_owned()
    } else {
        format!("it begins with `{}`, which is neither HDF5 nor npz", start.escape_ascii())
    };
    Err(DataError::unknown(path, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_too_large_for_memory_is_mapped_and_holds_the_same() {
        for name in ["minari-goal", "minari-discrete", "d4rl.hdf5", "ogbench-pixels.npz"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
            let read = |most| {
                let Ok(Scanned::Source(_, mut source)) = scan(&path) else { panic!("{name} is a data set") };
                load(source.as_mut(), &mut Findings::default(), most).expect("a data set")
            };
            let (loaded, mapped) = (read(u64::MAX), read(0));
            assert_eq!((loaded.spec(), loaded.episodes()), (mapped.spec(), mapped.episodes()), "{name}");
            for (one, other) in [(&loaded, &mapped), (&mapped, &loaded)] {
                let place = tempfile::tempdir().expect("a folder");
                let folders = [place.path().join("one"), place.path().join("other")];
                native_write::save(one, &folders[0]).expect("written");
                native_write::save(other, &folders[1]).expect("written");
                let manifest = |folder: &Path| std::fs::read(folder.join(native::MANIFEST)).expect("a file");
                assert_eq!(manifest(&folders[0]), manifest(&folders[1]), "{name}");
            }
        }
    }
}
