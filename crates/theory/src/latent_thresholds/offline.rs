//! One offline learner: query, then recommend the best mean.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Result, RunError};
use worlds::tabular::{ThresholdOracle, threshold::Sample};

use super::{LatentThresholdsConfig, Strategy, grid, offline_points, repeats};

/// The golden ratio's inverse, by which each comparison shortens the interval.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Queries of each threshold before elimination first looks.
const FIRST_LOOK: u64 = 32;

/// What a learner says, and how often it asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recommendation {
    /// The threshold.
    pub threshold: f64,
    /// Queries made.
    pub queries: u64,
}

/// A learner's questions to an oracle.
pub struct Learner<'a> {
    /// Its settings.
    pub config: &'a LatentThresholdsConfig,
    /// Who answers.
    pub oracle: &'a ThresholdOracle,
    /// Chance: the oracle's, and that of random thresholds.
    pub random: &'a mut ChaCha8Rng,
}

/// K as set, or the theory's.
pub fn points(config: &LatentThresholdsConfig) -> usize {
    if config.points > 0 { config.points } else { offline_points(config.lipschitz, config.eps) }
}

/// The fewest queries with which every threshold is queried once.
pub fn least_queries(config: &LatentThresholdsConfig) -> u64 {
    match config.strategy {
        Strategy::GoldenSection => comparisons(config) + 1,
        _ => points(config) as u64,
    }
}

/// The most queries that the theorem's plan can take.
pub fn theory_queries(config: &LatentThresholdsConfig) -> u64 {
    let points = points(config);
    let each = if config.elimination {
        let mut count = FIRST_LOOK;
        let mut round = 1;
        // No variance of numbers in [0, 1] is above 1/4.
        while radius(0.25, count, level(config, round)) > config.eps / 4.0 {
            (count, round) = (2 * count, round + 1);
        }
        count
    } else {
        repeats(config.eps, config.delta, points)
    };
    points as u64 * each
}

/// Comparisons after which golden-section search has narrowed [0, 1] to eps / 2L.
fn comparisons(config: &LatentThresholdsConfig) -> u64 {
    let wanted = (config.eps / (2.0 * config.lipschitz)).min(GOLDEN);
    (wanted.ln() / GOLDEN.ln()).ceil() as u64
}

/// The share of delta that one threshold's interval may miss in round 1, 2, ...: they sum to delta
/// over all thresholds and rounds.
fn level(config: &LatentThresholdsConfig, round: u64) -> f64 {
    config.delta / (points(config) as f64 * (round * (round + 1)) as f64)
}

/// Half the width of the empirical Bernstein interval around a mean of numbers in [0, 1] (Audibert,
/// Munos and Szepesvari, *Exploration-exploitation tradeoff using variance estimates in multi-armed
/// bandits*, 2009): sqrt(2 V ln(3/delta)/n) + 3 ln(3/delta)/n.
pub fn radius(variance: f64, count: u64, delta: f64) -> f64 {
    let (log, count) = ((3.0 / delta).ln(), count as f64);
    (2.0 * variance * log / count).sqrt() + 3.0 * log / count
}

/// A threshold and what its queries gave.
struct Arm {
    threshold: f64,
    sample: Sample,
}

impl Arm {
    fn mean(&self) -> f64 {
        self.sample.sum / self.sample.count.max(1) as f64
    }

    fn radius(&self, delta: f64) -> f64 {
        let mean = self.mean();
        let variance = self.sample.squares / self.sample.count.max(1) as f64 - mean * mean;
        radius(variance.max(0.0), self.sample.count.max(1), delta)
    }
}

