//! Snapshots on disk: `checkpoints/<step>/` with a manifest that carries a version and checksums.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use crate::{
    NamedArray, Result, RunError,
    folder::{Folder, write_whole},
    snapshot::{Segment, Snapshot},
};

/// Version of the format that this program writes and reads. It goes up whenever arrays or values of
/// any method change their names, as a checkpoint is then of no use.
pub const VERSION: u32 = 2;

/// How many checkpoints are kept.
const KEPT: usize = 2;

const STATE: &str = "state.safetensors";
const VALUES: &str = "values.json";
const MANIFEST: &str = "manifest.json";

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    program: String,
    method: String,
    step: u64,
    files: BTreeMap<String, String>,
    segments: BTreeMap<String, Vec<SegmentFile>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SegmentFile {
    from: u64,
    to: u64,
    checksum: String,
}

/// What stands in `manifest.json`: the manifest and its own checksum.
#[derive(Serialize, Deserialize)]
struct Sealed {
    checksum: String,
    manifest: serde_json::Value,
}

/// The checkpoints of one run.
pub struct Checkpoints {
    root: PathBuf,
    method: String,
    segments: BTreeMap<String, Vec<SegmentFile>>,
}

impl Checkpoints {
    /// The checkpoints of a run of `method` in `folder`.
    pub fn new(folder: &Folder, method: &str) -> Self {
        Self { root: folder.checkpoints(), method: method.to_owned(), segments: BTreeMap::new() }
    }

    /// An empty snapshot to save into, which knows the segments that are on disk already.
    pub fn begin(&self) -> Snapshot {
        let known = |files: &Vec<SegmentFile>| {
            files.iter().map(|file| Segment { from: file.from, to: file.to, bytes: Vec::new() }).collect()
        };
        Snapshot::after(self.segments.iter().map(|(name, files)| (name.clone(), known(files))).collect())
    }

    /// Writes a snapshot and makes it the latest. Older ones than the newest two are removed.
    ///
    /// # Errors
    /// The disk is full or cannot be written; the checkpoints that stood before still stand.
    pub fn write(&mut self, snapshot: &Snapshot, step: u64) -> Result<()> {
        let draft = self.root.join(format!("{step}.partial"));
        let written = self.write_draft(snapshot, step, &draft);
        if written.is_err() {
            let _ = fs::remove_dir_all(&draft);
        }
        self.segments = written?;
        write_whole(&self.root.join("latest"), step.to_string().as_bytes())?;
        self.prune(step);
        Ok(())
    }

    fn write_draft(
        &self,
        snapshot: &Snapshot,
        step: u64,
        draft: &Path,
    ) -> Result<BTreeMap<String, Vec<SegmentFile>>> {
        let _ = fs::remove_dir_all(draft);
        fs::create_dir_all(draft).map_err(|error| RunError::io("create", draft, error))?;
        let segments = self.write_segments(snapshot)?;
        let state = encode_state(snapshot)?;
        let values = serde_json::to_vec(&snapshot.values).map_err(RunError::part)?;
        let mut files = BTreeMap::new();
        for (name, bytes) in [(STATE, &state), (VALUES, &values)] {
            write_whole(&draft.join(name), bytes)?;
            files.insert(name.to_owned(), checksum(bytes));
        }
        let manifest = Manifest {
            version: VERSION,
            program: crate::PROGRAM.to_owned(),
            method: self.method.clone(),
            step,
            files,
            segments: segments.clone(),
        };
        write_whole(&draft.join(MANIFEST), &seal(&manifest)?)?;
        self.replace(step, draft)?;
        Ok(segments)
    }

    /// Moves a complete draft to its place. A checkpoint of the same step steps aside first: at
    /// every moment one of the two stands under a name that [`Checkpoints::place`] finds.
    fn replace(&self, step: u64, draft: &Path) -> Result<()> {
        let (place, aside) = (self.root.join(step.to_string()), self.aside(step));
        if place.exists() {
            let _ = fs::remove_dir_all(&aside);
            fs::rename(&place, &aside).map_err(|error| RunError::io("write", &place, error))?;
        }
        fs::rename(draft, &place).map_err(|error| RunError::io("write", &place, error))?;
        let _ = fs::remove_dir_all(&aside);
        Ok(())
    }

    fn aside(&self, step: u64) -> PathBuf {
        self.root.join(format!("{step}.aside"))
    }

