//! Tests of the networks: golden values, properties, gradients against finite differences.

mod attention;
mod diffusion;
mod distribution;
mod dynamics;
mod encoder;
mod functional;
mod heads;
mod images;
mod init;
mod inverse;
mod layers;
mod parameters;
mod recipe;
mod recurrent;
mod routing;
mod spectral;
mod support;
mod vae;
mod vq;
