//! Methods whose point is a theorem: what it promises is measured against exact solutions.

pub mod contrastive_theory;
pub mod latent_thresholds;
pub mod lmdp_horizon_free;
