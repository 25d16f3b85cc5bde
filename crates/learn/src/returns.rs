//! Returns and advantages of rollouts, on host slices.
//!
//! Every array holds one number per step and row, laid out as [`Rollout`] says. `discount` is
//! `gamma * (1 - terminated)`; `value_next` is the value of the observation that the step led to,
//! which at a truncation is the final observation's and not that of the episode started after it.
//! `continues` is 0 at the last step of an episode, terminated or truncated, and 1 elsewhere: it
//! cuts recursions, while `discount` decides whether there is a value to bootstrap from.

use burn::tensor::Tensor;

use crate::error::{LearnError, expect_length};

/// Which of the two axes of a rollout is contiguous in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `[T, B]`, as vectorised worlds produce it.
    TimeMajor,
    /// `[B, T]`, as sequence replay produces it.
    BatchMajor,
}

/// The extent of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Number of steps T.
    pub steps: usize,
    /// Number of rows B.
    pub rows: usize,
    /// Order of the axes.
    pub order: Order,
}

impl Rollout {
    /// Position of step `step` of row `row` in an array.
    pub fn index(&self, step: usize, row: usize) -> usize {
        match self.order {
            Order::TimeMajor => step * self.rows + row,
            Order::BatchMajor => row * self.steps + step,
        }
    }

    /// Number of elements of an array.
    pub fn size(&self) -> usize {
        self.steps * self.rows
    }

    fn expect(&self, arrays: &[(&'static str, &[f32])]) -> Result<(), LearnError> {
        let expected = self.size();
        arrays.iter().try_for_each(|&(name, values)| expect_length(name, values, expected))
    }
}

/// What returns are computed from; see the module's description for each.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// Rewards.
    pub reward: &'a [f32],
    /// `gamma * (1 - terminated)`.
    pub discount: &'a [f32],
    /// Values of the observations the steps led to.
    pub value_next: &'a [f32],
    /// 0 at the last step of an episode, else 1.
    pub continues: &'a [f32],
}

impl Steps<'_> {
    fn check(&self, rollout: Rollout) -> Result<(), LearnError> {
        rollout.expect(&[
            ("reward", self.reward),
            ("discount", self.discount),
            ("value_next", self.value_next),
            ("continues", self.continues),
        ])
    }
}

/// Discounted sums of rewards, `G_t = r_t + discount_t G_{t+1}` with `G_T = bootstrap [B]`.
/// A truncation inside the rollout is not bootstrapped; [`lambda_return`] with lambda 1 does that.
///
/// # Errors
/// [`LearnError::Length`] if an array does not have the rollout's size.
pub fn discounted(
    rollout: Rollout,
    reward: &[f32],
    discount: &[f32],
    bootstrap: &[f32],
) -> Result<Vec<f32>, LearnError> {
    rollout.expect(&[("reward", reward), ("discount", discount)])?;
    expect_length("bootstrap", bootstrap, rollout.rows)?;
    let mut returns = vec![0.0; rollout.size()];
    for (row, &bootstrap) in bootstrap.iter().enumerate() {
        let mut next = bootstrap;
        for step in (0..rollout.steps).rev() {
            let at = rollout.index(step, row);
            next = reward[at] + discount[at] * next;
            returns[at] = next;
        }
    }
    Ok(returns)
}

/// How the reward that is still to come is told to a policy or a value function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReturnToGo {
    /// Discount per step; 1 in the decision transformer.
    pub discount: f64,
    /// What sums are divided by, above 0.
    pub scale: f64,
    /// Bounds of the result, after the scale.
    pub clip: Option<(f64, f64)>,
    /// Added to the last reward of an episode that terminates; negative where ends are failures.
    pub terminal: f64,
}

impl ReturnToGo {
    /// Undiscounted sums divided by `scale`.
    pub fn new(scale: f64) -> Self {
        Self { discount: 1.0, scale, clip: None, terminal: 0.0 }
    }

    /// `[T]`: G_t = r_t + discount G_{t+1}, scaled and clipped, for the rewards of one episode from
    /// its first step to its last.
    pub fn of(&self, reward: &[f32], terminated: bool) -> Vec<f32> {
        let mut returns = vec![0.0; reward.len()];
        // The addition at the end belongs to the last step, so nothing is discounted before it.
        let (mut sum, mut discount) = (if terminated { self.terminal } else { 0.0 }, 1.0);
        for (result, reward) in returns.iter_mut().zip(reward).rev() {
            sum = f64::from(*reward) + discount * sum;
            discount = self.discount;
            let scaled = sum / self.scale;
            *result = self.clip.map_or(scaled, |(low, high)| scaled.clamp(low, high)) as f32;
        }
        returns
    }
}

