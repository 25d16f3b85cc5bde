//! The one face of every method.

use std::path::Path;

use settings::Config;

use crate::{
    Result, Snapshot, Task,
    card::Card,
    context::Run,
    policy::Policy,
    scores::{self, Protocol, Scores},
    speech::Speaker,
};

/// How far a method has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Name of the current stage, one of the card's.
    pub stage: &'static str,
    /// The method has nothing left to do, whatever budget remains.
    pub finished: bool,
}

impl Progress {
    /// A method of one stage that never ends by itself.
    pub const MAIN: Progress = Progress { stage: "main", finished: false };
}

/// A resumable process of learning.
pub trait Method: Sized + Send + 'static {
    /// What it declares about itself.
    const CARD: Card;
    /// Its hyper-parameters.
    type Config: Config;

    /// Builds networks, memory and worlds; all randomness comes from `run`.
    ///
    /// # Errors
    /// The task lacks a need, or a setting does not fit the task.
    fn build(config: Self::Config, task: &Task, run: &mut Run) -> Result<Self>;

    /// One iteration: the smallest unit that may be lost when the process is killed.
    ///
    /// # Errors
    /// The world fails, or a term is not finite.
    fn advance(&mut self, run: &mut Run) -> Result<Progress>;

    /// What acts, as it is now; nothing where the product is not a policy.
    fn policy(&self) -> Option<Box<dyn Policy>> {
        None
    }

    /// Scores the method under a protocol. Unless a method says otherwise its policy plays in the
    /// protocol's world, and there are no scores where one of them is missing. A method with
    /// measures of its own draws from `run.derived` only, so that evaluating changes nothing.
    ///
    /// # Errors
    /// The world or the policy fails.
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        scores::of_policy(self.policy(), protocol, run)
    }

    /// What can be spoken to, where the product is a language model.
    fn speaker(&self) -> Option<&dyn Speaker> {
        None
    }

    /// Writes the product as a folder that other programs read, whole or not at all, and says whether
    /// it has such a form. A policy's form is [`Policy::export`] instead.
    ///
    /// # Errors
    /// The folder holds something already, or cannot be written.
    fn publish(&self, _place: &Path) -> Result<bool> {
        Ok(false)
    }

    /// Writes the complete state.
    ///
    /// # Errors
    /// A value has no portable form.
    fn save(&self, snapshot: &mut Snapshot) -> Result<()>;

    /// Takes the complete state back into a method built from the same config and task.
    ///
    /// # Errors
    /// The snapshot is of another method, config or version.
    fn load(&mut self, snapshot: &Snapshot) -> Result<()>;
}

/// [`Method`] without its types, for the loop and the registry; also one of the forms of a method that
/// has several, which stands in a box.
pub trait AnyMethod: Send {
    /// [`Method::advance`].
    fn advance(&mut self, run: &mut Run) -> Result<Progress>;
    /// [`Method::policy`].
    fn policy(&self) -> Option<Box<dyn Policy>>;
    /// [`Method::evaluate`].
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        scores::of_policy(self.policy(), protocol, run)
    }
    /// [`Method::speaker`].
    fn speaker(&self) -> Option<&dyn Speaker> {
        None
    }
    /// [`Method::publish`].
    fn publish(&self, _place: &Path) -> Result<bool> {
        Ok(false)
    }
    /// [`Method::save`].
    fn save(&self, snapshot: &mut Snapshot) -> Result<()>;
    /// [`Method::load`].
    fn load(&mut self, snapshot: &Snapshot) -> Result<()>;
}

impl<M: Method> AnyMethod for M {
    fn advance(&mut self, run: &mut Run) -> Result<Progress> {
        Method::advance(self, run)
    }
    fn policy(&self) -> Option<Box<dyn Policy>> {
        Method::policy(self)
    }
    fn evaluate(&mut self, protocol: &Protocol, run: &mut Run) -> Result<Scores> {
        Method::evaluate(self, protocol, run)
    }
    fn speaker(&self) -> Option<&dyn Speaker> {
        Method::speaker(self)
    }
    fn publish(&self, place: &Path) -> Result<bool> {
        Method::publish(self, place)
    }
    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        Method::save(self, snapshot)
    }
    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        Method::load(self, snapshot)
    }
}
