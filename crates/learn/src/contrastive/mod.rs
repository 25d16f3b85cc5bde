//! Contrastive objectives: similar pairs pulled together, others pushed apart.

pub mod theory;
