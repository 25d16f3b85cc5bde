//! Methods whose subject is how values and policies are iterated.

pub mod ensemble_cdrl;
pub mod mdvi;
pub mod orchestrated_value_mapping;
