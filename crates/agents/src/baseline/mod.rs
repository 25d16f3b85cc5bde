//! Algorithms that the papers compare with and build on.

pub mod bc;
pub mod decision_transformer;
pub mod dqn;
pub mod iql;
pub mod ppo;
pub mod rainbow;
pub mod random;
pub mod sac;
pub mod td3;
pub mod td3_bc;
