//! Orchestrated value mapping (Fatemi and Tavakoli, 2022, "Orchestrated Value Mapping for
//! Reinforcement Learning", arXiv 2203.07171).
//!
//! The reward is split into channels, r = sum of lambda_j r_j, and the value of each is stored under
//! an invertible mapping of its own. Random targets must be averaged in ordinary space, or a mapping
//! biases them, so there are two step sizes: beta_reg averages, beta_f moves the stored form; and all
//! channels bootstrap at the best action of their aggregate, or each would believe that it is in
//! control. Q-learning, logarithmic Q-learning and Q-decomposition are special cases of the class,
//! which converges to the optimal values.
//!
//! On a world whose table is known the paper's update runs in 64-bit floats and its error is exact
//! ([`tabular`]); elsewhere a network holds the stored forms ([`deep`]). Its optimiser is Adam where the
//! paper uses RMSProp: as Adam's steps do not shrink with the error, beta_reg does not divide the
//! step size, and `rates = "single"` there changes beta_reg only. The channels' heads share their
//! hidden layer, and channels are mapped, chosen and averaged on the host in 64-bit floats.

pub mod channels;
mod config;
pub mod deep;
pub mod mapping;
mod method;
mod policy;
pub mod tabular;
#[cfg(test)]
mod tests;

pub use self::config::{Bootstrap, DeepSettings, Form, Negative, OrchestratedConfig, Rates, TabularSettings};

/// Values stored under mappings, channel by channel.
pub struct OrchestratedValueMapping {
    form: Box<dyn run::AnyMethod>,
}
