//! Methods whose subject is how values and policies are iterated.

pub mod mdvi;
pub mod orchestrated_value_mapping;
