//! Tests over the registered methods of this crate, in one program.

// Links the methods, which register themselves.
use curriculum as _;

mod alp_gmm;
mod learning;
