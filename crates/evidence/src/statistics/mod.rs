//! Statistics that stay honest with few runs: those of Agarwal et al. (Deep Reinforcement Learning
//! at the Edge of the Statistical Precipice, NeurIPS 2021) for comparisons over several worlds,
//! and intervals of one number over shared seeds for the conditions of a claim.
//!
//! Scores over worlds come as one list per world with the runs' scores in it, `scores[world][run]`;
//! the lists need not be equally long, none may be empty.

mod aggregate;
mod bootstrap;
mod improvement;
mod interval;

pub use aggregate::{efficiency, interquartile_mean, mean, median, optimality_gap, profile};
pub use bootstrap::{LEVEL, RESAMPLES, generator, percentile, stratified, stratified_pair};
pub use improvement::probability_of_improvement;
pub use interval::{Interval, interval, seeds_needed};
