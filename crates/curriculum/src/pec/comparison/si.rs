//! Synaptic intelligence (Zenke et al., 2017): every parameter is held by how much its motion has
//! lowered the loss of past tasks.

use burn::tensor::Tensor;
use learn::continual::{
    penalty::{PathIntegral, Quadratic, gradient, values},
    protocol::ClassTask,
};
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    super::classifier::Batch,
    softmax::{Remedy, Softmax},
};

/// A path integral along the loss.
pub struct Si {
    penalty: Quadratic,
    path: PathIntegral,
    strength: f64,
    damping: f64,
    /// Gradient of the loss without penalty and parameters, as they were before the step.
    before: (Vec<f32>, Vec<f32>),
}

impl Si {
    /// Nothing held yet.
    pub fn new(softmax: &Softmax, strength: f64, damping: f64) -> Self {
        let path = PathIntegral::new(values(softmax.net.module()));
        Self { penalty: Quadratic::default(), path, strength, damping, before: Default::default() }
    }
}

impl Remedy for Si {
    fn loss(&mut self, softmax: &Softmax, batch: &Batch<'_>, _run: &mut Run) -> Tensor<1> {
        let module = softmax.net.module();
        let gradients = softmax.cross_entropy(batch.train, batch.indices, batch.seen).backward();
        self.before = (gradient(module, &gradients), values(module));
        let loss = softmax.cross_entropy(batch.train, batch.indices, batch.seen);
        match self.penalty.loss(module) {
            Some(penalty) => loss + penalty.mul_scalar(self.strength),
            None => loss,
        }
    }

    fn stepped(&mut self, softmax: &Softmax, _batch: &Batch<'_>, _run: &mut Run) {
        let (slopes, before) = &self.before;
        self.path.step(slopes, before, &values(softmax.net.module()));
    }

    /// Importances add up over tasks; parameters are held where they are now.
    fn finish_task(&mut self, softmax: &Softmax, _train: &Examples, _task: &ClassTask, _seen: &[usize]) {
        let end = values(softmax.net.module());
        let importance = self.path.finish(&end, self.damping as f32);
        self.penalty.add(&importance, &end);
        self.penalty.anchor = end;
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("path", &self.path)?;
        snapshot.put("penalty", &self.penalty)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.penalty = snapshot.get("penalty")?;
        self.path = snapshot.get("path")?;
        Ok(())
    }
}
