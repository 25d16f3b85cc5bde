//! Contrastive objectives: learning by telling what belongs together from what does not.

pub mod info_nce;
pub mod theory;
