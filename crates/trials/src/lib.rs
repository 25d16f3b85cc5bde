//! Trials of registered methods, for the tests of their families: runs without a folder
//! ([`Trial`]), what must hold of every method ([`exactness`], [`refusals`]), and an exported policy
//! computed from its file alone ([`export`], [`interpreter`]).

pub mod exactness;
pub mod export;
pub mod interpreter;
pub mod refusals;
mod trial;

pub use trial::Trial;
