//! Papers on reasoning in language models.

pub mod colar;
pub mod hrpo;
pub mod intuitor;
pub mod rent;

#[cfg(test)]
mod small;

#[cfg(test)]
trials::family!();
