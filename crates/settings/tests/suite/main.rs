//! Tests of the derives, by the configs of an agent that does not exist.

mod agent;
mod choices;
mod presets;
mod ranges;
mod refusals;
mod tables;