/// Advantages and the returns that a value function is fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Advantages {
    /// Advantages, 0 where a step is not valid.
    pub advantage: Vec<f32>,
    /// `advantage + value`.
    pub target: Vec<f32>,
}

/// Generalised advantage estimation (Schulman et al., 2016, equation 16):
/// `A_t = delta_t + discount_t lambda continues_t A_{t+1}` with
/// `delta_t = r_t + discount_t value_next_t - value_t`.
///
/// `valid` is 0 for entries that are no transition of an episode, such as the one between two
/// episodes whose action a world ignores when it resets on the step after the last; their
/// advantage is 0 and, since `continues` is 0 before them, no other advantage sees them.
///
/// # Errors
/// [`LearnError::Length`] if an array does not have the rollout's size.
pub fn gae(
    rollout: Rollout,
    steps: Steps<'_>,
    value: &[f32],
    valid: &[f32],
    lambda: f32,
) -> Result<Advantages, LearnError> {
    steps.check(rollout)?;
    rollout.expect(&[("value", value), ("valid", valid)])?;
    let mut advantage = vec![0.0; rollout.size()];
    let mut target = value.to_vec();
    for row in 0..rollout.rows {
        let mut next = 0.0;
        for step in (0..rollout.steps).rev() {
            let at = rollout.index(step, row);
            if valid[at] == 0.0 {
                next = 0.0;
                continue;
            }
            let discount = steps.discount[at];
            let delta = steps.reward[at] + discount * steps.value_next[at] - value[at];
            next = delta + discount * lambda * steps.continues[at] * next;
            advantage[at] = next;
            target[at] = next + value[at];
        }
    }
    Ok(Advantages { advantage, target })
}

/// `R_t = r_t + discount_t ((1 - lambda) value_next_t + lambda R_{t+1})`, where the last step of
/// an episode and of the rollout use `value_next` alone (Sutton and Barto, 2018, equation 12.3).
///
/// # Errors
/// [`LearnError::Length`] if an array does not have the rollout's size.
pub fn lambda_return(rollout: Rollout, steps: Steps<'_>, lambda: f32) -> Result<Vec<f32>, LearnError> {
    steps.check(rollout)?;
    let mut returns = vec![0.0; rollout.size()];
    for row in 0..rollout.rows {
        let mut next = None;
        for step in (0..rollout.steps).rev() {
            let at = rollout.index(step, row);
            let value = steps.value_next[at];
            let onward = match next {
                Some(next) if steps.continues[at] != 0.0 => (1.0 - lambda) * value + lambda * next,
                _ => value,
            };
            let result = steps.reward[at] + steps.discount[at] * onward;
            returns[at] = result;
            next = Some(result);
        }
    }
    Ok(returns)
}

/// The same for imagined rollouts `[B, T]` without episode ends, differentiable with respect to
/// every tensor.
pub fn imagined_lambda_return(
    reward: Tensor<2>,
    discount: Tensor<2>,
    value_next: Tensor<2>,
    lambda: f32,
) -> Tensor<2> {
    let steps = reward.dims()[1];
    let column = |tensor: &Tensor<2>, step: usize| tensor.clone().narrow(1, step, 1);
    let mut returns: Vec<Tensor<2>> = Vec::with_capacity(steps);
    for step in (0..steps).rev() {
        let value = column(&value_next, step);
        let onward = match returns.last() {
            Some(next) => value.mul_scalar(1.0 - lambda) + next.clone().mul_scalar(lambda),
            None => value,
        };
        returns.push(column(&reward, step) + column(&discount, step) * onward);
    }
    returns.reverse();
    Tensor::cat(returns, 1)
}

/// `G_t = sum_{k<m} D_k r_{t+k} + D_m value_next_{t+m-1}` with `D_k` the product of the first k
/// discounts and `m = n`, or fewer where the episode or the rollout ends first.
///
/// # Errors
/// [`LearnError::Length`] if an array does not have the rollout's size, and
/// [`LearnError::Setting`] if `n` is 0.
pub fn n_step(rollout: Rollout, steps: Steps<'_>, n: usize) -> Result<Vec<f32>, LearnError> {
    steps.check(rollout)?;
    crate::error::expect_setting("n", n as f64, n > 0, "at least 1")?;
    let mut returns = vec![0.0; rollout.size()];
    for row in 0..rollout.rows {
        for start in 0..rollout.steps {
            let (mut sum, mut product) = (0.0, 1.0);
            for step in start..rollout.steps {
                let at = rollout.index(step, row);
                sum += product * steps.reward[at];
                product *= steps.discount[at];
                let last = step + 1 == rollout.steps || step + 1 == start + n;
                if last || steps.continues[at] == 0.0 {
                    sum += product * steps.value_next[at];
                    break;
                }
            }
            returns[rollout.index(start, row)] = sum;
        }
    }
    Ok(returns)
}

#[cfg(test)]
mod tests;
