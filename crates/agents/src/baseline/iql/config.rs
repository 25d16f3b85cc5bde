//! Hyper-parameters of implicit Q-learning.

use settings::Config;

use crate::offline::rewards::RewardConfig;

/// Hyper-parameters of implicit Q-learning.
///
/// The paper's values for locomotion (appendix B); mazes take `expectile = 0.9`, `beta = 10`, and
/// rewards with `shift = -1` instead of `by_range`.
#[derive(Clone, Debug, Config)]
pub struct IqlConfig {
    /// Level of the expectile that the state value is fitted to: 0.7 for locomotion, 0.9 for mazes.
    #[setting(0.7, above = 0.0, below = 1.0)]
    pub expectile: f64,
    /// Inverse temperature of the advantage: 3 for locomotion, 10 for mazes.
    #[setting(3.0, min = 0.0)]
    pub beta: f64,
    /// Largest weight of an action.
    #[setting(100.0, above = 0.0)]
    pub limit: f64,
    /// Transitions of an update.
    #[setting(128, paper = 256, min = 1)]
    pub batch: usize,
    /// Discount per step.
    #[setting(0.99, min = 0.0, max = 1.0)]
    pub gamma: f64,
    /// Share of the critics that flows into their target networks per update.
    #[setting(0.005, above = 0.0, max = 1.0)]
    pub tau: f64,
    /// Adam's step size of all networks.
    #[setting(1e-3, paper = 3e-4, above = 0.0)]
    pub learning_rate: f64,
    /// Whether the policy's step size falls to 0 along a cosine over the run's steps.
    #[setting(false, paper = true)]
    pub cosine: bool,
    /// Widths of the hidden layers.
    #[setting([64, 64], paper = [256, 256], min = 1)]
    pub hidden: Vec<usize>,
    /// Whether states are normalised by the data's mean and deviation plus 0.001.
    #[setting(true, paper = false)]
    pub normalise: bool,
    /// How rewards are changed.
    #[setting(group, paper = RewardConfig { by_range: true, ..RewardConfig::default() })]
    pub rewards: RewardConfig,
}
