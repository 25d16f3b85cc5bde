//! Tests over the registered methods of this crate, in one program.

// Links the methods, which register themselves.
use reasoning as _;

mod confidence;
mod latent;
