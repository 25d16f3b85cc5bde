//! What acts: apart from the method that trains it, so that `play`, `eval`, `export` and opponents
//! need nothing else.

use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use worlds::{Actions, Observations, Outcome};

use crate::{NamedArray, Result, Snapshot};

/// What begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A new life: memory carried across episodes is forgotten too.
    Lifetime,
    /// A new episode.
    Episode,
}

/// How to choose among actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Draw from the policy, as in training.
    Sample,
    /// The most likely or best action.
    Greedy,
}

/// A policy as a file: its weights and how to feed them.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Weights by name.
    pub weights: Vec<NamedArray>,
    /// Layers in order of evaluation, each naming its weights; how to scale the input and read
    /// the output.
    pub recipe: Value,
}

/// Chooses actions for a batch of rows.
pub trait Policy: Send {
    /// Something begins in these rows: acting state is reset accordingly.
    fn begin(&mut self, scope: Scope, rows: &[usize]) {
        let _ = (scope, rows);
    }

    /// Actions for every row of `observations`.
    ///
    /// # Errors
    /// The observations do not fit the policy's input.
    fn act(&mut self, observations: &Observations, mode: Mode, random: &mut ChaCha8Rng) -> Result<Actions>;

    /// What came of the last actions, for policies that learn or remember while acting.
    fn observe(&mut self, outcome: &Outcome) {
        let _ = outcome;
    }

    /// The policy as a file.
    ///
    /// # Errors
    /// This policy has no form that stands alone; the sentence says why.
    fn export(&self) -> Result<Exported>;

    /// Writes the acting state; policies without one write nothing.
    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        let _ = snapshot;
        Ok(())
    }

    /// Takes the acting state back.
    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        let _ = snapshot;
        Ok(())
    }
}
