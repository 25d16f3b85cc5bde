//! Papers on what is learnt when: curricula, and streams of tasks.

pub mod alp_gmm;
pub mod pec;

#[cfg(test)]
trials::family!();
