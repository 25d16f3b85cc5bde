//! Algorithms that the papers compare with and build on.

pub mod bc;
pub mod decision_transformer;
pub mod dqn;
pub mod iql;
pub mod latent_actor;
pub mod latent_agent;
pub mod ppo;
pub mod rainbow;
pub mod random;
pub mod sac;
pub mod td3;
pub mod td3_bc;
pub mod value_agent;
