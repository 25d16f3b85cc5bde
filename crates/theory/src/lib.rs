//! Papers whose claims have exact answers.

pub mod contrastive_theory;
pub mod latent_thresholds;
pub mod lmdp_horizon_free;

#[cfg(test)]
trials::family!();