impl Learner<'_> {
    /// Spends at most `queries`, all of them unless it eliminates, and recommends a threshold.
    ///
    /// # Errors
    /// A reward outside [0, 1].
    pub fn recommend(&mut self, queries: u64) -> Result<Recommendation> {
        let points = points(self.config);
        match self.config.strategy {
            Strategy::GoldenSection => self.golden_section(queries),
            Strategy::Grid if self.config.elimination => self.eliminate(queries),
            Strategy::Grid => self.best_of(grid(self.config.class, points), queries),
            Strategy::Random => {
                let thresholds = (0..points).map(|_| self.random.random()).collect();
                self.best_of(thresholds, queries)
            }
        }
    }

    /// Queries every threshold equally often; of equal means the first wins.
    fn best_of(&mut self, thresholds: Vec<f64>, queries: u64) -> Result<Recommendation> {
        let each = queries / thresholds.len() as u64;
        let asked = each * thresholds.len() as u64;
        let arms: Vec<Arm> =
            thresholds.into_iter().map(|threshold| self.ask(threshold, each)).collect::<Result<_>>()?;
        Ok(Recommendation { threshold: best(&arms), queries: asked })
    }

    /// Successive elimination in rounds of doubling length. Ends with one threshold left, with all
    /// intervals within eps/4, or with the queries spent.
    fn eliminate(&mut self, queries: u64) -> Result<Recommendation> {
        let thresholds = grid(self.config.class, points(self.config));
        let mut arms: Vec<Arm> =
            thresholds.into_iter().map(|threshold| Arm { threshold, sample: Sample::default() }).collect();
        let (mut used, mut target, mut round) = (0, FIRST_LOOK, 1);
        loop {
            let active = arms.len() as u64;
            let batch = (target - arms[0].sample.count).min((queries - used) / active);
            if batch == 0 {
                break;
            }
            for arm in &mut arms {
                let more = self.ask(arm.threshold, batch)?.sample;
                arm.sample.count += more.count;
                arm.sample.sum += more.sum;
                arm.sample.squares += more.squares;
            }
            used += batch * active;
            let delta = level(self.config, round);
            let floor = arms.iter().map(|arm| arm.mean() - arm.radius(delta)).fold(0.0, f64::max);
            arms.retain(|arm| arm.mean() + arm.radius(delta) >= floor);
            let close = arms.iter().all(|arm| arm.radius(delta) <= self.config.eps / 4.0);
            if arms.len() == 1 || close {
                break;
            }
            (target, round) = (2 * target, round + 1);
        }
        Ok(Recommendation { threshold: best(&arms), queries: used })
    }

    /// Keeps the better part of an interval, as if the expected reward rose to one peak and fell.
    fn golden_section(&mut self, queries: u64) -> Result<Recommendation> {
        let comparisons = comparisons(self.config);
        let each = queries / (comparisons + 1);
        let (mut low, mut high) = (0.0, 1.0);
        let mut left = self.ask(high - GOLDEN * (high - low), each)?;
        let mut right = self.ask(low + GOLDEN * (high - low), each)?;
        // One new query point for every comparison but the last.
        for _ in 1..comparisons {
            if left.mean() >= right.mean() {
                high = right.threshold;
                right = left;
                left = self.ask(high - GOLDEN * (high - low), each)?;
            } else {
                low = left.threshold;
                left = right;
                right = self.ask(low + GOLDEN * (high - low), each)?;
            }
        }
        Ok(Recommendation { threshold: best(&[left, right]), queries: each * (comparisons + 1) })
    }

    fn ask(&mut self, threshold: f64, count: u64) -> Result<Arm> {
        let sample = self.oracle.queries(threshold, count, self.random);
        check_reward(threshold, sample.greatest)?;
        Ok(Arm { threshold, sample })
    }
}

/// Refuses rewards for which the confidence intervals do not hold.
///
/// # Errors
/// The reward is above 1.
pub fn check_reward(threshold: f64, reward: f64) -> Result<()> {
    if reward <= 1.0 + 1e-9 {
        return Ok(());
    }
    Err(RunError::Task(format!(
        "the reward of threshold {threshold} was {reward}, but rewards must lie in [0, 1]: divide them by \
         their greatest"
    )))
}

/// The threshold with the greatest mean, the first of equal ones.
fn best(arms: &[Arm]) -> f64 {
    let mut best = (f64::NEG_INFINITY, 0.0);
    for arm in arms {
        if arm.mean() > best.0 {
            best = (arm.mean(), arm.threshold);
        }
    }
    best.1
}
