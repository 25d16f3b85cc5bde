//! What methods that learn from recorded transitions share: how they act, how they are scored, and
//! how rewards are prepared.

pub mod measure;
pub mod policy;
pub mod rewards;
