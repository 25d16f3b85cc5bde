//! Models of what an action does to a latent.

pub mod inverse;
mod latent;
mod transition;

pub use latent::LatentModel;
pub use transition::{ConvTransition, FlatTransition, Transition};
