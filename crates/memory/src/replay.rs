//! Replay memory: a ring of entries, and the ways to draw from it.

mod append;
pub mod batch;
pub mod config;
pub mod episodes;
mod gather;
pub mod nstep;
pub(crate) mod prefetch;
pub mod prioritised;
pub(crate) mod record;
pub mod ring;
mod sample;
mod segments;
pub mod span;
pub mod sum_tree;
mod transitions;
pub(crate) mod windows;
