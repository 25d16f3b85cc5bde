//! Tests over registered methods, in one program: each links the whole of the libraries.

mod alp_gmm;
mod confidence;
mod diffuser;
mod exactness;
mod export;
mod harness;
mod interpreter;
mod language_trials;
mod learning;
mod offline;
mod reasoning;
mod sequence;
mod theory;
