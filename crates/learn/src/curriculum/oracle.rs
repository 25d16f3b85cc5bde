//! The teacher that knows which tasks are easy.

use rand_chacha::ChaCha8Rng;
use settings::{Config, Refusal};
use worlds::world::{decode, encode};

use super::{Bounds, Teacher, Update};

/// A hand-made window over the tasks.
#[derive(Clone, Debug, PartialEq, Config)]
pub struct OracleSettings {
    /// Width of the window, as a share of every dimension.
    #[setting(1.0 / 6.0, above = 0.0, max = 1.0)]
    pub window: f64,
    /// Way of the window at a move in every dimension, as a share of it; the window begins at the
    /// end that it moves away from. Empty: 0.05 upwards everywhere.
    #[setting(Vec::new())]
    pub step: Vec<f64>,
    /// Mean reward, in [0, 1], above which the window moves.
    #[setting(0.76)]
    pub threshold: f64,
    /// Episodes over which that mean is taken.
    #[setting(50, min = 1)]
    pub episodes: usize,
}

/// Draws uniformly from a window that moves from easy to hard tasks: whenever the mean reward of a
/// block of episodes exceeds the threshold, it takes a step.
#[derive(Clone, Debug)]
pub struct Oracle {
    bounds: Bounds,
    settings: OracleSettings,
    /// Lower ends of the window.
    low: Vec<f64>,
    rewards: Vec<f64>,
}

impl Oracle {
    /// A teacher for this box, its window at the easy end.
    ///
    /// # Errors
    /// A setting out of range, or steps for another number of dimensions.
    pub fn new(bounds: Bounds, mut settings: OracleSettings) -> Result<Self, Refusal> {
        settings.check()?;
        let size = bounds.dimensions();
        if settings.step.is_empty() {
            settings.step = vec![0.05; size];
        }
        if settings.step.len() != size {
            let why = format!("it must hold one step for each of the {size} task parameters");
            return Err(Refusal::saying("step", format!("{:?}", settings.step), why));
        }
        let begin = |dimension: usize| {
            let room = (1.0 - settings.window) * bounds.width(dimension);
            bounds.low[dimension] + if settings.step[dimension] < 0.0 { room } else { 0.0 }
        };
        let low = (0..size).map(begin).collect();
        Ok(Self { bounds, settings, low, rewards: Vec::new() })
    }

    /// The window.
    pub fn window(&self) -> Bounds {
        let high = |dimension: usize| {
            let end = self.low[dimension] + self.settings.window * self.bounds.width(dimension);
            end.min(self.bounds.high[dimension])
        };
        Bounds { low: self.low.clone(), high: (0..self.low.len()).map(high).collect() }
    }
}

impl Teacher for Oracle {
    fn sample(&mut self, random: &mut ChaCha8Rng) -> Vec<f64> {
        self.window().uniform(random)
    }

    fn update(&mut self, _task: &[f64], reward: f64, _random: &mut ChaCha8Rng) -> Update {
        self.rewards.push(reward);
        if self.rewards.len() == self.settings.episodes {
            let mean = self.rewards.iter().sum::<f64>() / self.rewards.len() as f64;
            self.rewards.clear();
            if mean > self.settings.threshold {
                for (dimension, low) in self.low.iter_mut().enumerate() {
                    let width = self.bounds.width(dimension);
                    let room = (1.0 - self.settings.window) * width;
                    let first = self.bounds.low[dimension];
                    *low = (*low + self.settings.step[dimension] * width).clamp(first, first + room);
                }
            }
        }
        Update::default()
    }

    fn save(&self) -> Vec<u8> {
        encode(&(&self.low, &self.rewards))
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (low, rewards): (Vec<f64>, Vec<f64>) = decode(state)?;
        if low.len() != self.low.len() {
            return Err("it is of another space of tasks".to_owned());
        }
        (self.low, self.rewards) = (low, rewards);
        Ok(())
    }
}
