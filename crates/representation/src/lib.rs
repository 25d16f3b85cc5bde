//! Papers whose subject is the latent itself.

pub mod self_predictive;
pub mod spr;
pub mod tcrl;
pub mod td_infonce;
