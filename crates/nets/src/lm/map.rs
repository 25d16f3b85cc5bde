//! The linear maps of a layer by name, and where each lies in the layer's matrices.

use settings::Choice;

use super::config::LmConfig;
use super::layer::Layer;
use super::projection::Projection;

/// A linear map of a layer, named as in published checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum LinearMap {
    /// To queries.
    Query,
    /// To keys.
    Key,
    /// To values.
    Value,
    /// From what the heads read.
    Output,
    /// To what passes through SiLU.
    Gate,
    /// To what the gate multiplies.
    Up,
    /// Back to the residual stream.
    Down,
}

/// Columns of one of a layer's matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub start: usize,
    pub count: usize,
}

impl LinearMap {
    /// All of them, in the order of the matrices.
    pub const ALL: [Self; 7] =
        [Self::Query, Self::Key, Self::Value, Self::Output, Self::Gate, Self::Up, Self::Down];

    /// The maps of each of a layer's matrices, by columns from left to right.
    pub(super) const MATRICES: [&'static [Self]; 4] =
        [&[Self::Query, Self::Key, Self::Value], &[Self::Output], &[Self::Gate, Self::Up], &[Self::Down]];

    /// The name within a layer of a published checkpoint.
    pub(super) fn published(self) -> &'static str {
        match self {
            Self::Query => "self_attn.q_proj",
            Self::Key => "self_attn.k_proj",
            Self::Value => "self_attn.v_proj",
            Self::Output => "self_attn.o_proj",
            Self::Gate => "mlp.gate_proj",
            Self::Up => "mlp.up_proj",
            Self::Down => "mlp.down_proj",
        }
    }

    /// Its columns in the matrix that holds it.
    pub(super) fn columns(self, config: &LmConfig) -> Columns {
        let queries = config.heads * config.head_width;
        let keys = config.key_heads * config.head_width;
        let (start, count) = match self {
            Self::Query => (0, queries),
            Self::Key => (queries, keys),
            Self::Value => (queries + keys, keys),
            Self::Output | Self::Down => (0, config.width),
            Self::Gate => (0, config.hidden),
            Self::Up => (config.hidden, config.hidden),
        };
        Columns { start, count }
    }

    /// Whether it has a bias.
    pub(super) fn has_bias(self, config: &LmConfig) -> bool {
        config.bias && matches!(self, Self::Query | Self::Key | Self::Value)
    }

    /// The matrix that holds it.
    pub(super) fn of(self, layer: &Layer) -> &Projection {
        match self {
            Self::Query | Self::Key | Self::Value => &layer.query_key_value,
            Self::Output => &layer.output,
            Self::Gate | Self::Up => &layer.gate_up,
            Self::Down => &layer.down,
        }
    }

    /// The matrix that holds it.
    pub(super) fn of_mut(self, layer: &mut Layer) -> &mut Projection {
        match self {
            Self::Query | Self::Key | Self::Value => &mut layer.query_key_value,
            Self::Output => &mut layer.output,
            Self::Gate | Self::Up => &mut layer.gate_up,
            Self::Down => &mut layer.down,
        }
    }
}
