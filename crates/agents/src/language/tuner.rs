//! Methods whose whole state is one language model in training.

use std::path::Path;

use run::{Card, Method, Progress, Protocol, Result, Run, Scores, Snapshot, Speaker, Task};
use settings::Config;

use super::learner::Language;

/// What is particular to such a method: how its model is made and improved.
pub trait Tuner: Sized + Send + 'static {
    /// As [`Method::CARD`].
    const CARD: Card;
    /// As [`Method::Config`].
    type Config: Config;

    /// As [`Method::build`].
    ///
    /// # Errors
    /// As there.
    fn build(config: Self::Config, task: &Task, run: &mut Run) -> Result<Self>;

    /// As [`Method::advance`].
    ///
    /// # Errors
    /// As there.
    fn advance(&mut self, run: &mut Run) -> Result<Progress>;

    /// The model, which is all there is to be scored, spoken to, published and kept.
    fn language(&self) -> &Language;

    /// The same, to be changed.
    fn language_mut(&mut self) -> &mut Language;

    /// As [`Method::evaluate`]; unless a method says otherwise, the scores of its model.
    ///
    /// # Errors
    /// As there.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        self.language_mut().evaluate(protocol, None, run)
    }
}

/// The method that a tuner makes.
pub struct Tuned<T>(T);

impl<T: Tuner> Method for Tuned<T> {
    const CARD: Card = T::CARD;
    type Config = T::Config;

    fn build(config: T::Config, task: &Task, run: &mut Run) -> Result<Self> {
        T::build(config, task, run).map(Self)
    }

    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        self.0.advance(run)
    }

    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        self.0.evaluate(protocol, run)
    }

    fn speaker(&self) -> Option<&dyn Speaker> {
        Some(self.0.language())
    }

    fn publish(&self, place: &Path) -> Result<bool> {
        self.0.language().publish(place)
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        self.0.language().save(snapshot)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.0.language_mut().load(snapshot.arrays())
    }
}
