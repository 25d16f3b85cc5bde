//! Elastic weight consolidation (Kirkpatrick et al., 2017): after each task, every parameter is
//! held by the diagonal of the Fisher information on the task's data.

use burn::tensor::Tensor;
use learn::continual::{
    penalty::{Quadratic, gradient, values},
    protocol::ClassTask,
};
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    super::classifier::Batch,
    softmax::{Remedy, Softmax},
};

/// One quadratic penalty, the sum of all tasks'.
pub struct Ewc {
    penalty: Quadratic,
    strength: f64,
}

impl Ewc {
    /// Nothing held yet.
    pub fn new(strength: f64) -> Self {
        Self { penalty: Quadratic::default(), strength }
    }
}

impl Remedy for Ewc {
    fn loss(&mut self, softmax: &Softmax, batch: &Batch<'_>, _run: &mut Run) -> Tensor<1> {
        let loss = softmax.cross_entropy(batch.train, batch.indices, batch.seen);
        match self.penalty.loss(softmax.net.module()) {
            Some(penalty) => loss + penalty.mul_scalar(0.5 * self.strength),
            None => loss,
        }
    }

    /// F_i = mean over the task's examples of (d log p(y|x)/d theta_i)².
    fn finish_task(&mut self, softmax: &Softmax, train: &Examples, task: &ClassTask, seen: &[usize]) {
        let module = softmax.net.module();
        let mut fisher = vec![0.0; softmax.parameters()];
        for &index in &task.examples {
            let gradients = softmax.cross_entropy(train, &[index], seen).backward();
            let slopes = gradient(module, &gradients);
            let share = 1.0 / task.examples.len() as f32;
            fisher.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += share * slope * slope);
        }
        self.penalty.add(&fisher, &values(module));
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("penalty", &self.penalty)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.penalty = snapshot.get("penalty")?;
        Ok(())
    }
}
