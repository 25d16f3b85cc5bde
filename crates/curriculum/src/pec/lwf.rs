//! Learning without forgetting (Li and Hoiem, 2016), with the labels trick: the network as it was
//! after the last task is distilled into the current one on the current inputs.

use agents::state::{arrays, load_module, load_trained, save_module, save_trained};
use burn::tensor::activation::{log_softmax, softmax};
use learn::continual::protocol::ClassTask;
use nets::mlp::Mlp;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    classifier::{Classifier, Place},
    softmax::{Softmax, columns},
};

/// A softmax network and what it was before the current task.
pub(super) struct Lwf {
    softmax: Softmax,
    old: Mlp,
    /// Classes that the old network has seen; none before the second task.
    old_classes: Vec<usize>,
    strength: f64,
    temperature: f64,
}

impl Lwf {
    /// Nothing to remember yet.
    pub fn new(softmax: Softmax, strength: f64, temperature: f64) -> Self {
        let old = softmax.net.inference().clone();
        Self { softmax, old, old_classes: Vec::new(), strength, temperature }
    }
}

impl Classifier for Lwf {
    /// Cross-entropy over the task's classes plus T² times the cross-entropy of the old and the new
    /// softmax of temperature T over the old classes.
    fn learn(&mut self, train: &Examples, batch: &[usize], place: &Place<'_>, run: &mut Run) -> Result<()> {
        let mut loss = self.softmax.cross_entropy(train, batch, place.task);
        if !self.old_classes.is_empty() {
            let input = self.softmax.inputs(train, batch);
            let soft = |logits| columns(logits, &self.old_classes).div_scalar(self.temperature as f32);
            let wanted = softmax(soft(self.old.forward(input.clone().inner())), 1).autodiff();
            let found = log_softmax(soft(self.softmax.net.module().forward(input)), 1);
            let factor = self.strength * self.temperature.powi(2) / batch.len() as f64;
            loss = loss - (wanted * found).sum().mul_scalar(factor as f32);
        }
        self.softmax.step(loss, run)
    }

    fn finish_task(&mut self, _train: &Examples, _task: &ClassTask, seen: &[usize]) -> Result<()> {
        self.old = self.softmax.net.inference().clone();
        self.old_classes = seen.to_vec();
        Ok(())
    }

    fn scores(&self, inputs: &Examples, seen: &[usize], _random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        Ok(self.softmax.scores(inputs, seen))
    }

    fn parameters(&self) -> usize {
        self.softmax.parameters()
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("softmax", &self.softmax.net)]);
        save_module(snapshot, "old", &self.old);
        snapshot.put("old_classes", &self.old_classes)
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        let arrays = arrays(snapshot);
        self.old = load_module(&arrays, "old", self.old.clone())?;
        self.old_classes = snapshot.get("old_classes")?;
        load_trained(&arrays, &mut [("softmax", &mut self.softmax.net)])
    }
}
