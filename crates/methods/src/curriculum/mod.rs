//! Teachers that choose what a student meets next.

pub mod alp_gmm;
