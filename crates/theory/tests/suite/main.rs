//! Tests over the registered methods of this crate, in one program.

// Links the methods, which register themselves.
use ::theory as _;

mod exactness;
mod learning;
mod settings;
mod theory;
