//! Writing data sets that Minari 0.5 opens.
//!
//! A folder `FOLDER/data` with `main_data.hdf5` and `metadata.json`: `minari.MinariDataset(FOLDER/data)`,
//! or `minari.load_dataset` where FOLDER lies in Minari's own folder under its `dataset_id`. No
//! environment is named, since none of Gymnasium's made the data; spaces are there, so that none is
//! needed. `seed` and `policy` stand in the metadata, and under `latentrl` everything that Minari has
//! no place for. Images are stored as they are (`jpeg_encoding` is false), extra columns as `infos`,
//! several reward channels as columns of `rewards`; missing rewards as zeros, which this program
//! recognises.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hdf5_pure::{AttrValue, Datatype, EnumTypeBuilder, File, make_i8_type};
use serde_json::{Value, json};
use worlds::{Field, Layout, Role};

use super::{
    super::{ActionColumn, DataError, DataSpec, Dataset, Episode, FieldColumn},
    minari::{MAIN, METADATA},
    minari_spec::{self, OWN, Own},
    spaces::Space,
};

/// Episodes are written to the file in parts of about this many bytes.
const PART: usize = 32 << 20;

/// Writes a data set as a new folder.
///
/// # Errors
/// The folder exists already or cannot be written, or the data set has no actions, which Minari
/// requires; nothing is left behind then.
pub fn save(set: &Dataset, folder: &Path) -> Result<(), DataError> {
    if folder.exists() {
        return Err(DataError::unwritable(folder, "something of this name exists already"));
    }
    if set.actions().is_none() {
        return Err(DataError::unwritable(folder, "Minari requires actions, which it does not have"));
    }
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let draft = Draft(folder.with_file_name(format!(".{name}.partial-{}", std::process::id())));
    let data = draft.0.join("data");
    fs::create_dir_all(&data).map_err(|error| DataError::io("create", &data, error))?;
    let keys = keys(&set.spec().fields);
    let main = data.join(MAIN);
    write_episodes(set, &keys, &main).map_err(|error| match error {
        hdf5_pure::Error::Io(error) => DataError::io("write", &main, error),
        other => DataError::unwritable(&main, other.to_string()),
    })?;
    let size = fs::metadata(&main).map_err(|error| DataError::io("read", &main, error))?.len();
    let metadata = metadata(set, keys, &dataset_id(&name), size);
    let path = data.join(METADATA);
    let text = metadata.to_string();
    fs::write(&path, text).map_err(|error| DataError::io("write", &path, error))?;
    fs::rename(&draft.0, folder).map_err(|error| DataError::io("write", folder, error))
}

/// A folder in the making, removed where it does not get its name.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Names of the fields below `observations`; an only field has none.
fn keys(fields: &[Field]) -> Vec<String> {
    if fields.len() == 1 {
        return vec![String::new()];
    }
    let mut keys: Vec<String> = Vec::new();
    for field in fields {
        let wanted = match field.role {
            Role::Input => "observation".to_owned(),
            Role::Goal => "desired_goal".to_owned(),
            Role::Truth | Role::Legal => field.name.replace('/', "_"),
        };
        let free = |key: &String| !keys.contains(key);
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        keys.extend([wanted.clone()].into_iter().chain(numbered).find(free));
    }
    keys
}

/// An identifier that Minari accepts, of the folder's name.
fn dataset_id(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let stem: String = name.chars().map(plain).collect();
    let versioned = stem.rsplit_once("-v").is_some_and(|(stem, version)| {
        !stem.is_empty() && !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
    });
    if versioned { stem } else { format!("{stem}-v0") }
}

fn metadata(set: &Dataset, keys: Vec<String>, id: &str, bytes: u64) -> Value {
    let spec = set.spec();
    let space = match (&spec.fields[..], &keys[..]) {
        ([only], _) => minari_spec::field_space(only),
        (fields, keys) => {
            Space::Dict(keys.iter().cloned().zip(fields.iter().map(minari_spec::field_space)).collect())
        }
    };
    // Raw images of at least 32 by 32 pixels are understood from 0.5.4 on.
    let large = |field: &Field| matches!(field.layout, Layout::Image { height: 32.., width: 32.., .. });
    let version = if spec.fields.iter().any(large) { "0.5.4" } else { "0.5.0" };
    json!({
        "dataset_id": id,
        "minari_version": version,
        "data_format": "hdf5",
        "jpeg_encoding": false,
        "total_episodes": set.episodes().len(),
        "total_steps": set.steps(),
        "dataset_size": (bytes as f64 / 1e5).round() / 10.0,
        "observation_space": space.text(),
        "action_space": spec.action.as_ref().map(|space| minari_spec::action_space(space).text()),
        "env_spec": null,
        "algorithm_name": spec.policy,
        "policy": spec.policy,
        "seed": spec.seed,
        "author": [],
        "author_email": [],
        OWN: Own { spec: spec.clone(), keys },
    })
}

