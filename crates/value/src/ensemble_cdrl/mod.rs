//! Distributional reinforcement learning with ensembles (Lindenberg, Nordqvist and Lindahl, 2020,
//! arXiv 2003.10903).
//!
//! A group of categorical agents learns side by side, each in its own copy of the world. The target
//! of every agent is made from the mean of all return distributions: it gives both the next action
//! and the next distribution, so that errors of single agents average out before they are learned.
//! Averaging independently trained agents when they act does not do that.
//!
//! On a world whose table is known the values of all greedy policies are exact ([`tabular`]);
//! elsewhere every agent has a network ([`deep`]), and the mean is that of the target networks'
//! probabilities. The agents share one number of steps, counted per agent.

mod config;
pub mod deep;
pub mod grid;
mod method;
mod policy;
pub mod report;
pub mod tabular;
#[cfg(test)]
mod tests;

pub use self::config::{EnsembleConfig, Form, TabularSettings, Targets};

/// A group of categorical agents that learn from their mean.
pub struct EnsembleCdrl {
    form: Box<dyn run::AnyMethod>,
}
