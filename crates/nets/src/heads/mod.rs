//! What reads a latent: values of actions, policies, critics.

mod actor;
mod code;
mod critic;
mod q;

pub use actor::{DeterministicActor, GaussianHead, LogStd};
pub use code::CodeHead;
pub use critic::Critic;
pub use q::{HeadNoise, QHead, QHeadConfig};
