//! Minari's data sets (Younis et al., "Minari", version 0.5, with its HDF5 storage): `data/main_data.hdf5`
//! with a group `episode_i` per episode, which holds `observations` (an array, or a group of them for
//! dictionaries and tuples; one row more than steps), `actions`, `rewards`, `terminations`,
//! `truncations` and `infos`, and `data/metadata.json` with the spaces.
//!
//! Boxes become vectors, or images where they hold bytes in two or three axes (height, width,
//! channels; JPEG images are decoded); discrete observations become one number, the index from 0.
//! Of a dictionary `observation` is the policy's input, `desired_goal` the goal, everything else
//! ground truth. Only the last entry of `terminations` counts. `infos` are read only where this
//! program wrote them. Episodes without steps are left out.
//!
//! Where `action_space` is missing or its bounds are infinite, actions are taken as the flat formats
//! take them, see [`super::flat::seen_box`]; where `observation_space` is missing, shapes come from
//! the first episode.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use hdf5_pure::{Dataset, Group};
use serde_json::Value;
use worlds::ActionSpace;

use super::{
    super::{DataError, DataSpec, Episode},
    Source, d4rl,
    findings::Findings,
    flat,
    hdf5::{self, Table},
    minari_episode::EpisodePlan,
    minari_spec::{self, Acting, Leaf, OWN, Own},
    sink::Sink,
    spaces::Space,
};

/// Name of the file with the arrays.
pub const MAIN: &str = "main_data.hdf5";

/// Name of the file with the spaces.
pub const METADATA: &str = "metadata.json";

/// Prefix of an episode's group.
const EPISODE: &str = "episode_";

/// An open data set.
pub struct Minari {
    path: PathBuf,
    groups: Vec<(String, Group)>,
    episodes: Vec<Episode>,
    spec: DataSpec,
    plan: EpisodePlan,
    notes: Vec<String>,
}

/// Opens the folder that holds [`MAIN`] and [`METADATA`]; reads spaces, lengths and ends.
///
/// # Errors
/// A file or array is missing, truncated, of another length than `terminations`, or of a type that
/// is not read.
pub fn open(folder: &Path) -> Result<Minari, DataError> {
    let (path, described) = (folder.join(MAIN), folder.join(METADATA));
    let metadata = read_metadata(&described)?;
    let file = hdf5::open(&path)?;
    let mut notes = Vec::new();
    let all = groups(&path, &file)?;
    let declared = metadata["total_episodes"].as_u64();
    if declared.is_some_and(|declared| declared != all.len() as u64) {
        let declared = declared.unwrap_or_default();
        let reason = format!("it holds {} episodes where `{METADATA}` says {declared}", all.len());
        return Err(DataError::damaged(&path, reason));
    }
    let (mut kept, mut episodes) = (Vec::new(), Vec::new());
    let (mut step, mut observation, mut empty, mut inner) = (0, 0, 0, 0);
    for (name, group) in all {
        let ends = Ends::read(&path, &name, &group)?;
        inner += ends.inner;
        if ends.length == 0 {
            empty += 1;
            continue;
        }
        episodes.push(Episode { observation, step, length: ends.length, terminated: ends.terminated });
        step += ends.length;
        observation += ends.length + 1;
        kept.push((name, group));
    }
    if empty > 0 {
        notes.push(format!("episodes without steps, which are left out: {empty}"));
    }
    if inner > 0 {
        notes.push(format!("terminations before the end of an episode, which are not counted: {inner}"));
    }
    let Some((name, first)) = kept.first() else { return Err(DataError::Empty { path: folder.to_owned() }) };
    let first = arrays(&path, name, first)?;
    let own = own(&described, &metadata)?;
    let plan = plan(
        &Context { path: &path, described: &described, metadata: &metadata, first: &first },
        own.as_ref(),
        &mut notes,
    )?;
    let mut spec = match own {
        Some(own) => own.spec,
        None => foreign(&metadata, kept.first().map(|(_, group)| group)),
    };
    spec.fields = plan.leaves.iter().map(|leaf| leaf.field.clone()).collect();
    spec.rewards.clone_from(&plan.rewards);
    let mut set = Minari { path, groups: kept, episodes, spec, plan, notes };
    set.spec.action = set.action_space()?;
    Ok(set)
}

