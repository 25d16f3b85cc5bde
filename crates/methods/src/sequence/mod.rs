//! Methods that treat trajectories as sequences.

pub mod doc_control;
