//! Language models: decoders of the Llama family, trained here or published.
//!
//! A [`Decoder`] maps ids or embeddings to logits ([`Decoder::forward`]), at positions and under a
//! mask that [`Place`] gives, one pass after another where a [`Cache`] is passed on.
//! [`LmConfig`] says which member of the family: RMS normalisation, rotary positions with the scaling
//! of Llama 3, grouped keys, SwiGLU layers, Qwen 2's biases, Qwen 3's normalised queries and keys.

mod cache;
pub mod checkpoint;
mod config;
mod decoder;
pub mod generate;
mod host;
pub mod latent;
mod layer;
mod lora;
mod map;
mod place;
mod projection;
pub mod sampling;
pub mod tokenizer;
mod version;

pub use cache::Cache;
pub use config::{Llama3Scaling, LmConfig, RopeConfig};
pub use decoder::{Decoder, LogitsOf, Output, Pass};
pub use lora::LoraConfig;
pub use map::LinearMap;
pub use place::Place;

#[cfg(test)]
mod tests;
