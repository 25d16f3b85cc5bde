//! Hyper-parameters of soft actor-critic.

use settings::Config;

use crate::latent_agent::OffPolicyConfig;

/// Hyper-parameters of SAC.
///
/// The paper's values (table 1).
#[derive(Clone, Debug, Config)]
pub struct SacConfig {
    /// How it acts, remembers and represents.
    #[setting(flatten)]
    pub off_policy: OffPolicyConfig,
    /// Entropy temperature at the start.
    #[setting(1.0, above = 0.0)]
    pub temperature: f32,
    /// Whether the temperature is tuned to the target entropy of minus the action dimensions.
    #[setting(true)]
    pub tune_temperature: bool,
    /// Widths of the hidden layers of actor and critics.
    #[setting([128, 128], paper = [256, 256], min = 1)]
    pub hidden: Vec<usize>,
}
