//! Networks: Burn modules for encoders, latent dynamics, heads and distributions.
//!
//! Every module draws its first weights eagerly from the generator it is given, and every layer
//! that needs noise takes it as an argument. A module made on `device.autodiff()` is trainable;
//! `module.valid()` is its copy on the plain device, without gradients and without cost.

pub mod attention;
pub mod conv;
pub mod decoder;
pub mod diffusion;
pub mod distribution;
pub mod dynamics;
pub mod elu;
pub mod ema;
pub mod encoder;
pub mod ensemble;
pub mod error;
pub mod frames;
pub mod functional;
pub mod gradient;
pub mod heads;
mod host;
pub mod init;
mod kernel;
mod lanes;
pub mod lm;
pub mod mish;
pub mod mlp;
pub mod noise;
pub mod noisy;
pub mod norm;
pub mod observed;
pub mod parameters;
mod pointwise;
pub mod position;
pub mod recipe;
pub mod recurrent;
pub mod sigmoid;
pub mod tanh;
pub mod trajectory;
pub mod unet;
pub mod unfold;
pub mod vae;
pub mod vq;

pub use error::NetsError;
pub use host::{argmax, host};
pub use observed::Observed;
