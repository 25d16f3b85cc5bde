//! A decoder's weights as slices.

use super::product::Linear;
use crate::lm::{Decoder, LmConfig};
use crate::norm::RmsNorm;
use crate::{host, lm::projection::Projection};

/// All weights of a decoder.
#[derive(Debug)]
pub(super) struct Weights {
    pub config: LmConfig,
    /// `[V, d]`.
    embedding: Vec<f32>,
    pub layers: Vec<LayerWeights>,
    /// Gains of the final normalisation, `[d]`.
    pub norm: Vec<f32>,
    pub head: Linear,
    /// What pairs of elements turn by per position.
    pub frequencies: Vec<f64>,
}

/// Those of one layer; gains of normalisations are vectors.
#[derive(Debug)]
pub(super) struct LayerWeights {
    pub attention_norm: Vec<f32>,
    pub query_key_value: Linear,
    /// Of queries and keys, where they are normalised.
    pub head_norms: Option<[Vec<f32>; 2]>,
    pub output: Linear,
    pub feed_norm: Vec<f32>,
    pub gate_up: Linear,
    pub down: Linear,
}

impl Weights {
    /// Copies the weights of a decoder without adapters.
    pub fn of(decoder: &Decoder) -> Self {
        let config = decoder.config().clone();
        let head = match &decoder.head {
            Some(head) => head.val(),
            None => decoder.embedding().transpose(),
        };
        let layers = decoder.layers.iter().map(|layer| LayerWeights {
            attention_norm: gains(&layer.attention_norm),
            query_key_value: linear(&layer.query_key_value),
            head_norms: layer
                .query_norm
                .as_ref()
                .zip(layer.key_norm.as_ref())
                .map(|(query, key)| [gains(query), gains(key)]),
            output: linear(&layer.output),
            feed_norm: gains(&layer.feed_norm),
            gate_up: linear(&layer.gate_up),
            down: linear(&layer.down),
        });
        Self {
            embedding: host(decoder.embedding()),
            layers: layers.collect(),
            norm: gains(&decoder.norm),
            head: Linear::new(host(head), Vec::new(), config.width),
            frequencies: config.frequencies(),
            config,
        }
    }

    /// The vector of a token, `[d]`.
    pub fn vector(&self, id: u32) -> &[f32] {
        let width = self.config.width;
        &self.embedding[id as usize * width..][..width]
    }
}

fn linear(projection: &Projection) -> Linear {
    let weight = projection.weight.val();
    let [inputs, _] = weight.dims();
    let bias = projection.bias.as_ref().map(|bias| host(bias.val())).unwrap_or_default();
    Linear::new(host(weight), bias, inputs)
}

fn gains(norm: &RmsNorm) -> Vec<f32> {
    host(norm.gamma.val())
}
