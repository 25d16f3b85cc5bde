//! Learning without forgetting (Li and Hoiem, 2016), with the labels trick: the network as it was
//! after the last task is distilled into the current one on the current inputs.

use agents::state::{load_module, save_module};
use burn::tensor::{
    Tensor,
    activation::{log_softmax, softmax as softened},
};
use learn::continual::protocol::ClassTask;
use nets::mlp::Mlp;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    super::classifier::Batch,
    softmax::{Remedy, Softmax, columns},
};

/// What the network was before the current task.
pub struct Lwf {
    old: Mlp,
    /// Classes that the old network has seen; none before the second task.
    old_classes: Vec<usize>,
    strength: f64,
    temperature: f64,
}

impl Lwf {
    /// Nothing to remember yet.
    pub fn new(softmax: &Softmax, strength: f64, temperature: f64) -> Self {
        Self { old: softmax.net.inference().clone(), old_classes: Vec::new(), strength, temperature }
    }
}

impl Remedy for Lwf {
    /// Cross-entropy over the task's classes plus T² times the cross-entropy of the old and the new
    /// softmax of temperature T over the old classes.
    fn loss(&mut self, softmax: &Softmax, batch: &Batch<'_>, _run: &mut Run) -> Tensor<1> {
        let loss = softmax.cross_entropy(batch.train, batch.indices, batch.task);
        if self.old_classes.is_empty() {
            return loss;
        }
        let input = softmax.inputs(batch.train, batch.indices);
        let soft = |logits| columns(logits, &self.old_classes).div_scalar(self.temperature as f32);
        let wanted = softened(soft(self.old.forward(input.clone().inner())), 1).autodiff();
        let found = log_softmax(soft(softmax.net.module().forward(input)), 1);
        let factor = self.strength * self.temperature.powi(2) / batch.indices.len() as f64;
        loss - (wanted * found).sum().mul_scalar(factor as f32)
    }

    fn finish_task(&mut self, softmax: &Softmax, _train: &Examples, _task: &ClassTask, seen: &[usize]) {
        self.old = softmax.net.inference().clone();
        self.old_classes = seen.to_vec();
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_module(snapshot, "old", &self.old);
        snapshot.put("old_classes", &self.old_classes)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.old = load_module(snapshot.arrays(), "old", self.old.clone())?;
        self.old_classes = snapshot.get("old_classes")?;
        Ok(())
    }
}
