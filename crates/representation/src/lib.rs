//! Papers whose subject is the latent itself.

pub mod self_predictive;
pub mod spr;
pub mod tcrl;
pub mod tcrl_ensemble;
pub mod td_infonce;
#[cfg(test)]
mod testing;
pub mod vae;

#[cfg(test)]
trials::family!();
