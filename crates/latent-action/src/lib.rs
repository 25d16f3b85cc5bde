//! Papers on latent actions and skills.

pub mod lapo;