    /// Where the checkpoint of this step stands.
    fn place(&self, step: u64) -> PathBuf {
        let (place, aside) = (self.root.join(step.to_string()), self.aside(step));
        if !place.exists() && aside.exists() { aside } else { place }
    }

    fn write_segments(&self, snapshot: &Snapshot) -> Result<BTreeMap<String, Vec<SegmentFile>>> {
        let mut out = BTreeMap::new();
        for (name, segments) in &snapshot.segments {
            let mut files = Vec::new();
            for segment in segments {
                let known =
                    self.segments.get(name).and_then(|known| known.iter().find(|file| file.to == segment.to));
                let file = match known {
                    Some(file) => file.clone(),
                    None => self.write_segment(name, segment)?,
                };
                files.push(file);
            }
            out.insert(name.clone(), files);
        }
        Ok(out)
    }

    fn write_segment(&self, name: &str, segment: &Segment) -> Result<SegmentFile> {
        let folder = self.root.join("segments");
        fs::create_dir_all(&folder).map_err(|error| RunError::io("create", &folder, error))?;
        let file = SegmentFile { from: segment.from, to: segment.to, checksum: checksum(&segment.bytes) };
        write_whole(&folder.join(segment_name(name, &file)), &segment.bytes)?;
        Ok(file)
    }