fn read_metadata(path: &Path) -> Result<Value, DataError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path);
            return Err(DataError::missing(folder, METADATA, "it says what the spaces are"));
        }
        other => other.map_err(|error| DataError::io("read", path, error))?,
    };
    let metadata: Value = serde_json::from_str(&text).map_err(|error| DataError::damaged(path, error))?;
    let format = metadata["data_format"].as_str().unwrap_or("hdf5");
    if format != "hdf5" {
        let reason = format!(
            "is `{format}`, only `hdf5` is read: store it again with Minari's `data_format=\"hdf5\"`"
        );
        return Err(DataError::array(path, "data_format", reason));
    }
    Ok(metadata)
}

fn own(path: &Path, metadata: &Value) -> Result<Option<Own>, DataError> {
    let Some(value) = metadata.get(OWN) else { return Ok(None) };
    let read = serde_json::from_value::<Own>(value.clone());
    let own = read.map_err(|error| DataError::array(path, OWN, format!("cannot be read: {error}")))?;
    if own.keys.len() == own.spec.fields.len() && !own.keys.is_empty() {
        return Ok(Some(own));
    }
    Err(DataError::array(path, OWN, "does not have one key per field"))
}

/// What another program's metadata say.
fn foreign(metadata: &Value, first: Option<&Group>) -> DataSpec {
    let text = |key: &str| metadata[key].as_str().map(str::to_owned);
    let attributes = first.and_then(|group| group.attrs().ok());
    let seed = attributes.and_then(|attributes| attributes.get("seed")?.as_u64());
    DataSpec {
        world: None,
        fields: Vec::new(),
        action: None,
        rewards: Vec::new(),
        extra: Vec::new(),
        horizon: None,
        policy: text("policy").or_else(|| text("algorithm_name")).unwrap_or_else(|| "unknown".into()),
        seed: metadata["seed"].as_u64().or(seed),
    }
}

/// The groups of episodes in the order of their numbers.
fn groups(path: &Path, file: &hdf5_pure::File) -> Result<Vec<(String, Group)>, DataError> {
    let all = file.root().iter_groups().map_err(|error| hdf5::failed(path, &error))?;
    let number = |name: &str| name.strip_prefix(EPISODE).and_then(|rest| rest.parse::<u64>().ok());
    let mut numbered: Vec<(u64, (String, Group))> =
        all.filter_map(|(name, group)| Some((number(&name)?, (name, group)))).collect();
    numbered.sort_unstable_by_key(|(number, _)| *number);
    Ok(numbered.into_iter().map(|(_, named)| named).collect())
}

/// How long an episode is and how it ends.
struct Ends {
    length: usize,
    terminated: bool,
    /// Terminations before the last step.
    inner: usize,
}

impl Ends {
    fn read(path: &Path, name: &str, group: &Group) -> Result<Self, DataError> {
        let tables = group.iter_datasets().map_err(|error| hdf5::failed(path, &error))?;
        let Some((_, data)) = tables.into_iter().find(|(name, _)| name == "terminations") else {
            return Err(DataError::missing(
                path,
                format!("{name}/terminations"),
                "it says where the episode ends",
            ));
        };
        let table = Table::new(path, format!("{name}/terminations"), data)?;
        let mut flags = Vec::new();
        table.info.element.whole(&table.read()?, &mut flags);
        let terminated = flags.last().is_some_and(|&flag| flag != 0);
        let inner = flags.iter().filter(|&&flag| flag != 0).count() - usize::from(terminated);
        Ok(Self { length: table.info.rows, terminated, inner })
    }
}

/// The arrays of an episode by their path below it.
pub(super) fn arrays(path: &Path, name: &str, group: &Group) -> Result<BTreeMap<String, Dataset>, DataError> {
    let mut tables = BTreeMap::new();
    hdf5::list(path, group, "", 0, &mut tables)?;
    if tables.is_empty() {
        return Err(DataError::missing(
            path,
            format!("{name}/observations"),
            "every episode has observations",
        ));
    }
    Ok(tables)
}

/// What the plan is made from.
struct Context<'a> {
    path: &'a Path,
    described: &'a Path,
    metadata: &'a Value,
    first: &'a BTreeMap<String, Dataset>,
}

