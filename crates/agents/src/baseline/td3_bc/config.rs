//! Hyper-parameters of TD3+BC.

use memory::Dataset;
use settings::{Config, Refusal};

use crate::{
    baseline::td3::twins::TwinConfig,
    offline::rewards::{RewardConfig, Rewards},
};

/// Hyper-parameters of TD3+BC.
///
/// The paper's values (table 3).
#[derive(Clone, Debug, Config)]
pub struct Td3BcConfig {
    /// Weight of the normalised value against cloning.
    #[setting(2.5, above = 0.0)]
    pub alpha: f64,
    /// Transitions of an update.
    #[setting(128, paper = 256, min = 1)]
    pub batch: usize,
    /// Discount per step.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Share of actor and critics that flows into their target networks per update of the actor.
    #[setting(0.005, above = 0.0, max = 1.0)]
    pub tau: f64,
    /// Adam's step size of actor and critics.
    #[setting(1e-3, paper = 3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// How targets are smoothed and the actor is delayed.
    #[setting(flatten)]
    pub twins: TwinConfig,
    /// Widths of the hidden layers of actor and critics.
    #[setting([64, 64], paper = [256, 256], min = 1)]
    pub hidden: Vec<usize>,
    /// Whether states are normalised by the data's mean and deviation plus 0.001.
    #[setting(true)]
    pub normalise: bool,
    /// How rewards are changed.
    #[setting(group)]
    pub rewards: RewardConfig,
}

impl Td3BcConfig {
    /// The change of a data set's rewards.
    ///
    /// # Errors
    /// The returns have no range to divide by.
    pub fn rewards_of(&self, set: &Dataset) -> Result<Rewards, Refusal> {
        self.rewards.of(set).map_err(|refusal| refusal.inside("rewards"))
    }
}
