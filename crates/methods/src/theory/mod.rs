//! Methods whose point is a theorem that can be checked.

pub mod contrastive_theory;
//! Methods whose paper is a theorem: what it bounds is measured against exact solutions.

pub mod latent_thresholds;
pub mod lmdp_horizon_free;
