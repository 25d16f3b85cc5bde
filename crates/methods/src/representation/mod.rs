//! Methods whose subject is the latent itself: objectives that plug into an agent, and the agents
//! that carry them under the paper's settings.

pub mod spr;
pub mod tcrl;

use learn::{
    objective::{NetworkSpec, Objective},
    optim::AdamSettings,
};
use nets::encoder::EncoderConfig;
use run::{Result, Run, RunError, config, task::World};

use self::{
    spr::{SprObjective, SprSettings},
    tcrl::{ConsistencySettings, TemporalConsistency},
};

/// What `latent` holds where no objective is plugged in.
pub const NONE: &str = "none";

/// Every value of `latent`.
pub fn objectives() -> &'static [&'static str] {
    &[NONE, spr::ID, "tcrl"]
}

fn unknown(latent: &str) -> RunError {
    config::unknown("objective", latent, objectives().iter().copied())
}

/// The networks of an agent before an objective has changed them: `encoder`, or where that is the
/// identity and the world gives images, the usual convolutions; `target_rate` is the share of the
/// online networks that flows into their slow copies.
pub fn networks(encoder: &EncoderConfig, world: &World, target_rate: f64) -> NetworkSpec {
    let encoder = match (encoder, world.images()) {
        (EncoderConfig::Identity, true) => EncoderConfig::for_layout(world.spec.input()),
        (encoder, _) => encoder.clone(),
    };
    NetworkSpec { encoder, renormalise: false, target_rate, dropout: 0.0 }
}

/// The objective of this name under its default settings.
///
/// # Errors
/// There is none of that name.
pub fn chosen(latent: &str) -> Result<Option<Box<dyn Objective>>> {
    Ok(match latent {
        NONE => None,
        spr::ID => Some(Box::new(SprObjective::new(SprSettings::default(), AdamSettings::default()))),
        "tcrl" => Some(Box::new(TemporalConsistency::new(ConsistencySettings::default()))),
        _ => return Err(unknown(latent)),
    })
}

/// Checks the name of an objective and its settings for an agent with values of discrete actions.
///
/// # Errors
/// There is none of that name, or a setting is out of range.
pub fn validate(latent: &str, spr: &SprSettings) -> std::result::Result<(), String> {
    if !objectives().contains(&latent) {
        return Err(unknown(latent).to_string());
    }
    spr.validate()
}

/// The objective of this name for an agent with values of discrete actions; the modules of `spr`
/// take the agent's optimiser settings.
///
/// # Errors
/// There is none of that name.
pub fn for_values(
    latent: &str,
    spr: &SprSettings,
    adam: &AdamSettings,
    world: &World,
    run: &mut Run,
) -> Result<Option<Box<dyn Objective>>> {
    if latent != spr::ID {
        return chosen(latent);
    }
    if let Some(note) = spr.doubt(world.images()) {
        run.note(note);
    }
    Ok(Some(Box::new(SprObjective::new(spr.clone(), *adam))))
}
