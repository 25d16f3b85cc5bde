//! What all arms of the comparison have in common: they learn from batches of a stream and score
//! the classes seen so far.

use learn::continual::protocol::ClassTask;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

/// A batch of the stream and where in it the batch lies.
pub struct Batch<'a> {
    /// All training examples.
    pub train: &'a Examples,
    /// Those that arrive.
    pub indices: &'a [usize],
    /// Classes of the current task.
    pub task: &'a [usize],
    /// All classes seen so far, this batch's included.
    pub seen: &'a [usize],
    /// Updates since the task began.
    pub step: u64,
    /// Updates of the whole task.
    pub steps: u64,
}

impl Batch<'_> {
    /// The task's classes that arrive, each with its examples.
    pub fn by_class(&self) -> impl Iterator<Item = (usize, Vec<usize>)> {
        let of = |&class: &usize| {
            let indices = self.indices.iter().copied();
            (class, indices.filter(|&index| self.train.labels[index] == class).collect())
        };
        self.task.iter().map(of).filter(|(_, members): &(usize, Vec<usize>)| !members.is_empty())
    }
}

/// One arm of the comparison.
pub trait Classifier: Send {
    /// Learns from a batch.
    fn learn(&mut self, batch: &Batch<'_>, run: &mut Run) -> Result<()>;

    /// A task is over; `seen` holds all classes seen so far.
    fn finish_task(&mut self, _train: &Examples, _task: &ClassTask, _seen: &[usize]) {}

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
