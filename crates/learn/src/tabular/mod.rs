//! What is learnt on tables, in 64-bit floats and without automatic differentiation.

pub mod chain;
pub mod latent_flow;
pub mod spectral;