    /// Removes checkpoints beyond the newest two, and segments that none of those names. Failing to
    /// remove something costs space only, so it is not an error.
    fn prune(&self, newest: u64) {
        let mut steps: Vec<u64> = self.steps().into_iter().filter(|step| *step <= newest).collect();
        let keep = steps.split_off(steps.len().saturating_sub(KEPT));
        for step in steps {
            let _ = fs::remove_dir_all(self.root.join(step.to_string()));
        }
        let mut named = Vec::new();
        for step in keep {
            let Ok(manifest) = self.manifest(step) else { return };
            for (name, files) in &manifest.segments {
                named.extend(files.iter().map(|file| segment_name(name, file)));
            }
        }
        for entry in fs::read_dir(self.root.join("segments")).into_iter().flatten().flatten() {
            if !named.iter().any(|name| entry.file_name().to_str() == Some(name)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn steps(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut steps: Vec<u64> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        steps.sort_unstable();
        steps
    }

    /// The latest checkpoint's step, or nothing where none was written yet.
    ///
    /// # Errors
    /// The file `latest` cannot be understood.
    pub fn latest(&self) -> Result<Option<u64>> {
        let path = self.root.join("latest");
        match fs::read_to_string(&path) {
            Ok(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| RunError::checkpoint(&path, format!("`{}` is not a step", text.trim()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(RunError::io("read", &path, error)),
        }
    }

    /// Reads the checkpoint of this step.
    ///
    /// # Errors
    /// It is truncated, altered, of another version, or of another method.
    pub fn read(&mut self, step: u64) -> Result<Snapshot> {
        let place = self.place(step);
        let manifest = self.manifest(step)?;
        let state = read_checked(&place.join(STATE), manifest.files.get(STATE))?;
        let values = read_checked(&place.join(VALUES), manifest.files.get(VALUES))?;
        let mut snapshot = decode_state(&place, &state)?;
        snapshot.values = serde_json::from_slice(&values)
            .map_err(|error| RunError::checkpoint(&place, format!("its values cannot be read: {error}")))?;
        for (name, files) in &manifest.segments {
            let mut segments = Vec::new();
            for file in files {
                let path = self.root.join("segments").join(segment_name(name, file));
                let bytes = read_checked(&path, Some(&file.checksum))?;
                segments.push(Segment { from: file.from, to: file.to, bytes });
            }
            snapshot.segments.insert(name.clone(), segments);
        }
        self.segments = manifest.segments;
        Ok(snapshot)
    }

    /// The manifest as it was written, if it is whole and of this version.
    fn sealed(&self, step: u64) -> Result<(PathBuf, serde_json::Value)> {
        let path = self.place(step).join(MANIFEST);
        let bytes = fs::read(&path).map_err(|error| RunError::io("read", &path, error))?;
        let sealed: Sealed = serde_json::from_slice(&bytes).map_err(|_| damaged(&path))?;
        let body = serde_json::to_vec(&sealed.manifest).map_err(RunError::part)?;
        if checksum(&body) != sealed.checksum {
            return Err(damaged(&path));
        }
        match self.other_version(&sealed.manifest) {
            Some(cause) => Err(RunError::checkpoint(&path, cause)),
            None => Ok((path, sealed.manifest)),
        }
    }

    /// Why a checkpoint of another version is not read, and what to do.
    fn other_version(&self, manifest: &serde_json::Value) -> Option<String> {
        let version = manifest.get("version").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let text = |name| manifest.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let this = crate::PROGRAM;
        match version.cmp(&u64::from(VERSION)) {
            Ordering::Equal => None,
            Ordering::Greater => Some(format!(
                "it has format version {version}, this program reads {VERSION}: use a newer latentrl"
            )),
            Ordering::Less => Some(format!(
                "it was written by {}, whose checkpoints {this} does not read: go on with that version, or train it \
                 again with `latentrl train {} --config {}`, which names the settings that have changed, if any",
                text("program"),
                text("method"),
                self.root.with_file_name("config.toml").display()
            )),
        }
    }

    fn manifest(&self, step: u64) -> Result<Manifest> {
        let (path, manifest) = self.sealed(step)?;
        let manifest: Manifest = serde_json::from_value(manifest).map_err(|_| damaged(&path))?;
        if manifest.method != self.method {
            let cause = format!(
                "it is of method `{}`, but the run's config names `{}`",
                manifest.method, self.method
            );
            return Err(RunError::checkpoint(&path, cause));
        }
        Ok(manifest)
    }
}

/// Checks that a run's latest checkpoint, if it has one, is of this version. What else is known of the
/// run, such as its settings, may make no sense before.
///
/// # Errors
/// It is of another version, or it is damaged.
pub fn check_version(folder: &Folder) -> Result<()> {
    let checkpoints = Checkpoints::new(folder, "");
    checkpoints.latest()?.map_or(Ok(()), |step| checkpoints.sealed(step).map(drop))
}

fn damaged(path: &Path) -> RunError {
    RunError::checkpoint(
        path,
        "it is truncated or altered; delete this step's folder, put the other step into `latest`, and resume",
    )
}

fn seal(manifest: &Manifest) -> Result<Vec<u8>> {
    let manifest = serde_json::to_value(manifest).map_err(RunError::part)?;
    let body = serde_json::to_vec(&manifest).map_err(RunError::part)?;
    serde_json::to_vec_pretty(&Sealed { checksum: checksum(&body), manifest }).map_err(RunError::part)
}

fn segment_name(name: &str, file: &SegmentFile) -> String {
    format!("{}-{}-{}.segment", name.replace('/', "."), file.from, file.to)
}

fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn read_checked(path: &Path, expected: Option<&String>) -> Result<Vec<u8>> {
    let bytes = fs::read(path).map_err(|error| RunError::io("read", path, error))?;
    if expected != Some(&checksum(&bytes)) {
        return Err(RunError::checkpoint(
            path,
            "its checksum does not match: the file is truncated or altered",
        ));
    }
    Ok(bytes)
}

/// Arrays as f32 and blobs as bytes in one safetensors file; blobs are told apart by their type.
pub(crate) fn encode_state(snapshot: &Snapshot) -> Result<Vec<u8>> {
    let floats: Vec<(&String, &Vec<usize>, Vec<u8>)> = snapshot
        .arrays
        .values()
        .map(|array| {
            (&array.name, &array.shape, array.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let mut views = Vec::new();
    for (name, shape, bytes) in &floats {
        let view = TensorView::new(Dtype::F32, (*shape).clone(), bytes).map_err(RunError::part)?;
        views.push(((*name).clone(), view));
    }
    for (name, bytes) in &snapshot.blobs {
        let view = TensorView::new(Dtype::U8, vec![bytes.len()], bytes).map_err(RunError::part)?;
        views.push((name.clone(), view));
    }
    safetensors::serialize(views, None).map_err(RunError::part)
}

pub(crate) fn decode_state(place: &Path, bytes: &[u8]) -> Result<Snapshot> {
    let damaged = |error: &dyn std::fmt::Display| {
        RunError::checkpoint(place, format!("its arrays cannot be read: {error}"))
    };
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
    let mut snapshot = Snapshot::new();
    for (name, view) in tensors.tensors() {
        match view.dtype() {
            Dtype::F32 => {
                let values = view
                    .data()
                    .chunks_exact(4)
                    .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
                    .collect();
                snapshot.put_arrays([NamedArray { name, shape: view.shape().to_vec(), values }]);
            }
            Dtype::U8 => snapshot.put_bytes(&name, view.data().to_vec()),
            other => return Err(damaged(&format!("`{name}` has type {other:?}"))),
        }
    }
    Ok(snapshot)
}
