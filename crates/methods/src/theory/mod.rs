//! Methods whose point is a theorem that can be checked.

pub mod contrastive_theory;
