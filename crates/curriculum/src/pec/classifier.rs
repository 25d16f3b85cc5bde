//! What all arms of the comparison have in common: they learn from batches of a stream and score
//! the classes seen so far.

use learn::continual::protocol::ClassTask;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

/// Where in the stream a batch lies.
pub(super) struct Place<'a> {
    /// Classes of the current task.
    pub task: &'a [usize],
    /// All classes seen so far, this batch's included.
    pub seen: &'a [usize],
    /// Updates since the task began.
    pub step: u64,
    /// Updates of the whole task.
    pub steps: u64,
}

/// One arm of the comparison.
pub(super) trait Classifier: Send {
    /// Learns from the training examples of these indices.
    fn learn(&mut self, train: &Examples, batch: &[usize], place: &Place<'_>, run: &mut Run) -> Result<()>;

    /// A task is over; `seen` holds all classes seen so far.
    fn finish_task(&mut self, _train: &Examples, _task: &ClassTask, _seen: &[usize]) -> Result<()> {
        Ok(())
    }

    /// Scores of the classes `seen` for every input, row-major `[inputs, seen.len()]`; the largest
    /// wins.
    fn scores(&self, inputs: &Examples, seen: &[usize], random: &mut ChaCha8Rng) -> Result<Vec<f64>>;

    /// Trained parameters, or stored statistics.
    fn parameters(&self) -> usize;

    /// Writes everything that learning has changed.
    fn save(&self, snapshot: &mut Snapshot) -> Result<()>;

    /// Takes it back.
    fn load(&mut self, snapshot: &Snapshot, train: &Examples) -> Result<()>;
}
