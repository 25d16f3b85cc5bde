//! Evaluation: a protocol, and the statistics it gives.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use worlds::{Array, GoalSpace, Observations, Outcome, spec::Reference};

use crate::{
    Result,
    context::Run,
    policy::{Mode, Policy, Scope},
    problems::Problems,
    task::World,
};

/// How a policy is scored.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// The world to act in; methods whose product is not a policy need none.
    pub world: Option<World>,
    /// Problems in text to be scored on, where they are not those of training.
    pub problems: Option<Problems>,
    /// Complete episodes, or held-out problems.
    pub episodes: usize,
    /// Seed of the world's copies.
    pub seed: u64,
    /// How actions are chosen.
    pub mode: Mode,
}

/// Summary of one measured quantity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with divisor n.
    pub std: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Number of values.
    pub n: usize,
}

impl Score {
    /// The summary of at least one value; nothing for none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        (n > 0).then(|| {
            let mean = values.iter().sum::<f64>() / n as f64;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n as f64;
            Self {
                mean,
                std: variance.sqrt(),
                min: values.iter().copied().fold(f64::INFINITY, f64::min),
                max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                n,
            }
        })
    }
}

/// Scores by metric name (`eval/return`, `eval/length`, ...).
pub type Scores = BTreeMap<String, Score>;

/// Scores that are known exactly, or are one number by nature: each is a summary of one value.
pub fn exact<'a>(values: impl IntoIterator<Item = (&'a str, f64)>) -> Scores {
    let one = |(name, value): (&str, f64)| {
        (name.to_owned(), Score { mean: value, std: 0.0, min: value, max: value, n: 1 })
    };
    values.into_iter().map(one).collect()
}

/// At most this many copies of the world act at once in an evaluation.
const ROWS: usize = 32;

/// What most methods are scored by: the policy plays in the protocol's world, with the draws that belong
/// to the protocol's seed. There are no scores where one of the two is missing.
///
/// # Errors
/// The world or the policy fails.
pub fn of_policy(policy: Option<Box<dyn Policy>>, protocol: &Protocol, run: &Run) -> Result<Scores> {
    match (policy, &protocol.world) {
        (Some(mut policy), Some(world)) => {
            evaluate(policy.as_mut(), world, protocol, &mut run.derived("eval", protocol.seed))
        }
        _ => Ok(Scores::new()),
    }
}

/// Runs complete episodes in `world`. Every copy has a fixed share of the episodes, so that short episodes
/// are not counted more often than long ones. In a world with goals, `eval/success` is the share of
/// episodes that reached theirs; in one with reference returns, `eval/normalised` is 0 for random
/// actions and 100 for the expert's.
///
/// # Errors
/// The world or the policy fails.
pub fn evaluate(
    policy: &mut dyn Policy,
    world: &World,
    protocol: &Protocol,
    random: &mut ChaCha8Rng,
) -> Result<Scores> {
    let rows = protocol.episodes.clamp(1, ROWS);
    let spec = &world.spec;
    let channels = spec.rewards.len();
    let mut worlds = world.make(rows, protocol.seed)?;
    let mut outcome = Outcome::new(spec, rows);
    let mut left: Vec<usize> =
        (0..rows).map(|row| protocol.episodes / rows + usize::from(row < protocol.episodes % rows)).collect();
    let (mut returns, mut lengths) = (vec![0.0_f64; rows], vec![0_usize; rows]);
    let (mut all_returns, mut all_lengths, mut successes) = (Vec::new(), Vec::new(), Vec::new());
    let goals = worlds::goal(&spec.name)?.zip(spec.goal_field());
    let mut reached = vec![false; rows];
    worlds.reset(&mut outcome);
    let everyone: Vec<usize> = (0..rows).collect();
    policy.begin(Scope::Lifetime, &everyone);
    policy.begin(Scope::Episode, &everyone);
    while left.iter().any(|&episodes| episodes > 0) {
        let actions = policy.act(&outcome.observations, protocol.mode, random)?;
        worlds.step(&actions, &mut outcome)?;
        policy.observe(&outcome);
        for row in 0..rows {
            if outcome.reset[row] {
                (returns[row], lengths[row], reached[row]) = (0.0, 0, false);
                policy.begin(Scope::Episode, &[row]);
                continue;
            }
            returns[row] += f64::from(outcome.reward[row * channels]);
            lengths[row] += 1;
            if let Some((space, field)) = &goals {
                reached[row] |= arrives(space, &outcome.observations, *field, row);
            }
            if outcome.ended(row) && left[row] > 0 {
                left[row] -= 1;
                all_returns.push(returns[row]);
                all_lengths.push(lengths[row] as f64);
                if goals.is_some() {
                    successes.push(f64::from(u8::from(reached[row])));
                }
            }
        }
    }
    let points = |reference: Reference| {
        let scale = 100.0 / (reference.expert - reference.random);
        all_returns.iter().map(|value| scale * (value - reference.random)).collect()
    };
    let normalised = spec.reference.map_or(Vec::new(), points);
    let named = [
        ("eval/return", &all_returns),
        ("eval/normalised", &normalised),
        ("eval/length", &all_lengths),
        ("eval/success", &successes),
    ];
    Ok(named.into_iter().filter_map(|(name, values)| Some((name.to_owned(), Score::of(values)?))).collect())
}

/// Whether a row's observation has reached its goal.
fn arrives(space: &GoalSpace, observations: &Observations, field: usize, row: usize) -> bool {
    let (Array::Float(inputs), Array::Float(goals)) = (observations.input(), &observations.fields[field])
    else {
        return false;
    };
    let (size, width) = (inputs.len() / observations.rows, space.size());
    space.reached(&inputs[row * size..][..size], &goals[row * width..][..width])
}
