//! Reading a checkpoint.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use burn::module::Param;
use burn::tensor::{Device, TensorData, bf16, f16};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, SafeTensors};
use serde_json::Value;

use super::super::config::LmConfig;
use super::super::decoder::Decoder;
use super::super::map::LinearMap;
use super::description::{self, Architecture, Description};
use super::layout::{self, Array, LayerPart, Part};
use super::{CONFIG, INDEX, WEIGHTS, refuse};
use crate::NetsError;

/// What a folder holds.
#[derive(Debug)]
pub struct Loaded {
    /// The model.
    pub decoder: Decoder,
    /// Its architecture.
    pub architecture: Architecture,
    /// The token that sequences begin with, if it has one.
    pub begin: Option<u32>,
    /// The tokens that end an answer.
    pub end: Vec<u32>,
}

/// Reads a model in the form in which Hugging Face transformers writes it; weights of 16 bits become
/// 32 bits wide. One array at a time is held in memory twice.
///
/// # Errors
/// [`NetsError::Checkpoint`] names the file and what is wrong with it: an unknown architecture, a
/// missing shard, an array that is missing, of another shape, or of no use.
pub fn load(folder: &Path, device: &Device) -> Result<Loaded, NetsError> {
    let path = folder.join(CONFIG);
    let Description { architecture, config, begin, end } = description::parse(&path, &text(&path)?)?;
    let shards = Shards::open(folder)?;
    let arrays = layout::arrays(&config);
    shards.check(&arrays, &config)?;
    let mut decoder = Decoder::new(config, false, device, &mut ChaCha8Rng::seed_from_u64(0));
    // Matrices that hold several arrays are filled on the host first.
    let mut matrices = BTreeMap::new();
    for array in &arrays {
        let values = shards.read(&array.name)?;
        place(&mut decoder, array, values, device, &mut matrices);
    }
    Ok(Loaded { decoder, architecture, begin, end })
}

fn text(path: &Path) -> Result<String, NetsError> {
    std::fs::read_to_string(path).map_err(|error| refuse(path, format!("cannot be read: {error}")))
}

