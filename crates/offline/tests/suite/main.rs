//! Tests over the registered methods of this crate, in one program.

// Links the methods, which register themselves.
use offline as _;

mod diffuser;
mod doc_control;
mod export;
mod prdc;
