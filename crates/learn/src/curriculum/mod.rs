//! Curricula: teachers that choose the next task of a student they know nothing about but its
//! returns.
//!
//! A [`Teacher`] works in the bounds it was built with and with rewards in [0, 1]; a [`Curriculum`]
//! stands between it and a world's own parameters and returns.

mod mixture_teacher;
mod nearest;
mod oracle;
mod progress;
mod random;
mod riac;
mod space;

pub use mixture_teacher::{ComponentRule, MixtureSettings, MixtureTeacher, Signal};
pub use nearest::Nearest;
pub use oracle::{Oracle, OracleSettings};
pub use progress::AbsoluteProgress;
pub use random::Random;
pub use riac::{Riac, RiacSettings};
pub use space::{Bounds, TaskSpace};

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use worlds::world::{decode, encode};

use crate::{LearnError, cluster::Mixture};

/// Share of rewards outside the declared range at which the user is told.
const SHARE_OUTSIDE: f64 = 0.1;
/// Rewards before that share means anything.
const ENOUGH: u64 = 100;

/// What an episode taught the teacher.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// Learning progress that the teacher saw in the episode, where it measures one.
    pub progress: Option<f64>,
    /// Number of parts (components, regions) of a model that was renewed by this episode.
    pub parts: Option<usize>,
    /// Something that the user should know.
    pub warning: Option<String>,
}

/// A mixture and when it was fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Episodes seen by then.
    pub episodes: u64,
    /// The mixture, in the teacher's coordinates.
    pub mixture: Mixture,
}

/// Chooses tasks, points of a box, by the rewards of earlier ones.
pub trait Teacher: Send {
    /// The next task.
    fn sample(&mut self, random: &mut ChaCha8Rng) -> Vec<f64>;

    /// Learns from an episode in a task inside the bounds, whoever chose it; `reward` lies in
    /// [0, 1].
    fn update(&mut self, task: &[f64], reward: f64, random: &mut ChaCha8Rng) -> Update;

    /// Every mixture fitted so far, oldest first; nothing for teachers that fit none.
    fn trace(&self) -> &[Fit] {
        &[]
    }

    /// The complete state as bytes; [`Teacher::restore`] on an equal teacher continues exactly.
    fn save(&self) -> Vec<u8>;

    /// Takes back what [`Teacher::save`] gave; the error says what does not fit.
    fn restore(&mut self, state: &[u8]) -> Result<(), String>;
}

/// A teacher in a world's terms: its parameters, and its returns mapped linearly onto [0, 1].
pub struct Curriculum {
    space: TaskSpace,
    returns: [f64; 2],
    teacher: Box<dyn Teacher>,
    outside: u64,
    total: u64,
    warned: bool,
}

impl Curriculum {
    /// A teacher built for [`TaskSpace::bounds`], and the returns that stand for rewards 0 and 1.
    ///
    /// # Errors
    /// The returns are not finite or not in order.
    pub fn new(space: TaskSpace, returns: [f64; 2], teacher: Box<dyn Teacher>) -> Result<Self, LearnError> {
        let [low, high] = returns;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(LearnError::Curriculum(format!(
                "the range of returns is {low} to {high}: its lower end must be below its upper one"
            )));
        }
        Ok(Self { space, returns, teacher, outside: 0, total: 0, warned: false })
    }

    /// The parameters of the next task, in the world's units.
    pub fn sample(&mut self, random: &mut ChaCha8Rng) -> Vec<f64> {
        self.space.to_world(&self.teacher.sample(random))
    }

    /// Learns from an episode with these parameters, in the world's units, and its return. Returns
    /// outside the declared range are clamped and counted.
    ///
    /// # Errors
    /// The parameters are not inside the space.
    pub fn update(
        &mut self,
        parameters: &[f64],
        episode_return: f64,
        random: &mut ChaCha8Rng,
    ) -> Result<Update, LearnError> {
        self.space.check(parameters)?;
        let [low, high] = self.returns;
        let reward = (episode_return - low) / (high - low);
        self.total += 1;
        self.outside += u64::from(!(0.0..=1.0).contains(&reward));
        let reward = if reward.is_nan() { 0.0 } else { reward.clamp(0.0, 1.0) };
        let mut update = self.teacher.update(&self.space.to_teacher(parameters), reward, random);
        let share = self.outside as f64 / self.total as f64;
        if !self.warned && self.total >= ENOUGH && share >= SHARE_OUTSIDE {
            self.warned = true;
            let percent = 100.0 * share;
            update.warning.get_or_insert(format!(
                "{percent:.0} % of the returns lie outside the declared range of {low} to {high} and \
                 are clamped: widen the range"
            ));
        }
        Ok(update)
    }

    /// Every mixture fitted so far, in the teacher's coordinates.
    pub fn trace(&self) -> &[Fit] {
        self.teacher.trace()
    }

    /// The complete state as bytes.
    pub fn save(&self) -> Vec<u8> {
        encode(&(self.outside, self.total, self.warned, self.teacher.save()))
    }

    /// Takes back what [`Curriculum::save`] gave; the error says what does not fit.
    ///
    /// # Errors
    /// The bytes are damaged or of another teacher.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), String> {
        let (outside, total, warned, teacher): (u64, u64, bool, Vec<u8>) = decode(state)?;
        self.teacher.restore(&teacher)?;
        (self.outside, self.total, self.warned) = (outside, total, warned);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