fn write_episodes(set: &Dataset, keys: &[String], path: &Path) -> Result<(), hdf5_pure::Error> {
    let file = File::create(path)?;
    let root = file.root();
    // The type that h5py reads as booleans.
    let boolean = EnumTypeBuilder::with_base(make_i8_type()).value("FALSE", 0).value("TRUE", 1).build()?;
    let mut staged = 0;
    for (number, episode) in set.episodes().iter().enumerate() {
        let episode = Rows { set, keys, episode, boolean: &boolean };
        root.create_group_with(&format!("episode_{number}"), |group| {
            group.set_attr("id", AttrValue::I64(number as i64));
            group.set_attr("total_steps", AttrValue::I64(episode.episode.length as i64));
            if let Some(seed) = set.spec().seed.and_then(|seed| i64::try_from(seed).ok()) {
                group.set_attr("seed", AttrValue::I64(seed));
            }
            episode.stage(group);
        })?;
        staged += episode.bytes();
        if staged > PART {
            file.commit()?;
            staged = 0;
        }
    }
    file.commit()?;
    file.close()
}

/// The rows of one episode.
struct Rows<'a> {
    set: &'a Dataset,
    keys: &'a [String],
    episode: &'a Episode,
    boolean: &'a Datatype,
}

impl Rows<'_> {
    fn spec(&self) -> &DataSpec {
        self.set.spec()
    }

    fn bytes(&self) -> usize {
        let spec = self.spec();
        let fields: usize = spec.fields.iter().map(|field| field.layout.size()).sum();
        let extra: usize = spec.extra.iter().map(|column| column.width).sum();
        4 * (self.episode.length + 1) * (fields + spec.action_width() + spec.rewards.len().max(1) + extra + 1)
    }

    fn stage(&self, group: &mut hdf5_pure::StagedGroup<'_>) {
        let length = self.episode.length;
        match self.keys {
            [only] if only.is_empty() => self.field(group, 0, "observations"),
            keys => {
                group.create_group("observations");
                for (index, key) in keys.iter().enumerate() {
                    self.field(group, index, &format!("observations/{key}"));
                }
            }
        }
        let steps = self.episode.step..self.episode.step + length;
        match self.set.actions() {
            Some(ActionColumn::Discrete(indices)) => {
                let indices: Vec<i64> =
                    indices[steps.clone()].iter().map(|&index| i64::from(index)).collect();
                group.create_dataset("actions", |data| {
                    data.with_i64_data(&indices);
                });
            }
            Some(ActionColumn::Continuous(values)) => {
                let width = self.spec().action_width();
                floats(group, "actions", &[length, width], &values[steps.start * width..steps.end * width]);
            }
            None => {}
        }
        let channels = self.spec().rewards.len();
        let rewards = &self.set.reward()[steps.start * channels..steps.end * channels];
        match channels {
            0 => floats(group, "rewards", &[length], &vec![0.0; length]),
            1 => floats(group, "rewards", &[length], rewards),
            _ => floats(group, "rewards", &[length, channels], rewards),
        }
        self.flags(group, "terminations", self.episode.terminated);
        self.flags(group, "truncations", !self.episode.terminated);
        group.create_group("infos");
        for (index, column) in self.spec().extra.iter().enumerate() {
            let rows = steps.start * column.width..steps.end * column.width;
            let key = minari_spec::extra_key(&column.name);
            floats(group, &key, &[length, column.width], &self.set.extra(index)[rows]);
        }
    }

    fn field(&self, group: &mut hdf5_pure::StagedGroup<'_>, index: usize, key: &str) {
        let layout = &self.spec().fields[index].layout;
        let (rows, size) = (self.episode.length + 1, layout.size());
        let range = self.episode.observation * size..(self.episode.observation + rows) * size;
        match (self.set.field(index), layout) {
            (FieldColumn::Floats(values), _) => floats(group, key, &[rows, size], &values[range]),
            (FieldColumn::Bytes(values), &Layout::Image { height, width, channels, .. }) => {
                let shape = [rows, height, width, channels].map(|length| length as u64);
                group.create_dataset(key, |data| {
                    data.with_u8_data(&values[range]).with_shape(&shape);
                });
            }
            (FieldColumn::Bytes(_), Layout::Vector { .. }) => {}
        }
    }

    /// A flag per step, set at the last one or nowhere.
    fn flags(&self, group: &mut hdf5_pure::StagedGroup<'_>, key: &str, last: bool) {
        let length = self.episode.length;
        let mut flags = vec![0; length];
        if let Some(flag) = flags.last_mut() {
            *flag = u8::from(last);
        }
        let boolean = self.boolean.clone();
        group.create_dataset(key, |data| {
            data.with_raw_data(boolean, flags, length as u64);
        });
    }
}

fn floats(group: &mut hdf5_pure::StagedGroup<'_>, key: &str, shape: &[usize], values: &[f32]) {
    let shape: Vec<u64> = shape.iter().map(|&length| length as u64).collect();
    group.create_dataset(key, |data| {
        data.with_f32_data(values).with_shape(&shape);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_those_that_minari_accepts() {
        assert_eq!(dataset_id("point-maze,reward=dense"), "point-maze-reward-dense-v0");
        assert_eq!(dataset_id("hopper-v3"), "hopper-v3");
        assert_eq!(dataset_id("a-valley"), "a-valley-v0");
    }
}
