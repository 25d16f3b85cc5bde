//! Papers on latent actions and skills.

pub mod lapo;

#[cfg(test)]
trials::family!();
