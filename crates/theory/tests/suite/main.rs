//! Tests over the registered methods of this crate, in one program.

// Links the methods, which register themselves.
use ::theory as _;

mod learning;
mod theory;
