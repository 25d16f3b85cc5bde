//! Learning from data whose distribution changes: the class-incremental protocol, and what the
//! usual methods against forgetting are made of.

pub mod buffer;
pub mod moments;
pub mod penalty;
pub mod protocol;
