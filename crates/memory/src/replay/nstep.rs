//! Sums of rewards over n steps that stop where an episode does.
//!
//! `R = sum_{j<m} gamma^j r_j`, bootstrapped with `gamma^m (1 - terminated)` times the value of the
//! observation after `m` steps, where `m` is `n` or the number of steps to the episode's end if
//! that comes first (Sutton and Barto, Reinforcement Learning, 2nd edition, equation 7.1; time
//! limits as in Pardo et al. 2018, "Time Limits in Reinforcement Learning").

/// Whether an episode goes on after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It does.
    Open,
    /// It has really ended: nothing is worth anything after it.
    Terminated,
    /// It was cut off: the value of the next observation still counts.
    Truncated,
}

/// How an n-step sum goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// `gamma^m (1 - terminated)`: the factor of the value after `steps` steps.
    pub discount: f32,
    /// How many steps were summed, the `m` of the equation.
    pub steps: usize,
}

/// Sums up to `n` steps.
///
/// `step(j, factor)` adds `factor` times the reward of step `j` to wherever the sum is kept, and
/// says whether the episode goes on after it.
pub fn accumulate(n: usize, gamma: f32, mut step: impl FnMut(usize, f32) -> End) -> Bootstrap {
    let mut discount = 1.0;
    for index in 0..n {
        let end = step(index, discount);
        discount *= gamma;
        match end {
            End::Open => {}
            End::Terminated => return Bootstrap { discount: 0.0, steps: index + 1 },
            End::Truncated => return Bootstrap { discount, steps: index + 1 },
        }
    }
    Bootstrap { discount, steps: n }
}

/// The n-step sum from the first of the given steps on, one reward channel.
///
/// The slices are in time order and of equal length; where they hold fewer than `n` steps, the sum
/// stops at their end as it would at a time limit.
pub fn n_step(
    reward: &[f32],
    terminated: &[bool],
    truncated: &[bool],
    n: usize,
    gamma: f32,
) -> (f32, Bootstrap) {
    let mut sum = 0.0;
    let bootstrap = accumulate(n.min(reward.len()), gamma, |index, factor| {
        sum += factor * reward[index];
        match (terminated[index], truncated[index]) {
            (true, _) => End::Terminated,
            (false, true) => End::Truncated,
            (false, false) => End::Open,
        }
    });
    (sum, bootstrap)
}
