//! Writing a checkpoint.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::super::decoder::Decoder;
use super::super::map::Columns;
use super::description::{self, Architecture, Description};
use super::layout::{self, Array, LayerPart, Part};
use super::{CONFIG, WEIGHTS, refuse};
use crate::{NetsError, host};

/// What stands in a checkpoint beside the weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Companions {
    /// The token that sequences begin with.
    pub begin: Option<u32>,
    /// The tokens that end an answer.
    pub end: Vec<u32>,
    /// Files that are copied into the folder, such as those of the tokenizer.
    pub files: Vec<PathBuf>,
}

/// Writes `decoder` to `folder`, whole or not at all, in the form that transformers reads, with weights
/// of 32 bits; adapters are merged into the weights. The folder must not exist, or be empty.
///
/// # Errors
/// [`NetsError::Checkpoint`] if the folder holds something or cannot be written,
/// [`NetsError::Setting`] if no published architecture has this shape.
pub fn save(folder: &Path, decoder: &Decoder, companions: &Companions) -> Result<(), NetsError> {
    let decoder = decoder.merged();
    let architecture = Architecture::of(decoder.config())?;
    let occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || folder.is_file() {
        return Err(refuse(folder, "exists already: choose another folder"));
    }
    let Some(name) = folder.file_name() else {
        return Err(refuse(folder, "is no name for a folder"));
    };
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let partial = parent.join(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
    let written = fill(&partial, &decoder, architecture, companions).and_then(|()| {
        // An empty folder may stand in the way.
        let _ = fs::remove_dir(folder);
        fs::rename(&partial, folder).map_err(|error| refuse(folder, format!("cannot be written: {error}")))
    });
    if written.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    written
}

fn fill(
    folder: &Path,
    decoder: &Decoder,
    architecture: Architecture,
    companions: &Companions,
) -> Result<(), NetsError> {
    let failed = |path: &Path, error: std::io::Error| refuse(path, format!("cannot be written: {error}"));
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let Companions { begin, end, files } = companions;
    let config = decoder.config().clone();
    let description = Description { architecture, config, begin: *begin, end: end.clone() };
    let path = folder.join(CONFIG);
    fs::write(&path, description::render(&description)).map_err(|error| failed(&path, error))?;
    for file in files {
        let Some(name) = file.file_name() else {
            return Err(refuse(file, "is no file that can be copied"));
        };
        fs::copy(file, folder.join(name))
            .map_err(|error| refuse(file, format!("cannot be copied: {error}")))?;
    }
    write_weights(&folder.join(WEIGHTS), decoder)
}

fn write_weights(path: &Path, decoder: &Decoder) -> Result<(), NetsError> {
    let arrays = layout::arrays(decoder.config());
    let held: Vec<(&Array, Vec<u8>)> = arrays
        .iter()
        .map(|array| {
            let values = values(decoder, array.part);
            (array, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let failed = |error: safetensors::SafeTensorError| refuse(path, format!("cannot be written: {error}"));
    let mut views = Vec::with_capacity(held.len());
    for (array, bytes) in &held {
        let view = TensorView::new(Dtype::F32, array.shape.clone(), bytes).map_err(failed)?;
        views.push((array.name.as_str(), view));
    }
    // transformers asks which framework wrote the file.
    let note = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize_to_file(views, Some(note), path).map_err(failed)?;
    let file = fs::File::open(path).and_then(|file| file.sync_all());
    file.map_err(|error| refuse(path, format!("cannot be written: {error}")))
}

/// The values of an array of the checkpoint.
pub(super) fn values(decoder: &Decoder, part: Part) -> Vec<f32> {
    match part {
        Part::Embedding => host(decoder.embedding.val()),
        Part::Head => decoder.head.as_ref().map_or_else(Vec::new, |head| host(head.val().transpose())),
        Part::Norm => host(decoder.norm.gamma.val()),
        Part::Layer(index, part) => {
            let layer = &decoder.layers[index];
            match part {
                LayerPart::AttentionNorm => host(layer.attention_norm.gamma.val()),
                LayerPart::FeedNorm => host(layer.feed_norm.gamma.val()),
                LayerPart::QueryNorm => {
                    layer.query_norm.as_ref().map_or_else(Vec::new, |n| host(n.gamma.val()))
                }
                LayerPart::KeyNorm => layer.key_norm.as_ref().map_or_else(Vec::new, |n| host(n.gamma.val())),
                LayerPart::Weight(map, Columns { start, count }) => {
                    host(map.of(layer).weight.val().narrow(1, start, count).transpose())
                }
                LayerPart::Bias(map, Columns { start, count }) => {
                    let bias = map.of(layer).bias.as_ref();
                    bias.map_or_else(Vec::new, |bias| host(bias.val().narrow(0, start, count)))
                }
            }
        }
    }
}
