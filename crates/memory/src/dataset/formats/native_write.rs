//! Writing the project's own format.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    super::{DataError, DataSpec, Dataset, Episode},
    native::{EPISODES, FileEntry, MANIFEST, Manifest, file_name},
    sink::{self, Sink, Slot},
};

/// Writes a data set as a new folder.
///
/// # Errors
/// The folder exists already, or cannot be written; nothing is left behind then.
pub fn save(set: &Dataset, folder: &Path) -> Result<(), DataError> {
    let mut writer = Writer::create(folder, set.spec(), true)?;
    sink::pour(set.columns(), &mut writer)?;
    writer.finish(set.spec(), set.episodes())
}

/// Takes the columns of a folder in the making; dropped unfinished, it removes what it wrote.
pub struct Writer {
    target: PathBuf,
    draft: PathBuf,
    columns: Vec<(Slot, ColumnFile)>,
    sealed: bool,
    finished: bool,
}

impl Writer {
    /// A folder in the making. `sealed`: with checksums, and flushed to the disk before it gets its
    /// name; a folder that lives no longer than this process needs neither.
    pub fn create(folder: &Path, spec: &DataSpec, sealed: bool) -> Result<Self, DataError> {
        if folder.exists() {
            return Err(DataError::unwritable(folder, "something of this name exists already"));
        }
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let draft = folder.with_file_name(format!(".{name}.partial-{}", std::process::id()));
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(|error| DataError::io("create", parent, error))?;
        }
        fs::create_dir(&draft).map_err(|error| DataError::io("create", &draft, error))?;
        let target = folder.to_owned();
        let mut writer = Self { target, draft, columns: Vec::new(), sealed, finished: false };
        for (slot, store, _) in sink::columns(spec) {
            let column = ColumnFile::create(&writer.draft, file_name(slot, store), sealed)?;
            writer.columns.push((slot, column));
        }
        Ok(writer)
    }

    /// Writes episodes and manifest and gives the folder its name.
    pub fn finish(mut self, spec: &DataSpec, episodes: &[Episode]) -> Result<(), DataError> {
        let mut rows = ColumnFile::create(&self.draft, EPISODES.to_owned(), self.sealed)?;
        for episode in episodes {
            let length = u32::try_from(episode.length).map_err(|_| {
                DataError::unwritable(&self.target, format!("an episode has {} steps", episode.length))
            })?;
            rows.put(&length.to_le_bytes())?;
            rows.put(&u32::from(episode.terminated).to_le_bytes())?;
        }
        let mut files = BTreeMap::new();
        let columns = std::mem::take(&mut self.columns).into_iter().map(|(_, column)| column);
        for column in columns.chain([rows]) {
            let (name, entry) = column.close()?;
            files.insert(name, entry);
        }
        let steps = episodes.iter().map(|episode| episode.length).sum();
        let manifest = Manifest::new(spec, episodes.len(), steps, files).sealed(&self.target)?;
        let path = self.draft.join(MANIFEST);
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&manifest)?;
            if self.sealed { file.sync_all() } else { Ok(()) }
        });
        written.map_err(|error| DataError::io("write", &path, error))?;
        fs::rename(&self.draft, &self.target).map_err(|error| DataError::io("write", &self.target, error))?;
        self.finished = true;
        Ok(())
    }

    fn put(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), DataError> {
        match self.columns.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, column)) => column.put(bytes),
            None => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_dir_all(&self.draft);
        }
    }
}

impl Sink for Writer {
    fn floats(&mut self, slot: Slot, values: &[f32]) -> Result<(), DataError> {
        self.put(slot, bytemuck::cast_slice(values))
    }

    fn bytes(&mut self, slot: Slot, values: &[u8]) -> Result<(), DataError> {
        self.put(slot, values)
    }

    fn indices(&mut self, values: &[u32]) -> Result<(), DataError> {
        self.put(Slot::Action, bytemuck::cast_slice(values))
    }
}

/// A file that is being written, with the checksum of what it holds so far.
struct ColumnFile {
    path: PathBuf,
    name: String,
    out: BufWriter<File>,
    bytes: u64,
    hasher: Option<blake3::Hasher>,
}

impl ColumnFile {
    fn create(folder: &Path, name: String, sealed: bool) -> Result<Self, DataError> {
        let path = folder.join(&name);
        let file = File::create(&path).map_err(|error| DataError::io("create", &path, error))?;
        let hasher = sealed.then(blake3::Hasher::new);
        Ok(Self { path, name, out: BufWriter::with_capacity(1 << 18, file), bytes: 0, hasher })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(|error| DataError::io("write", &self.path, error))
    }

    fn close(self) -> Result<(String, FileEntry), DataError> {
        let Self { path, name, out, bytes, hasher } = self;
        let failed = |error| DataError::io("write", &path, error);
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        if hasher.is_some() {
            file.sync_all().map_err(failed)?;
        }
        let checksum = hasher.map_or_else(String::new, |hasher| hasher.finalize().to_hex().to_string());
        Ok((name, FileEntry { bytes, checksum }))
    }
}
