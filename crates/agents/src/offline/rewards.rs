//! Rewards of a data set on a scale that a learner likes.

use burn::tensor::Tensor;
use memory::Dataset;
use settings::{Config, Refusal};

/// Span of the returns after dividing by their range.
const SPAN: f64 = 1000.0;

/// How rewards are changed before anything learns from them: `(reward + shift) scale`.
#[derive(Clone, Copy, Debug, PartialEq, Config)]
pub struct RewardConfig {
    /// Added to every reward; -1 makes a reward of 1 at the goal a cost of every step before it.
    #[setting(0.0)]
    pub shift: f64,
    /// What rewards are multiplied by afterwards.
    #[setting(1.0, above = 0.0)]
    pub scale: f64,
    /// Multiplied too by 1000 over the range of the data's returns (Kostrikov et al., 2022,
    /// appendix B, for locomotion).
    #[setting(false)]
    pub by_range: bool,
}

impl RewardConfig {
    /// The change of a data set's rewards.
    ///
    /// # Errors
    /// The returns have no range to divide by.
    pub fn of(&self, set: &Dataset) -> Result<Rewards, Refusal> {
        let mut scale = self.scale;
        if self.by_range {
            let returns = set.returns();
            let least = returns.iter().copied().fold(f64::INFINITY, f64::min);
            let most = returns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if most - least <= 0.0 || !(most - least).is_finite() {
                let why = format!(
                    "it divides by the range of the returns, but all {} episodes of the data return {most}: \
                     leave it off",
                    returns.len()
                );
                return Err(Refusal::saying("by_range", self.by_range, why));
            }
            scale *= SPAN / (most - least);
        }
        Ok(Rewards { shift: self.shift, scale })
    }
}

/// A change of rewards, `(reward + shift) scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rewards {
    shift: f64,
    scale: f64,
}

impl Rewards {
    /// The changed rewards `[B]`.
    pub fn apply(&self, reward: Tensor<1>) -> Tensor<1> {
        if self.shift == 0.0 && self.scale == 1.0 {
            return reward;
        }
        reward.add_scalar(self.shift).mul_scalar(self.scale)
    }

    /// The discounted sum of changed rewards whose own discounted sum is `discounted`, where
    /// `weight` is the sum of the discounts.
    pub fn discounted(&self, discounted: f64, weight: f64) -> f64 {
        (discounted + self.shift * weight) * self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_counts_for_every_step_of_a_discounted_sum() {
        let rewards = Rewards { shift: -1.0, scale: 10.0 };
        // Rewards 0, 0, 1 with discount 0.5.
        let direct = 10.0 * (-1.0 - 0.5 + 0.25 * 0.0);
        assert_eq!(rewards.discounted(0.25, 1.75), direct);
    }
}
