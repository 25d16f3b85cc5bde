//! How much better each rollout of a prompt did than its group, on host slices.

use settings::Choice;

use crate::error::{LearnError, expect_setting};
use crate::metrics;

/// What is subtracted from a reward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Centre {
    /// The group's mean.
    #[default]
    Group,
    /// The mean of the group's other rollouts, which makes the baseline independent of the rollout
    /// (RLOO; Ahmadian et al., 2024).
    LeaveOneOut,
    /// The mean over all groups of the batch.
    Batch,
}

/// What a centred reward is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Deviation {
    /// The group's standard deviation (GRPO; Shao et al., 2024). It weighs prompts that are nearly
    /// always or nearly never solved up.
    #[default]
    Group,
    /// The batch's standard deviation.
    Batch,
    /// Nothing (Dr. GRPO; Liu et al., 2025).
    None,
}

/// Differences of rewards up to this share of them, or of 1, are rounding.
const ROUNDING: f32 = 1e-6;

/// Advantages of a batch, and how many of its groups say anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Advantages {
    /// One per rollout, in the order of the rewards.
    pub values: Vec<f32>,
    /// Groups whose rewards are all equal but for rounding: with a group's centre their advantages are 0.
    pub flat: usize,
    /// Number of groups.
    pub groups: usize,
}

/// Advantages of `rewards`, a group of `group` rollouts after the other. Deviations have the divisor
/// n - 1, as the published implementations have them, and get `offset` added. A group whose rewards
/// are all equal, but for rounding, has advantage 0 unless `centre` is the batch's.
///
/// # Errors
/// [`LearnError::Setting`] if `group` is below 2, the rewards are not whole groups, or one of them is
/// not finite.
pub fn group_advantage(
    rewards: &[f32],
    group: usize,
    centre: Centre,
    deviation: Deviation,
    offset: f64,
) -> Result<Advantages, LearnError> {
    expect_setting("group", group as f64, group >= 2, "at least 2, for a group to have a spread")?;
    let rest = rewards.len() % group;
    expect_setting("rewards", rewards.len() as f64, rest == 0, "a whole number of groups")?;
    if let Some(value) = rewards.iter().find(|reward| !reward.is_finite()) {
        expect_setting("reward", f64::from(*value), false, "finite")?;
    }
    let batch = Moments::of(rewards);
    let mut values = Vec::with_capacity(rewards.len());
    let mut flat = 0;
    for rewards in rewards.chunks_exact(group) {
        let of_group = Moments::of(rewards);
        let equal = equal(rewards);
        flat += usize::from(equal);
        // Spelled out, so that the rounding of a mean of equal numbers is not divided by the offset.
        let silent = equal && centre != Centre::Batch;
        let divisor = match deviation {
            Deviation::Group => of_group.deviation + offset,
            Deviation::Batch => batch.deviation + offset,
            Deviation::None => 1.0,
        };
        values.extend(rewards.iter().map(|&reward| {
            let reward = f64::from(reward);
            let baseline = match centre {
                Centre::Group => of_group.mean,
                Centre::LeaveOneOut => (of_group.mean * group as f64 - reward) / (group - 1) as f64,
                Centre::Batch => batch.mean,
            };
            if silent { 0.0 } else { ((reward - baseline) / divisor) as f32 }
        }));
    }
    Ok(Advantages { values, flat, groups: rewards.len() / group })
}

/// RLOO's advantages: rewards centred by the mean of their group's other rollouts, undivided.
///
/// # Errors
/// As [`group_advantage`].
pub fn rloo(rewards: &[f32], group: usize) -> Result<Advantages, LearnError> {
    group_advantage(rewards, group, Centre::LeaveOneOut, Deviation::None, 0.0)
}

/// Whether rewards differ by rounding at most. Those that a model computes, such as entropies, differ in
/// their last digits between equal answers, which a division by the deviation would make as large as any.
fn equal(rewards: &[f32]) -> bool {
    let (low, high) = rewards.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), reward| {
        (low.min(*reward), high.max(*reward))
    });
    high - low <= ROUNDING * high.abs().max(low.abs()).max(1.0)
}

/// Mean and standard deviation with the divisor n - 1.
struct Moments {
    mean: f64,
    deviation: f64,
}

impl Moments {
    fn of(values: &[f32]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum();
        Self { mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
    }
}

/// Pearson correlation of rewards with outcomes inside groups, the mean over the groups in which both
/// vary; nothing if there is none. It says whether a reward without labels prefers right answers.
pub fn within_group_correlation(rewards: &[f32], outcomes: &[f32], group: usize) -> Option<f64> {
    let pairs = rewards.chunks_exact(group.max(1)).zip(outcomes.chunks_exact(group.max(1)));
    let found: Vec<f64> = pairs.filter_map(|(rewards, outcomes)| correlation(rewards, outcomes)).collect();
    (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
}

/// Spearman's rank correlation of rewards with outcomes inside groups: as [`within_group_correlation`],
/// of ranks, so that it does not depend on how a reward is scaled.
pub fn within_group_rank_correlation(rewards: &[f32], outcomes: &[f32], group: usize) -> Option<f64> {
    let ranked = |values: &[f32]| values.chunks_exact(group.max(1)).flat_map(ranks).collect::<Vec<f32>>();
    within_group_correlation(&ranked(rewards), &ranked(outcomes), group)
}

/// [`metrics::ranks`] of single precision.
fn ranks(values: &[f32]) -> Vec<f32> {
    let wide: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    metrics::ranks(&wide).into_iter().map(|rank| rank as f32).collect()
}

fn correlation(left: &[f32], right: &[f32]) -> Option<f64> {
    let (first, second) = (Moments::of(left), Moments::of(right));
    let scale = first.deviation * second.deviation * (left.len() as f64 - 1.0);
    let product = |(x, y): (&f32, &f32)| (f64::from(*x) - first.mean) * (f64::from(*y) - second.mean);
    (scale > 1e-12).then(|| left.iter().zip(right).map(product).sum::<f64>() / scale)
}
