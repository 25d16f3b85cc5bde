//! What methods learn with: optimisation, returns, targets, losses and planners, as pure
//! functions and small structs.
//!
//! Losses come back per sample; [`reduce`] turns them into the scalar of an update. Tensors are
//! batch first and hold 32-bit floats; randomness is drawn from the generator that is passed in.

pub mod augment;
pub mod batch;
pub mod cluster;
pub mod continual;
pub mod contrastive;
pub mod curriculum;
pub mod decorrelation;
pub mod duals;
mod error;
pub mod generative;
pub mod imitation;
pub mod information;
pub mod intrinsic;
pub mod language;
pub mod metrics;
pub mod normalise;
pub mod objective;
pub mod optim;
pub mod planner;
pub mod plug;
pub mod policy_gradient;
pub mod probe;
pub mod reduce;
pub mod representation;
pub mod returns;
pub mod schedule;
pub mod self_predictive;
pub mod tabular;
pub mod td;
#[cfg(test)]
mod testing;

pub use error::LearnError;
