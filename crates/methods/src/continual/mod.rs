//! Methods that learn from a stream whose distribution changes.

pub mod pec;
