//! Contrastive objectives: similar pairs pulled together, others pushed apart.

pub mod theory;
//! Learning by telling what belongs together from what does not.

pub mod info_nce;
