//! Language models on problems in text: what trains them, and what all of it shares.
//!
//! A method's run begins with [`base`]: an embedded decoder, half trained on worked solutions, or a
//! published one. [`learner::Language`] holds it with its frozen copy; it draws [`rollout::Rollouts`],
//! groups of answers with what was observed on the way and the verifier's judgement; [`batch::Batch`]
//! passes them through a model once more with the answers given, from which losses are made; [`tuning`] is
//! what all of these methods are told; [`group`]
//! is the update that group-relative methods share, whatever their reward; [`confidence`] watches rewards
//! without labels; [`evaluation`] scores on held-out problems.

pub mod base;
pub mod batch;
pub mod codec;
pub mod confidence;
pub mod dpo;
pub mod evaluation;
pub mod group;
pub mod grpo;
pub mod learner;
pub mod model;
pub mod ppo_lm;
pub mod rloo;
pub mod rollout;
pub mod sft;
pub mod speaker;
pub mod supervised;
pub mod tuner;
pub mod tuning;
