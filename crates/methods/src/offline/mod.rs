//! Methods that learn from recorded experience alone, and what they share.

pub mod measure;
pub mod policy;
pub mod prdc;
pub mod rewards;
