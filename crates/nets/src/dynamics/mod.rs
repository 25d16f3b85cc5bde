//! Models of what an action does to a latent, and of what happened between frames.

mod frame_forward;
mod frame_inverse;
pub mod inverse;
mod latent;
mod transition;

pub use frame_forward::FrameForward;
pub use frame_inverse::{FrameInverse, Inferred};
pub use latent::LatentModel;
pub use transition::{ConvTransition, FlatTransition, Transition};
