//! Networks of agents before anything has changed them, and the encoders they fall back on.

use learn::objective::NetworkSpec;
use nets::{encoder::EncoderConfig, init::Init};
use run::task::World;

/// The encoder of flat observations under an objective that rescales latents: rescaling raw vectors
/// sample by sample would throw away what they say. It is four times as wide as the `hidden` layers.
pub fn flat_encoder(hidden: usize) -> EncoderConfig {
    let width = 4 * hidden;
    EncoderConfig::Mlp {
        hidden: vec![width],
        output: width,
        activation: Default::default(),
        norm: Default::default(),
        init: Init::FanIn,
        flatten: true,
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
