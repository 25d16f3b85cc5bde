//! Tests over the registered methods of this crate, in one program.

// Links the methods, which register themselves.
use latent_action as _;

mod export;
