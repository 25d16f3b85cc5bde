//! Clusters of points: k-means and mixtures of Gaussians. Points are rows of a flat, row-major
//! slice of 64-bit numbers.

pub mod kmeans;
pub mod mixture;

pub use mixture::{Criterion, FitSettings, Mixture};
