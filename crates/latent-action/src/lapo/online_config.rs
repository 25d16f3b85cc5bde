//! Settings of acting in a world on top of a latent policy.

use learn::{LearnError, schedule::Piecewise};
use settings::Config;

use super::config::{expect_above, expect_positive};

/// Proximal policy optimisation on top of the latent policy.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct OnlineConfig {
    /// The world to act in.
    #[setting("maze-levels")]
    pub world: String,
    /// Steps in it, of all copies together.
    #[setting(50_000)]
    pub steps: u64,
    /// Copies of the world that act at once.
    #[setting(64)]
    pub worlds: usize,
    /// Steps of every copy between updates.
    #[setting(64)]
    pub rollout: usize,
    /// Passes over a rollout.
    #[setting(3)]
    pub epochs: usize,
    /// Minibatches that a pass is cut into.
    #[setting(8)]
    pub minibatches: usize,
    /// Discount per step.
    #[setting(0.999)]
    pub gamma: f64,
    /// Decay of the generalised advantage estimate.
    #[setting(0.95)]
    pub lambda: f64,
    /// How far the probability ratio may leave 1, and a value its old one, before the gradient is
    /// cut.
    #[setting(0.2)]
    pub clip: f32,
    /// Weight of the entropy bonus.
    #[setting(0.0025)]
    pub entropy_coefficient: f64,
    /// Weight of the value loss.
    #[setting(0.5)]
    pub value_coefficient: f64,
    /// Limit of the global gradient norm.
    #[setting(0.5)]
    pub gradient_clip: f32,
    /// Scale of the three step sizes.
    #[setting(1e-2)]
    pub learning_rate: f64,
    /// Steps at which the step size of the policy's head leaves 0 and peaks at a quarter.
    #[setting([35_000, 50_000])]
    pub policy_head: [u64; 2],
    /// Steps at which the step size of the value's head leaves 0 and peaks at a quarter.
    #[setting([25_000, 50_000])]
    pub value_head: [u64; 2],
    /// Steps at which the step size of the features leaves 0 and peaks at a tenth.
    #[setting([50_000, 200_000])]
    pub features: [u64; 2],
    /// Step at which all three are back at 0.
    #[setting(4_000_000)]
    pub anneal: u64,
    /// When and how the decoder is fitted to what was done.
    #[setting(group)]
    pub refit: RefitConfig,
}

/// Refitting of the decoder while acting.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
pub struct RefitConfig {
    /// Steps before the first.
    #[setting(10_000)]
    pub from: u64,
    /// Steps up to which it is refitted after every rollout.
    #[setting(50_000)]
    pub dense_until: u64,
    /// Rollouts from one to the next afterwards.
    #[setting(20)]
    pub every: u64,
    /// Steps after which it stays as it is.
    #[setting(400_000)]
    pub until: u64,
    /// Passes over everything collected.
    #[setting(3)]
    pub epochs: usize,
    /// Transitions of an update.
    #[setting(512)]
    pub batch: usize,
    /// Adam's step size.
    #[setting(1e-3)]
    pub learning_rate: f64,
    /// Share of the targets that is spread over all actions.
    #[setting(0.05)]
    pub smoothing: f64,
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
    fn combinations(&self) -> Result<(), String> {
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
