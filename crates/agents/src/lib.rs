//! What papers stand on. [`baseline`] holds the agents that they compare with and build on; beside
//! it stands what several of them share: learners of values ([`value_agent`]) and of continuous
//! control ([`latent_agent`]), acting and remembering ([`experience`]), rewards for what is new
//! ([`exploration`]), recorded experience ([`recorded`], [`trajectories`], [`offline`]), tables
//! ([`table`]), language models on problems in text ([`language`]), and the way into snapshots and
//! exports ([`state`], [`export`]).
//!
//! Papers depend on this crate and never on each other.

pub mod baseline;
pub mod device;
pub mod experience;
pub mod exploration;
pub mod export;
pub mod language;
pub mod latent_actor;
pub mod latent_agent;
pub mod networks;
pub mod offline;
pub mod recorded;
pub mod state;
pub mod table;
pub mod trajectories;
pub mod update;
pub mod value_agent;

#[cfg(test)]
mod small;

#[cfg(test)]
trials::family!();
