//! Methods whose subject is the latent itself: objectives that plug into an agent, and the agents
//! that carry them under the paper's settings.

pub mod self_predictive;
pub mod spr;
pub mod tcrl;
pub mod td_infonce;

use learn::{
    objective::{NetworkSpec, Objective},
    optim::AdamSettings,
};
use nets::{encoder::EncoderConfig, init::Init};
use run::{Result, Run, RunError, config, task::World};

use self::{
    self_predictive::{PredictionSettings, SelfPrediction},
    spr::{SprObjective, SprSettings},
    tcrl::{ConsistencySettings, TemporalConsistency},
};

/// What `latent` holds where no objective is plugged in.
pub const NONE: &str = "none";

/// Every value of `latent`.
pub fn objectives() -> &'static [&'static str] {
    &[NONE, spr::ID, self_predictive::ID, "tcrl"]
}

fn unknown(latent: &str) -> RunError {
    config::unknown("objective", latent, objectives().iter().copied())
}

/// The encoder of flat observations under an objective that rescales latents: rescaling raw vectors
/// sample by sample would throw away what they say. It is four times as wide as the `hidden` layers.
fn flat_encoder(hidden: usize) -> EncoderConfig {
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
        self_predictive::ID => {
            Some(Box::new(SelfPrediction::new(PredictionSettings::default(), AdamSettings::default())))
        }
        "tcrl" => Some(Box::new(TemporalConsistency::new(ConsistencySettings::default()))),
        _ => return Err(unknown(latent)),
    })
}

/// The objective that an agent with values of discrete actions is to carry, as its configuration
/// says it.
pub struct Plugged<'a> {
    /// The objective's name.
    pub latent: &'a str,
    /// Settings of `spr`.
    pub spr: &'a SprSettings,
    /// Settings of `self-predictive`.
    pub self_predictive: &'a PredictionSettings,
}

impl Plugged<'_> {
    /// Checks the name and the settings.
    ///
    /// # Errors
    /// There is none of that name, or a setting is out of range.
    pub fn validate(&self) -> std::result::Result<(), String> {
        if !objectives().contains(&self.latent) {
            return Err(unknown(self.latent).to_string());
        }
        self.spr.validate()?;
        self.self_predictive.validate()
    }

    /// The objective; its modules take the agent's optimiser settings.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn build(
        &self,
        adam: &AdamSettings,
        world: &World,
        run: &mut Run,
    ) -> Result<Option<Box<dyn Objective>>> {
        Ok(match self.latent {
            spr::ID => {
                if let Some(note) = self.spr.doubt(world.images()) {
                    run.note(note);
                }
                Some(Box::new(SprObjective::new(self.spr.clone(), *adam)))
            }
            self_predictive::ID => Some(Box::new(SelfPrediction::new(self.self_predictive.clone(), *adam))),
            other => return chosen(other),
        })
    }
}
