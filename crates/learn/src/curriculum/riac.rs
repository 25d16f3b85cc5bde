//! Robust intelligent adaptive curiosity (Baranes and Oudeyer, 2009): a tree of boxes, each with
//! its own learning progress.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use settings::{Config, Refusal};
use worlds::world::{decode, encode};

use super::{Bounds, Teacher, Update};
use crate::cluster::kmeans::draw;

/// Share of an overfull region's oldest episodes that is forgotten where no split is possible.
const FORGOTTEN: usize = 4;

/// How regions are split and tasks drawn.
#[derive(Clone, Debug, PartialEq, Config)]
#[setting(check = Self::combinations)]
pub struct RiacSettings {
    /// Episodes of a region beyond which it is split.
    #[setting(200)]
    pub region: usize,
    /// Random splits of which the best is taken.
    #[setting(50)]
    pub splits: usize,
    /// Fewest episodes on either side of a split.
    #[setting(10, min = 1)]
    pub least: usize,
    /// Smallest width of a region, as a share of the whole box's.
    #[setting(1.0 / 15.0, min = 0.0, max = 1.0)]
    pub narrowest: f64,
    /// Probability of a uniform task.
    #[setting(0.2, min = 0.0, max = 1.0)]
    pub random_share: f64,
    /// Probability of a mutation of the worst task in a region.
    #[setting(0.1, min = 0.0, max = 1.0)]
    pub mutation_share: f64,
    /// Standard deviation of a mutation, as a share of the box's width.
    #[setting(0.1)]
    pub mutation: f64,
}

impl RiacSettings {
    fn combinations(&self) -> Result<(), Refusal> {
        if self.random_share + self.mutation_share > 1.0 {
            let why = format!("with `.random_share`, which is {}, it must not exceed 1", self.random_share);
            return Err(Refusal::saying("mutation_share", self.mutation_share, why));
        }
        if self.region < 2 * self.least {
            let allowed = format!("at least twice `.least`, which is {}, to be split in two", self.least);
            return Err(Refusal::new("region", self.region, allowed));
        }
        Ok(())
    }
}

/// A box of the partition with its recent episodes, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Region {
    low: Vec<f64>,
    high: Vec<f64>,
    tasks: Vec<Vec<f64>>,
    rewards: Vec<f64>,
}

impl Region {
    fn contains(&self, task: &[f64]) -> bool {
        task.iter()
            .zip(self.low.iter().zip(&self.high))
            .all(|(value, (low, high))| (low..=high).contains(&value))
    }
}