/// How every episode is read.
fn plan(context: &Context<'_>, own: Option<&Own>, notes: &mut Vec<String>) -> Result<EpisodePlan, DataError> {
    let Context { path, described, metadata, first } = context;
    let space = match minari_spec::space(described, metadata, "observation_space")? {
        Some(space) => space,
        None => shown(path, first)?,
    };
    let mut leaves = minari_spec::leaves(described, &space, notes)?;
    if let Some(own) = own {
        leaves = restored(described, leaves, own)?;
    }
    let has = |key: &str| first.contains_key(key);
    let acting = match minari_spec::space(described, metadata, "action_space")? {
        _ if !has("actions") => None,
        Some(space) => Some(minari_spec::acting(described, &space)?),
        None => None,
    };
    let rewards = match (own, first.get("rewards")) {
        (Some(own), _) => own.spec.rewards.clone(),
        (None, Some(data)) => d4rl::channels(hdf5::describe(path, "rewards", data)?.width()),
        (None, None) => Vec::new(),
    };
    let infos: Vec<&str> = first.keys().filter_map(|key| key.strip_prefix("infos/")).collect();
    if own.is_none() && !infos.is_empty() {
        notes.push(format!("`infos` are not read: {}", infos.join(", ")));
    }
    let extra = own.map(|own| own.spec.extra.clone()).unwrap_or_default();
    Ok(EpisodePlan { leaves, has_actions: has("actions"), acting, rewards, extra })
}

/// The leaves as this program wrote them.
fn restored(path: &Path, leaves: Vec<Leaf>, own: &Own) -> Result<Vec<Leaf>, DataError> {
    let field = |(key, field): (&String, &worlds::Field)| {
        let leaf = leaves.iter().find(|leaf| leaf.key == *key);
        match leaf.filter(|leaf| leaf.field.layout.size() == field.layout.size()) {
            Some(leaf) => Ok(Leaf { field: field.clone(), ..leaf.clone() }),
            None => {
                Err(DataError::array(path, OWN, format!("has a field `{key}` that the spaces do not have")))
            }
        }
    };
    own.keys.iter().zip(&own.spec.fields).map(field).collect()
}

/// The observation space that an episode shows.
fn shown(path: &Path, first: &BTreeMap<String, Dataset>) -> Result<Space, DataError> {
    let of = |key: &str, data: &Dataset| -> Result<Space, DataError> {
        let info = hdf5::describe(path, key, data)?;
        let bytes = info.element.kind == super::element::Kind::U8;
        let bound = if bytes { 255.0 } else { f32::INFINITY };
        let size = info.width();
        let dtype = if bytes { "uint8" } else { "float32" }.to_owned();
        Ok(Space::Box { shape: info.shape, dtype, low: vec![-bound; size], high: vec![bound; size] })
    };
    if let Some(data) = first.get("observations") {
        return of("observations", data);
    }
    let inner = first.iter().filter_map(|(key, data)| Some((key.strip_prefix("observations/")?, data)));
    let parts: Result<Vec<_>, DataError> =
        inner.map(|(key, data)| Ok((key.to_owned(), of(key, data)?))).collect();
    Ok(Space::Dict(parts?))
}

impl Minari {
    /// The action space; where the metadata do not bound it, by looking at all actions.
    fn action_space(&self) -> Result<Option<ActionSpace>, DataError> {
        if !self.plan.has_actions {
            return Ok(None);
        }
        if let Some(space) = self.plan.acting.as_ref().and_then(Acting::space) {
            return Ok(Some(space));
        }
        let (mut low, mut high): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
        let (mut largest, mut whole, mut part) = (0.0_f32, true, Vec::new());
        for (name, group) in &self.groups {
            let mut tables = arrays(&self.path, name, group)?;
            let key = format!("{name}/actions");
            let Some(data) = tables.remove("actions") else {
                return Err(DataError::missing(&self.path, key, "other episodes have actions"));
            };
            let table = Table::new(&self.path, key, data)?;
            let width = table.info.width();
            whole &= table.info.element.kind.is_whole() && width == 1;
            low.resize(width, f32::INFINITY);
            high.resize(width, f32::NEG_INFINITY);
            table.info.element.floats(&table.read()?, &mut part);
            for row in part.chunks_exact(width.max(1)) {
                for (column, &value) in row.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    low[column] = low[column].min(value);
                    high[column] = high[column].max(value);
                    largest = largest.max(value);
                }
            }
        }
        if whole && self.plan.acting.is_none() {
            return Ok(Some(ActionSpace::Discrete { count: largest as usize + 1 }));
        }
        Ok(Some(flat::seen_box(low, high)))
    }
}

impl Source for Minari {
    fn path(&self) -> &Path {
        &self.path
    }

    fn spec(&self) -> &DataSpec {
        &self.spec
    }

    fn episodes(&self) -> &[Episode] {
        &self.episodes
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn read(&mut self, sink: &mut dyn Sink, findings: &mut Findings) -> Result<(), DataError> {
        let mut reader = self.plan.reader(&self.path, self.spec.action.as_ref(), sink, findings);
        for ((name, group), episode) in self.groups.iter().zip(&self.episodes) {
            reader.episode(name, &arrays(&self.path, name, group)?, episode.length)?;
        }
        Ok(())
    }
}
