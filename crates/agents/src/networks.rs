//! Networks of agents before anything has changed them, and the encoders they fall back on.

use learn::objective::NetworkSpec;
use nets::{encoder::EncoderConfig, init::Init, mlp::Norm};
use run::task::World;
use worlds::ActionSpace;

/// The encoder of flat observations under an objective that rescales latents: rescaling raw vectors
/// sample by sample would throw away what they say. It is four times as wide as the `hidden` layers.
pub fn flat_encoder(hidden: usize) -> EncoderConfig {
    perceptron(vec![4 * hidden], 4 * hidden, Norm::default(), true)
}

/// A layer-normalised, rectified layer of this width and a linear one, for agents whose head adds its
/// own. Without the layer normalisation, values of long episodes grow past what any policy can earn in
/// some seeds (Gallici et al., 2024, prove why it steadies temporal-difference learning).
pub fn normalised_layers(width: usize) -> EncoderConfig {
    perceptron(vec![width], width, Norm::Layer, false)
}

/// One linear layer of this width, which value networks rectify.
pub fn one_layer(width: usize) -> EncoderConfig {
    perceptron(Vec::new(), width, Norm::default(), false)
}

fn perceptron(hidden: Vec<usize>, output: usize, norm: Norm, flatten: bool) -> EncoderConfig {
    EncoderConfig::Mlp { hidden, output, activation: Default::default(), norm, init: Init::FanIn, flatten }
}

/// `encoder`, or `layers` where that is the identity and the world gives vectors.
pub fn or_layers(encoder: &EncoderConfig, layers: EncoderConfig, world: &World) -> EncoderConfig {
    match encoder {
        EncoderConfig::Identity if !world.images() => layers,
        encoder => encoder.clone(),
    }
}

/// The networks of an agent before an objective has changed them: `encoder`, or where that is the
/// identity and the world gives images, the usual convolutions; `target_rate` is the share of the
/// online networks that flows into their target copies.
pub fn spec_of(encoder: &EncoderConfig, world: &World, target_rate: f64) -> NetworkSpec {
    let encoder = match (encoder, world.images()) {
        (EncoderConfig::Identity, true) => EncoderConfig::for_layout(world.spec.input()),
        (encoder, _) => encoder.clone(),
    };
    NetworkSpec { encoder, renormalise: false, target_rate, dropout: 0.0 }
}

/// Numbers that stand for an action: a logit per index, or an element per dimension.
pub fn width(space: &ActionSpace) -> usize {
    match space {
        ActionSpace::Discrete { count } => *count,
        ActionSpace::Box { low, .. } => low.len(),
    }
}
