//! Reading a checkpoint.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData, bf16, f16};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde_json::Value;

use super::super::config::LmConfig;
use super::super::decoder::Decoder;
use super::super::map::LinearMap;
use super::description::{self, Architecture, Description};
use super::layout::{self, Array};
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
    fill(&mut decoder, &shards, device)?;
    Ok(Loaded { decoder, architecture, begin, end })
}

fn text(path: &Path) -> Result<String, NetsError> {
    std::fs::read_to_string(path).map_err(|error| refuse(path, format!("cannot be read: {error}")))
}

/// Reads all weights.
fn fill(decoder: &mut Decoder, shards: &Shards, device: &Device) -> Result<(), NetsError> {
    let config = decoder.config().clone();
    let (vocabulary, width) = (config.vocabulary, config.width);
    let embedding = TensorData::new(shards.read("model.embed_tokens.weight")?, [vocabulary, width]);
    decoder.embedding = Param::from_data(embedding, device);
    decoder.norm.gamma = vector(shards.read("model.norm.weight")?, device);
    if !config.tied {
        let mut head = vec![0.0; vocabulary * width];
        transpose_into(&mut head, &shards.read("lm_head.weight")?, width, vocabulary, 0);
        decoder.head = Some(Param::from_data(TensorData::new(head, [width, vocabulary]), device));
    }
    for (index, layer) in decoder.layers.iter_mut().enumerate() {
        let read = |name: &str| shards.read(&layout::in_layer(index, name));
        layer.attention_norm.gamma = vector(read("input_layernorm.weight")?, device);
        layer.feed_norm.gamma = vector(read("post_attention_layernorm.weight")?, device);
        if let (Some(query), Some(key)) = (&mut layer.query_norm, &mut layer.key_norm) {
            query.gamma = vector(read("self_attn.q_norm.weight")?, device);
            key.gamma = vector(read("self_attn.k_norm.weight")?, device);
        }
        for maps in LinearMap::MATRICES {
            let projection = maps[0].of_mut(layer);
            let [inputs, outputs] = projection.weight.dims();
            let mut matrix = vec![0.0; inputs * outputs];
            let mut biases = Vec::new();
            for map in maps {
                let (name, start) = (map.published(), map.columns(&config).start);
                transpose_into(&mut matrix, &read(&format!("{name}.weight"))?, inputs, outputs, start);
                if map.has_bias(&config) {
                    biases.extend(read(&format!("{name}.bias"))?);
                }
            }
            projection.weight = Param::from_data(TensorData::new(matrix, [inputs, outputs]), device);
            projection.bias = (!biases.is_empty()).then(|| vector(biases, device));
        }
    }
    Ok(())
}

fn vector(values: Vec<f32>, device: &Device) -> Param<Tensor<1>> {
    let length = values.len();
    Param::from_data(TensorData::new(values, [length]), device)
}

/// Writes the transpose of `values`, rows of `inputs` elements, into the columns from `start` on of a
/// matrix with `stride` columns.
fn transpose_into(matrix: &mut [f32], values: &[f32], inputs: usize, stride: usize, start: usize) {
    for (output, row) in values.chunks_exact(inputs).enumerate() {
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
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(failed)?;
        let parsed = serde_json::from_slice::<Metadata>(&header);
        let metadata = parsed.map_err(|error| refuse(&path, format!("is no safetensors file: {error}")))?;
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
