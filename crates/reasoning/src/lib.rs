//! Papers on reasoning in language models.

pub mod colar;
pub mod hrpo;
pub mod intuitor;
pub mod rent;