/// Matrices in the making, by layer and the first map they hold.
type Matrices = BTreeMap<(usize, bool, &'static str), Vec<f32>>;

/// Puts an array where it belongs.
fn place(decoder: &mut Decoder, array: &Array, values: Vec<f32>, device: &Device, matrices: &mut Matrices) {
    let vector = |values: Vec<f32>| Param::from_data(TensorData::new(values, array.shape.clone()), device);
    match array.part {
        Part::Embedding => {
            decoder.embedding = Param::from_data(TensorData::new(values, array.shape.clone()), device);
        }
        Part::Head => {
            let shape = [array.shape[1], array.shape[0]];
            let mut head = vec![0.0; values.len()];
            transpose_into(&mut head, &values, shape, shape[1], 0);
            decoder.head = Some(Param::from_data(TensorData::new(head, shape), device));
        }
        Part::Norm => decoder.norm.gamma = vector(values),
        Part::Layer(index, part) => {
            let layer = &mut decoder.layers[index];
            match part {
                LayerPart::AttentionNorm => layer.attention_norm.gamma = vector(values),
                LayerPart::FeedNorm => layer.feed_norm.gamma = vector(values),
                LayerPart::QueryNorm => {
                    if let Some(norm) = &mut layer.query_norm {
                        norm.gamma = vector(values);
                    }
                }
                LayerPart::KeyNorm => {
                    if let Some(norm) = &mut layer.key_norm {
                        norm.gamma = vector(values);
                    }
                }
                LayerPart::Weight(map, columns) => {
                    let projection = map.of_mut(layer);
                    let [inputs, outputs] = projection.weight.dims();
                    let key = (index, false, first(map).published());
                    let matrix = matrices.entry(key).or_insert_with(|| vec![0.0; inputs * outputs]);
                    transpose_into(matrix, &values, [inputs, columns.count], outputs, columns.start);
                    if columns.start + columns.count == outputs
                        && let Some(matrix) = matrices.remove(&key)
                    {
                        let data = TensorData::new(matrix, [inputs, outputs]);
                        projection.weight = Param::from_data(data, device);
                    }
                }
                LayerPart::Bias(map, columns) => {
                    let width = map.of(layer).weight.dims()[1];
                    let key = (index, true, first(map).published());
                    let whole = matrices.entry(key).or_insert_with(|| vec![0.0; width]);
                    whole[columns.start..columns.start + columns.count].copy_from_slice(&values);
                    if columns.start + columns.count == width
                        && let Some(whole) = matrices.remove(&key)
                    {
                        let data = TensorData::new(whole, [width]);
                        map.of_mut(layer).bias = Some(Param::from_data(data, device));
                    }
                }
            }
        }
    }
}

/// The first map of the matrix that holds `map`.
fn first(map: LinearMap) -> LinearMap {
    match map {
        LinearMap::Key | LinearMap::Value => LinearMap::Query,
        LinearMap::Up => LinearMap::Gate,
        other => other,
    }
}

/// Writes the transpose of `values [outputs, inputs]` into the columns from `start` on of a matrix with
/// `stride` columns.
fn transpose_into(
    matrix: &mut [f32],
    values: &[f32],
    [inputs, outputs]: [usize; 2],
    stride: usize,
    start: usize,
) {
    for (output, row) in values.chunks_exact(inputs).enumerate().take(outputs) {
        for (input, value) in row.iter().enumerate() {
            matrix[input * stride + start + output] = *value;
        }
    }
}

/// The files of a checkpoint, opened as far as their headers.
struct Shards {
    /// What the folder says about which arrays there are.
    source: PathBuf,
    shards: Vec<Shard>,
    /// The shard of every array.
    places: BTreeMap<String, usize>,
}

struct Shard {
    path: PathBuf,
    metadata: Metadata,
    /// Where the values begin.
    start: u64,
}

impl Shards {
    fn open(folder: &Path) -> Result<Self, NetsError> {
        let (single, index) = (folder.join(WEIGHTS), folder.join(INDEX));
        if single.exists() {
            let shard = Shard::open(single.clone())?;
            let names = shard.metadata.tensors().into_keys();
            return Ok(Self {
                source: single,
                places: names.map(|name| (name, 0)).collect(),
                shards: vec![shard],
            });
        }
        if !index.exists() {
            let problem = format!("holds neither {WEIGHTS} nor {INDEX}: give the folder of a whole model");
            return Err(refuse(folder, problem));
        }
        let broken = |problem: &str| refuse(&index, format!("is not an index of shards: {problem}"));
        let document: Value =
            serde_json::from_str(&text(&index)?).map_err(|error| broken(&error.to_string()))?;
        let map = document.get("weight_map").and_then(Value::as_object);
        let map = map.ok_or_else(|| broken("`weight_map` is missing"))?;
        let mut files: Vec<&str> = Vec::new();
        let mut places = BTreeMap::new();
        for (name, file) in map {
            let file =
                file.as_str().ok_or_else(|| broken("`weight_map` must give a file for every array"))?;
            if file.contains(['/', '\\']) {
                return Err(broken("shards lie in the same folder"));
            }
            let place = files.iter().position(|known| *known == file).unwrap_or_else(|| {
                files.push(file);
                files.len() - 1
            });
            places.insert(name.clone(), place);
        }
        let shards = files.iter().map(|file| Shard::open(folder.join(file))).collect::<Result<_, _>>()?;
        Ok(Self { source: index, shards, places })
    }

    /// Whether all arrays are there in the right shape, and no others.
    fn check(&self, arrays: &[Array], config: &LmConfig) -> Result<(), NetsError> {
        let mut missing = arrays.iter().filter(|array| !self.places.contains_key(&array.name));
        if let Some(first) = missing.next() {
            let more = match missing.count() {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            let problem = format!("lacks the array `{}`{more}: the checkpoint is not complete", first.name);
            return Err(refuse(&self.source, problem));
        }
        for array in arrays {
            let shard = &self.shards[self.places[&array.name]];
            let Some(info) = shard.metadata.info(&array.name) else {
                return Err(refuse(
                    &shard.path,
                    format!("lacks the array `{}` that the index promises", array.name),
                ));
            };
            if info.shape != array.shape {
                let (found, expected) = (&info.shape, &array.shape);
                let problem =
                    format!("`{}` has shape {found:?} where {CONFIG} says {expected:?}", array.name);
                return Err(refuse(&shard.path, problem));
            }
        }
        let useless = |name: &str| {
            let copy = config.tied && name == "lm_head.weight";
            !copy && !name.ends_with("rotary_emb.inv_freq") && arrays.iter().all(|array| array.name != name)
        };
        match self.places.keys().find(|name| useless(name)) {
            Some(name) => {
                let problem = format!("holds the array `{name}`, which its architecture does not have");
                Err(refuse(&self.source, problem))
            }
            None => Ok(()),
        }
    }

    /// The values of an array that has been checked.
    fn read(&self, name: &str) -> Result<Vec<f32>, NetsError> {
        let shard = &self.shards[self.places.get(name).copied().unwrap_or(0)];
        shard.read(name)
    }
}

impl Shard {
    fn open(path: PathBuf) -> Result<Self, NetsError> {
        if !path.exists() {
            return Err(refuse(&path, "is missing: the index names it, so fetch it again"));
        }
        let failed = |error: std::io::Error| refuse(&path, format!("cannot be read: {error}"));
        let mut file = File::open(&path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut head = [0; 8];
        file.read_exact(&mut head).map_err(failed)?;
        let length = u64::from_le_bytes(head);
        if length > size - 8 {
            return Err(refuse(&path, "is cut off or no safetensors file: fetch it again"));
        }
        let mut buffer = vec![0; 8 + length as usize];
        buffer[..8].copy_from_slice(&head);
        file.read_exact(&mut buffer[8..]).map_err(failed)?;
        let parsed = SafeTensors::read_metadata(&buffer);
        let (_, metadata) =
            parsed.map_err(|error| refuse(&path, format!("is no safetensors file: {error}")))?;
        let start = 8 + length;
        if start + metadata.data_len() as u64 != size {
            return Err(refuse(&path, "is cut off: fetch it again"));
        }
        Ok(Self { path, metadata, start })
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, NetsError> {
        let Some(info) = self.metadata.info(name) else {
            return Err(refuse(&self.path, format!("lacks the array `{name}`")));
        };
        let (begin, end) = info.data_offsets;
        let mut bytes = vec![0; end - begin];
        let mut fill = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.start + begin as u64))?;
            file.read_exact(&mut bytes)
        };
        fill().map_err(|error| refuse(&self.path, format!("cannot be read: {error}")))?;
        let pair = |bytes: &[u8]| [bytes[0], bytes[1]];
        let values = match info.dtype {
            Dtype::F32 => {
                let number = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                bytes.chunks_exact(4).map(number).collect()
            }
            Dtype::F16 => bytes.chunks_exact(2).map(|two| f16::from_le_bytes(pair(two)).to_f32()).collect(),
            Dtype::BF16 => bytes.chunks_exact(2).map(|two| bf16::from_le_bytes(pair(two)).to_f32()).collect(),
            other => {
                let problem =
                    format!("`{name}` is of type {other:?}, but only F32, F16 and BF16 can be read");
                return Err(refuse(&self.path, problem));
            }
        };
        Ok(values)
    }
}