/// Absolute learning progress of rewards in their order: how far the mean of the recent half lies
/// from that of the older half.
fn progress(rewards: &[f64]) -> f64 {
    if rewards.len() < 2 {
        return 0.0;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (older, recent) = rewards.split_at(rewards.len() / 2);
    (mean(recent) - mean(older)).abs()
}

/// Splits the box of tasks recursively where that separates progress from stagnation, and draws
/// tasks from regions in proportion to their progress.
#[derive(Clone, Debug)]
pub struct Riac {
    bounds: Bounds,
    settings: RiacSettings,
    regions: Vec<Region>,
}

impl Riac {
    /// One region, the whole box.
    ///
    /// # Errors
    /// A setting out of range.
    pub fn new(bounds: Bounds, settings: RiacSettings) -> Result<Self, Refusal> {
        settings.check()?;
        let region = Region {
            low: bounds.low.clone(),
            high: bounds.high.clone(),
            tasks: Vec::new(),
            rewards: Vec::new(),
        };
        Ok(Self { bounds, settings, regions: vec![region] })
    }

    /// Number of regions.
    pub fn regions(&self) -> usize {
        self.regions.len()
    }

    /// The best of some random splits of a region: the one that maximises the difference of the
    /// sides' progress times their numbers of episodes.
    fn split(&self, region: &Region, random: &mut ChaCha8Rng) -> Option<[Region; 2]> {
        let mut best: Option<(f64, [Region; 2])> = None;
        for _ in 0..self.settings.splits {
            let dimension = random.random_range(0..self.bounds.dimensions());
            let (low, high) = (region.low[dimension], region.high[dimension]);
            let place = random.random_range(low..=high);
            let narrowest = self.settings.narrowest * self.bounds.width(dimension);
            let sides = divide(region, dimension, place);
            let [first, second] = [sides[0].rewards.len(), sides[1].rewards.len()];
            if first.min(second) < self.settings.least || (place - low).min(high - place) < narrowest {
                continue;
            }
            let difference = (progress(&sides[0].rewards) - progress(&sides[1].rewards)).abs();
            let score = difference * (first * second) as f64;
            if score > best.as_ref().map_or(0.0, |best| best.0) {
                best = Some((score, sides));
            }
        }
        best.map(|(_, sides)| sides)
    }

    /// A region drawn in proportion to its progress.
    fn region(&self, random: &mut ChaCha8Rng) -> &Region {
        let weights: Vec<f64> = self.regions.iter().map(|region| progress(&region.rewards)).collect();
        &self.regions[draw(&weights, random)]
    }
}

/// The two sides of a region; a task on the border belongs to the lower one.
fn divide(region: &Region, dimension: usize, place: f64) -> [Region; 2] {
    let empty = || Region { tasks: Vec::new(), rewards: Vec::new(), ..region.clone() };
    let mut sides = [empty(), empty()];
    sides[0].high[dimension] = place;
    sides[1].low[dimension] = place;
    for (task, reward) in region.tasks.iter().zip(&region.rewards) {
        let side = &mut sides[usize::from(task[dimension] > place)];
        side.tasks.push(task.clone());
        side.rewards.push(*reward);
    }
    sides
}

impl Teacher for Riac {
    fn sample(&mut self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let kind = random.random::<f64>();
        if kind < self.settings.random_share {
            return self.bounds.uniform(random);
        }
        let mutate = kind < self.settings.random_share + self.settings.mutation_share;
        let region = self.region(random);
        let rewards = region.rewards.iter().enumerate();
        let worst = rewards.min_by(|left, right| left.1.total_cmp(right.1)).filter(|_| mutate);
        let Some((worst, _)) = worst else {
            return Bounds { low: region.low.clone(), high: region.high.clone() }.uniform(random);
        };
        let noise = nets::noise::normal_values(self.bounds.dimensions(), random);
        let deviation = |dimension: usize| self.settings.mutation * self.bounds.width(dimension);
        let moved = region.tasks[worst].iter().zip(noise).enumerate();
        self.bounds
            .clip(moved.map(|(dimension, (value, noise))| value + deviation(dimension) * noise).collect())
    }

    fn update(&mut self, task: &[f64], reward: f64, random: &mut ChaCha8Rng) -> Update {
        let Some(index) = self.regions.iter().position(|region| region.contains(task)) else {
            return Update::default();
        };
        let region = &mut self.regions[index];
        region.tasks.push(task.to_vec());
        region.rewards.push(reward);
        let mut update = Update { progress: Some(progress(&region.rewards)), ..Update::default() };
        if region.rewards.len() > self.settings.region {
            match self.split(&self.regions[index], random) {
                Some([first, second]) => {
                    self.regions[index] = first;
                    self.regions.insert(index + 1, second);
                    update.parts = Some(self.regions.len());
                }
                None => {
                    let region = &mut self.regions[index];
                    let forgotten = region.rewards.len().div_ceil(FORGOTTEN);
                    region.tasks.drain(..forgotten);
                    region.rewards.drain(..forgotten);
                }
            }
        }
        update
    }

    fn save(&self) -> Vec<u8> {
        encode(&self.regions)
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let regions: Vec<Region> = decode(state)?;
        let size = self.bounds.dimensions();
        if regions.is_empty() || regions.iter().any(|region| region.low.len() != size) {
            return Err("it is of another space of tasks".to_owned());
        }
        self.regions = regions;
        Ok(())
    }
}
