//! What Minari's metadata say, as the spec of a data set.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use worlds::{ActionSpace, Field, Layout, Role};

use super::{super::DataError, super::DataSpec, spaces::Space};

/// Key under which this program keeps what Minari has no place for.
pub const OWN: &str = "latentrl";

/// What this program adds to Minari's metadata, so that a data set comes back as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Own {
    /// The whole spec.
    pub spec: DataSpec,
    /// Key of every field below `observations`; empty for the only one.
    pub keys: Vec<String>,
}

/// An array below `observations` that is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Its path below `observations`; empty where it is `observations` itself.
    pub key: String,
    /// The field it becomes.
    pub field: Field,
    /// How it is read.
    pub kind: LeafKind,
}

/// How an array becomes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafKind {
    /// Numbers or bytes as they are.
    Plain,
    /// An index: `count` whole numbers from `start` on.
    Index {
        /// The first.
        start: i64,
        /// How many.
        count: usize,
    },
}

/// How actions are read.
#[derive(Clone, Debug, PartialEq)]
pub enum Acting {
    /// Numbers in a box, whose bounds may be infinite.
    Box {
        /// Lower bounds.
        low: Vec<f32>,
        /// Upper bounds.
        high: Vec<f32>,
    },
    /// Whole numbers from `start` on.
    Discrete {
        /// How many.
        count: usize,
        /// The first.
        start: i64,
    },
}

impl Acting {
    /// The space, where its bounds are known.
    pub fn space(&self) -> Option<ActionSpace> {
        match self {
            Self::Discrete { count, .. } => Some(ActionSpace::Discrete { count: *count }),
            Self::Box { low, high } => low
                .iter()
                .chain(high)
                .all(|bound| bound.is_finite())
                .then(|| ActionSpace::Box { low: low.clone(), high: high.clone() }),
        }
    }
}

/// The space that an observation or action space's text in the metadata describes.
///
/// # Errors
/// The text is no space.
pub fn space(path: &Path, metadata: &Value, key: &str) -> Result<Option<Space>, DataError> {
    let Some(value) = metadata.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
    // A text with JSON in it; what other writers put there as JSON itself is as good.
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Space::parse(&text)
        .map(Some)
        .map_err(|reason| DataError::array(path, key, format!("cannot be read: {reason}")))
}

/// How actions of this space are read.
///
/// # Errors
/// They are neither one index nor one box.
pub fn acting(path: &Path, space: &Space) -> Result<Acting, DataError> {
    match space {
        Space::Box { low, high, .. } => Ok(Acting::Box { low: low.clone(), high: high.clone() }),
        Space::Discrete { count, start } => Ok(Acting::Discrete { count: *count, start: *start }),
        Space::Dict(_) => Err(refused(path, "a dictionary")),
        Space::Tuple(_) => Err(refused(path, "a tuple")),
        Space::Other(kind) => Err(refused(path, kind)),
    }
}

fn refused(path: &Path, kind: &str) -> DataError {
    DataError::array(
        path,
        "action_space",
        format!("is {kind}; boxes and discrete spaces of actions are read"),
    )
}

/// The arrays of an observation space, the policy's input first, and notes on those left out.
///
/// The input is `observation`, else `state`, `image` or `pixels`, else the first; `desired_goal` is
/// the goal; everything else is ground truth.
///
/// # Errors
/// No array can be read.
pub fn leaves(path: &Path, space: &Space, notes: &mut Vec<String>) -> Result<Vec<Leaf>, DataError> {
    let mut leaves = Vec::new();
    collect(space, "", &mut leaves, notes);
    let preferred = ["observation", "state", "image", "pixels"];
    let input =
        preferred.iter().find_map(|name| leaves.iter().position(|leaf| leaf.key == **name)).unwrap_or(0);
    if leaves.is_empty() {
        return Err(DataError::array(path, "observation_space", "has no box and no discrete space in it"));
    }
    let mut first = leaves.remove(input);
    first.field.role = Role::Input;
    for leaf in &mut leaves {
        leaf.field.role = if leaf.key == "desired_goal" { Role::Goal } else { Role::Truth };
    }
    leaves.insert(0, first);
    Ok(leaves)
}

fn collect(space: &Space, key: &str, out: &mut Vec<Leaf>, notes: &mut Vec<String>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}/{name}") };
    let leaf = |layout, kind| Leaf {
        key: key.to_owned(),
        field: Field {
            name: if key.is_empty() { "observation".to_owned() } else { key.to_owned() },
            role: Role::Truth,
            layout,
        },
        kind,
    };
    match space {
        Space::Box { shape, dtype, high, .. } => out.push(leaf(layout(shape, dtype, high), LeafKind::Plain)),
        &Space::Discrete { count, start } => {
            out.push(leaf(Layout::Vector { size: 1 }, LeafKind::Index { start, count }));
        }
        Space::Dict(parts) => parts.iter().for_each(|(name, part)| collect(part, &below(name), out, notes)),
        Space::Tuple(parts) => {
            let named = parts.iter().enumerate();
            named.for_each(|(index, part)| collect(part, &below(&format!("_index_{index}")), out, notes));
        }
        Space::Other(kind) => {
            notes.push(format!("observation `{key}` is a space of type {kind} and is not read"))
        }
    }
}

/// An image where there are bytes in two or three axes, a vector otherwise.
fn layout(shape: &[usize], dtype: &str, high: &[f32]) -> Layout {
    let largest = high.iter().copied().fold(1.0, f32::max);
    let image =
        |height, width, channels| Layout::Image { height, width, channels, frames: 1, scale: 1.0 / largest };
    match (dtype, shape) {
        ("uint8", &[height, width, channels]) => image(height, width, channels),
        ("uint8", &[height, width]) => image(height, width, 1),
        (_, shape) => Layout::Vector { size: shape.iter().product() },
    }
}

/// Key of an extra column below an episode.
pub fn extra_key(name: &str) -> String {
    if name.starts_with("infos/") { name.to_owned() } else { format!("infos/{name}") }
}

/// The space that Minari is told of a field.
pub fn field_space(field: &Field) -> Space {
    match field.layout {
        Layout::Vector { size } => Space::Box {
            shape: vec![size],
            dtype: "float32".into(),
            low: vec![f32::NEG_INFINITY; size],
            high: vec![f32::INFINITY; size],
        },
        Layout::Image { height, width, channels, scale, .. } => {
            let size = height * width * channels;
            let largest = (1.0 / scale).round().clamp(1.0, 255.0);
            Space::Box {
                shape: vec![height, width, channels],
                dtype: "uint8".into(),
                low: vec![0.0; size],
                high: vec![largest; size],
            }
        }
    }
}

/// The space that Minari is told of actions.
pub fn action_space(space: &ActionSpace) -> Space {
    match space {
        ActionSpace::Discrete { count } => Space::Discrete { count: *count, start: 0 },
        ActionSpace::Box { low, high } => Space::Box {
            shape: vec![low.len()],
            dtype: "float32".into(),
            low: low.clone(),
            high: high.clone(),
        },
    }
}
