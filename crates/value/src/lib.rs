//! Papers on how values are learnt.

pub mod ensemble_cdrl;
pub mod mdvi;
pub mod orchestrated_value_mapping;

#[cfg(test)]
trials::family!();
