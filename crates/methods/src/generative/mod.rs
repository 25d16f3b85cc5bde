//! Generative models of behaviour.

pub mod decision_diffuser;
