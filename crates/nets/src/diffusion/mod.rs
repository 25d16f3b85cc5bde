//! Diffusion models: a process that turns data into noise, a network that predicts what was added,
//! and a sampler that goes back (Sohl-Dickstein et al., 2015; Ho et al., 2020).
//!
//! Steps k run from 1 to K; step 0 is the data. Samples are batch first, `[B, ...]`; the temporal
//! network reads `[B, H, d]`, H rows of d numbers each.

mod block;
mod embedding;
mod guidance;
mod sampler;
mod schedule;
mod unet;

pub use block::{Convolution1d, GroupNorm, ResidualBlock};
pub use embedding::{Condition, sinusoids};
pub use guidance::{Denoiser, Guidance, Term};
pub use sampler::{Clamp, Sampler, Start};
pub use schedule::{Noising, Prediction, Process, Schedule, Transition};
pub use unet::{TemporalUnet, UnetConfig};
