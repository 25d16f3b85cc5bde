//! Settings of acting in a world on top of a latent policy.

use learn::{LearnError, schedule::Piecewise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::{expect_above, expect_positive};

/// Proximal policy optimisation on top of the latent policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OnlineConfig {
    /// The world to act in.
    pub world: String,
    /// Steps in it, of all copies together.
    pub steps: u64,
    /// Copies of the world that act at once.
    pub worlds: usize,
    /// Steps of every copy between updates.
    pub rollout: usize,
    /// Passes over a rollout.
    pub epochs: usize,
    /// Minibatches that a pass is cut into.
    pub minibatches: usize,
    /// Discount per step.
    pub gamma: f64,
    /// Decay of the generalised advantage estimate.
    pub lambda: f64,
    /// How far the probability ratio may leave 1, and a value its old one, before the gradient is
    /// cut.
    pub clip: f32,
    /// Weight of the entropy bonus.
    pub entropy_coefficient: f64,
    /// Weight of the value loss.
    pub value_coefficient: f64,
    /// Limit of the global gradient norm.
    pub gradient_clip: f32,
    /// Scale of the three step sizes.
    pub learning_rate: f64,
    /// Steps at which the step size of the policy's head leaves 0 and peaks at a quarter.
    pub policy_head: [u64; 2],
    /// Steps at which the step size of the value's head leaves 0 and peaks at a quarter.
    pub value_head: [u64; 2],
    /// Steps at which the step size of the features leaves 0 and peaks at a tenth.
    pub features: [u64; 2],
    /// Step at which all three are back at 0.
    pub anneal: u64,
    /// When and how the decoder is fitted to what was done.
    pub refit: RefitConfig,
}

/// Refitting of the decoder while acting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefitConfig {
    /// Steps before the first.
    pub from: u64,
    /// Steps up to which it is refitted after every rollout.
    pub dense_until: u64,
    /// Rollouts from one to the next afterwards.
    pub every: u64,
    /// Steps after which it stays as it is.
    pub until: u64,
    /// Passes over everything collected.
    pub epochs: usize,
    /// Transitions of an update.
    pub batch: usize,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Share of the targets that is spread over all actions.
    pub smoothing: f64,
}

impl Default for OnlineConfig {
    /// The authors' values, for fewer steps.
    fn default() -> Self {
        Self {
            world: "maze-levels".to_owned(),
            steps: 50_000,
            worlds: 64,
            rollout: 64,
            epochs: 3,
            minibatches: 8,
            gamma: 0.999,
            lambda: 0.95,
            clip: 0.2,
            entropy_coefficient: 0.0025,
            value_coefficient: 0.5,
            gradient_clip: 0.5,
            learning_rate: 1e-2,
            policy_head: [35_000, 50_000],
            value_head: [25_000, 50_000],
            features: [50_000, 200_000],
            anneal: 4_000_000,
            refit: RefitConfig::default(),
        }
    }
}

impl Default for RefitConfig {
    fn default() -> Self {
        Self {
            from: 10_000,
            dense_until: 50_000,
            every: 20,
            until: 400_000,
            epochs: 3,
            batch: 512,
            learning_rate: 1e-3,
            smoothing: 0.05,
        }
    }
}

impl OnlineConfig {
    /// The step sizes of the policy's head, the value's head and the features over the stage's
    /// steps in the world.
    ///
    /// # Errors
    /// Their steps fall.
    pub fn schedules(&self) -> Result<[Piecewise; 3], LearnError> {
        let curve = |name, [start, peak]: [u64; 2], share: f64| {
            Piecewise::new(
                name,
                &[(0, 0.0), (start, 0.0), (peak, share * self.learning_rate), (self.anneal, 0.0)],
            )
        };
        Ok([
            curve("online.policy_head", self.policy_head, 0.25)?,
            curve("online.value_head", self.value_head, 0.25)?,
            curve("online.features", self.features, 0.1)?,
        ])
    }

    /// Checks every range.
    ///
    /// # Errors
    /// One sentence naming the key, the value and what is allowed.
    pub(super) fn validate(&self) -> Result<(), String> {
        self.schedules().map_err(|error| error.to_string())?;
        expect_positive(&[
            ("online.worlds", self.worlds),
            ("online.rollout", self.rollout),
            ("online.epochs", self.epochs),
            ("online.minibatches", self.minibatches),
            ("online.refit.batch", self.refit.batch),
            ("online.refit.every", self.refit.every as usize),
        ])?;
        let samples = self.worlds * self.rollout;
        if self.minibatches > samples {
            return Err(format!(
                "`online.minibatches` is {}, but a rollout has only worlds x rollout = {samples} steps",
                self.minibatches
            ));
        }
        expect_above("online.learning_rate", self.learning_rate)?;
        expect_above("online.gradient_clip", f64::from(self.gradient_clip))?;
        expect_above("online.clip", f64::from(self.clip))?;
        expect_above("online.refit.learning_rate", self.refit.learning_rate)?;
        for (name, value) in
            [("gamma", self.gamma), ("lambda", self.lambda), ("refit.smoothing", self.refit.smoothing)]
        {
            if !(0.0..=1.0).contains(&value) {
                return Err(format!("`online.{name}` is {value}, but must be between 0 and 1"));
            }
        }
        Ok(())
    }
}
