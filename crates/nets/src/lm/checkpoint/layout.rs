//! The arrays of a published checkpoint.

use super::super::config::LmConfig;
use super::super::map::{Columns, LinearMap};

/// One array of a checkpoint.
pub(super) struct Array {
    pub name: String,
    pub shape: Vec<usize>,
    pub part: Part,
}

/// What of a decoder an array holds. Published matrices are `[outputs, inputs]`, the decoder's are
/// `[inputs, outputs]`.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// As it is.
    Embedding,
    /// Transposed.
    Head,
    Norm,
    /// Of a layer.
    Layer(usize, LayerPart),
}

#[derive(Clone, Copy)]
pub(super) enum LayerPart {
    AttentionNorm,
    FeedNorm,
    QueryNorm,
    KeyNorm,
    /// Transposed, some columns of a matrix.
    Weight(LinearMap, Columns),
    Bias(LinearMap, Columns),
}

/// All arrays of a decoder.
pub(super) fn arrays(config: &LmConfig) -> Vec<Array> {
    let (vocabulary, width) = (config.vocabulary, config.width);
    let array = |name: &str, shape: &[usize], part| Array { name: name.into(), shape: shape.into(), part };
    let mut all = vec![array("model.embed_tokens.weight", &[vocabulary, width], Part::Embedding)];
    for layer in 0..config.layers {
        all.extend(layer_arrays(config, layer));
    }
    all.push(array("model.norm.weight", &[width], Part::Norm));
    if !config.tied {
        all.push(array("lm_head.weight", &[vocabulary, width], Part::Head));
    }
    all
}

/// The full name of an array of a layer.
pub(super) fn in_layer(layer: usize, name: &str) -> String {
    format!("model.layers.{layer}.{name}")
}

fn layer_arrays(config: &LmConfig, layer: usize) -> Vec<Array> {
    let array = |name: &str, shape: Vec<usize>, part| Array {
        name: in_layer(layer, name),
        shape,
        part: Part::Layer(layer, part),
    };
    let mut all = vec![
        array("input_layernorm.weight", vec![config.width], LayerPart::AttentionNorm),
        array("post_attention_layernorm.weight", vec![config.width], LayerPart::FeedNorm),
    ];
    if config.query_key_norm {
        all.push(array("self_attn.q_norm.weight", vec![config.head_width], LayerPart::QueryNorm));
        all.push(array("self_attn.k_norm.weight", vec![config.head_width], LayerPart::KeyNorm));
    }
    for map in LinearMap::ALL {
        let columns = map.columns(config);
        let inputs = match map {
            LinearMap::Output => config.heads * config.head_width,
            LinearMap::Down => config.hidden,
            _ => config.width,
        };
        let name = map.published();
        let part = LayerPart::Weight(map, columns);
        all.push(array(&format!("{name}.weight"), vec![columns.count, inputs], part));
        if map.has_bias(config) {
            let part = LayerPart::Bias(map, columns);
            all.push(array(&format!("{name}.bias"), vec![columns.count], part));
        }
    }
    all
}
