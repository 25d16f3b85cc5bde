//! Tests over the registered methods of this crate, in one program.

// Links the methods, which register themselves.
use agents as _;

mod export;
mod language;
mod learning;
mod recorded;
mod sequence;
