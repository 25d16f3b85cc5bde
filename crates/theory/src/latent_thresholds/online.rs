//! The online learner: an optimistic index on the grid.

use rand_chacha::ChaCha8Rng;
use run::Result;
use serde::{Deserialize, Serialize};
use worlds::tabular::ThresholdOracle;

use super::{LatentThresholdsConfig, grid, offline::check_reward, online_points};

/// Queries of the first epoch where their number is not known beforehand.
const FIRST_EPOCH: u64 = 64;

/// Counts and means on the grid, with the index mean + c sqrt(2 ln T / n) (UCB1 of Auer,
/// Cesa-Bianchi and Fischer, *Finite-time Analysis of the Multiarmed Bandit Problem*, 2002).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlineLearner {
    thresholds: Vec<f64>,
    counts: Vec<u64>,
    sums: Vec<f64>,
    /// Queries for which the grid and the index are meant.
    epoch: u64,
    /// Queries made of them.
    elapsed: u64,
    regret: f64,
}

impl OnlineLearner {
    /// Before the first of `queries`.
    pub fn new(config: &LatentThresholdsConfig, queries: u64) -> Self {
        Self::of_epoch(config, if config.doubling { FIRST_EPOCH } else { queries }, 0.0)
    }

    fn of_epoch(config: &LatentThresholdsConfig, epoch: u64, regret: f64) -> Self {
        let points = if config.points > 0 { config.points } else { online_points(config.lipschitz, epoch) };
        let thresholds = grid(config.class, points);
        Self { counts: vec![0; points], sums: vec![0.0; points], thresholds, epoch, elapsed: 0, regret }
    }

    /// One query.
    ///
    /// # Errors
    /// A reward outside [0, 1].
    pub fn step(
        &mut self,
        config: &LatentThresholdsConfig,
        oracle: &ThresholdOracle,
        random: &mut ChaCha8Rng,
    ) -> Result<()> {
        if config.doubling && self.elapsed == self.epoch {
            *self = Self::of_epoch(config, 2 * self.epoch, self.regret);
        }
        let arm = self.choose(config.exploration);
        let threshold = self.thresholds[arm];
        let reward = oracle.query(threshold, random);
        check_reward(threshold, reward)?;
        self.counts[arm] += 1;
        self.sums[arm] += reward;
        self.elapsed += 1;
        self.regret += oracle.best().1 - oracle.expected(threshold);
        Ok(())
    }

    /// The greatest index, the first of equal ones; what was never queried comes first.
    fn choose(&self, exploration: f64) -> usize {
        let width = exploration * (2.0 * (self.epoch.max(2) as f64).ln()).sqrt();
        let mut best = (f64::NEG_INFINITY, 0);
        for (arm, (&count, &sum)) in self.counts.iter().zip(&self.sums).enumerate() {
            if count == 0 {
                return arm;
            }
            let index = sum / count as f64 + width / (count as f64).sqrt();
            if index > best.0 {
                best = (index, arm);
            }
        }
        best.1
    }

    /// Expected reward given up so far.
    pub fn regret(&self) -> f64 {
        self.regret
    }

    /// K.
    pub fn points(&self) -> usize {
        self.thresholds.len()
    }

    /// The threshold queried most, the lowest of equal ones.
    pub fn recommendation(&self) -> f64 {
        let mut best = (0, self.thresholds[0]);
        for (&count, &threshold) in self.counts.iter().zip(&self.thresholds) {
            if count > best.0 {
                best = (count, threshold);
            }
        }
        best.1
    }
}
