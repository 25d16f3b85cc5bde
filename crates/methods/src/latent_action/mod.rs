//! Methods that learn what an action is from experience that does not say.

pub mod lapo;
