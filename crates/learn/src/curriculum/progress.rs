//! Absolute learning progress of an episode.

use worlds::world::{decode, encode};

use super::nearest::Nearest;

/// Episodes before progress is measured.
const FIRST: usize = 5;

/// Measures how much an episode's reward differs from that of the most similar earlier task, up or
/// down: forgetting is worth as much attention as learning.
#[derive(Clone, Debug)]
pub struct AbsoluteProgress {
    dimensions: usize,
    nearest: Nearest,
    rewards: Vec<f64>,
    history: usize,
}

impl AbsoluteProgress {
    /// Nothing seen yet, for tasks of `dimensions` numbers; compares with the last `history`
    /// episodes, 0 for all.
    pub fn new(dimensions: usize, history: usize) -> Self {
        Self { dimensions, nearest: Nearest::new(dimensions), rewards: Vec::new(), history }
    }

    /// The absolute learning progress of an episode, which is then remembered; 0 for the first few.
    pub fn update(&mut self, task: &[f64], reward: f64) -> f64 {
        let seen = self.rewards.len();
        let oldest = if self.history == 0 { 0 } else { seen.saturating_sub(self.history) };
        let earlier = if seen > FIRST { self.nearest.find(task, oldest) } else { None };
        let progress = earlier.map_or(0.0, |index| (reward - self.rewards[index]).abs());
        self.nearest.push(task);
        self.rewards.push(reward);
        progress
    }

    /// Everything remembered, as bytes.
    pub fn save(&self) -> Vec<u8> {
        encode(&(self.nearest.points(), &self.rewards))
    }

    /// Takes back what [`AbsoluteProgress::save`] gave; the error says what does not fit.
    ///
    /// # Errors
    /// The bytes are damaged or of tasks with another number of dimensions.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (points, rewards): (Vec<f64>, Vec<f64>) = decode(state)?;
        if points.len() != rewards.len() * self.dimensions {
            return Err(format!("it is not of tasks with {} dimensions", self.dimensions));
        }
        self.nearest = Nearest::from_points(self.dimensions, points);
        self.rewards = rewards;
        Ok(())
    }
}
