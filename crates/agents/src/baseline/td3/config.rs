//! Hyper-parameters of TD3.

use settings::Config;

use super::twins::TwinConfig;
use crate::latent_agent::OffPolicyConfig;

/// Hyper-parameters of TD3.
///
/// The paper's values (section 6.1 and its supplement).
#[derive(Clone, Debug, Config)]
pub struct Td3Config {
    /// How it acts, remembers and represents.
    #[setting(flatten, paper = OffPolicyConfig { start_steps: 25_000, ..OffPolicyConfig::paper() })]
    pub off_policy: OffPolicyConfig,
    /// Standard deviation of the noise added to actions in training, in units of [-1, 1].
    #[setting(0.1, min = 0.0)]
    pub exploration_noise: f64,
    /// How targets are smoothed and the actor is delayed.
    #[setting(flatten)]
    pub twins: TwinConfig,
    /// Widths of the hidden layers of actor and critics.
    #[setting([128, 128], paper = [256, 256], min = 1)]
    pub hidden: Vec<usize>,
}
