//! The box of tasks, in the world's units and in the teacher's.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::LearnError;

/// The box that a teacher chooses from.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Lower ends.
    pub low: Vec<f64>,
    /// Upper ends, above the lower ones.
    pub high: Vec<f64>,
}

impl Bounds {
    /// The unit box.
    pub fn unit(dimensions: usize) -> Self {
        Self { low: vec![0.0; dimensions], high: vec![1.0; dimensions] }
    }

    /// Number of dimensions.
    pub fn dimensions(&self) -> usize {
        self.low.len()
    }

    /// Width of a dimension.
    pub fn width(&self, dimension: usize) -> f64 {
        self.high[dimension] - self.low[dimension]
    }

    /// A uniform draw.
    pub fn uniform(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        self.low.iter().zip(&self.high).map(|(low, high)| random.random_range(*low..=*high)).collect()
    }

    /// The nearest point of the box. Draws beyond a side are moved onto it, not drawn again: the
    /// sides hold the easiest and the hardest tasks.
    pub fn clip(&self, mut point: Vec<f64>) -> Vec<f64> {
        for (dimension, value) in point.iter_mut().enumerate() {
            *value = value.clamp(self.low[dimension], self.high[dimension]);
        }
        point
    }
}

/// A box of named parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSpace {
    names: Vec<String>,
    world: Bounds,
    scaled: bool,
}

impl TaskSpace {
    /// The box with these ends. `scaled` maps every dimension onto [0, 1] for the teacher, so that
    /// distances and covariances do not depend on units; without it the teacher sees the world's.
    ///
    /// # Errors
    /// No dimension, or a lower end that is not below the upper one; the sentence names it.
    pub fn new(names: Vec<String>, low: Vec<f64>, high: Vec<f64>, scaled: bool) -> Result<Self, LearnError> {
        if names.is_empty() || names.len() != low.len() || names.len() != high.len() {
            return Err(LearnError::Curriculum(
                "a space of tasks needs a name, a lower and an upper end for each of its dimensions, and \
                 at least one"
                    .to_owned(),
            ));
        }
        for (name, (low, high)) in names.iter().zip(low.iter().zip(&high)) {
            if !(low.is_finite() && high.is_finite() && low < high) {
                return Err(LearnError::Curriculum(format!(
                    "task parameter `{name}` runs from {low} to {high}: its lower end must be below its \
                     upper one"
                )));
            }
        }
        Ok(Self { names, world: Bounds { low, high }, scaled })
    }

    /// The box that the teacher works in.
    pub fn bounds(&self) -> Bounds {
        if self.scaled { Bounds::unit(self.names.len()) } else { self.world.clone() }
    }

    /// Refuses parameters outside the box.
    ///
    /// # Errors
    /// Another number of parameters, or one outside its range; the sentence names it.
    pub fn check(&self, parameters: &[f64]) -> Result<(), LearnError> {
        if parameters.len() != self.names.len() {
            return Err(LearnError::Curriculum(format!(
                "a task has {} parameters, but {} were given",
                self.names.len(),
                parameters.len()
            )));
        }
        for (dimension, value) in parameters.iter().enumerate() {
            let (low, high) = (self.world.low[dimension], self.world.high[dimension]);
            if !(low..=high).contains(value) {
                return Err(LearnError::Curriculum(format!(
                    "task parameter `{}` is {value}, outside its range of {low} to {high}",
                    self.names[dimension]
                )));
            }
        }
        Ok(())
    }

    /// The teacher's coordinates of a task.
    pub fn to_teacher(&self, parameters: &[f64]) -> Vec<f64> {
        let scale = |(dimension, value): (usize, &f64)| {
            if self.scaled {
                (value - self.world.low[dimension]) / self.world.width(dimension)
            } else {
                *value
            }
        };
        parameters.iter().enumerate().map(scale).collect()
    }

    /// The world's parameters of a task in the teacher's coordinates.
    pub fn to_world(&self, point: &[f64]) -> Vec<f64> {
        let scale = |(dimension, value): (usize, &f64)| {
            if self.scaled { self.world.low[dimension] + value * self.world.width(dimension) } else { *value }
        };
        // Rounding must not leave the box.
        self.world.clip(point.iter().enumerate().map(scale).collect())
    }
}
