//! Elastic weight consolidation (Kirkpatrick et al., 2017): after each task, every parameter is
//! held by the diagonal of the Fisher information on the task's data.

use agents::state::{arrays, load_trained, save_trained};
use learn::continual::{
    penalty::{Quadratic, gradient, values},
    protocol::ClassTask,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    classifier::{Classifier, Place},
    softmax::Softmax,
};

/// A softmax network with one quadratic penalty, the sum of all tasks'.
pub(super) struct Ewc {
    softmax: Softmax,
    penalty: Quadratic,
    strength: f64,
}

impl Ewc {
    /// Nothing held yet.
    pub fn new(softmax: Softmax, strength: f64) -> Self {
        Self { softmax, penalty: Quadratic::default(), strength }
    }
}

impl Classifier for Ewc {
    fn learn(&mut self, train: &Examples, batch: &[usize], place: &Place<'_>, run: &mut Run) -> Result<()> {
        let mut loss = self.softmax.cross_entropy(train, batch, place.seen);
        if let Some(penalty) = self.penalty.loss(self.softmax.net.module()) {
            loss = loss + penalty.mul_scalar(0.5 * self.strength);
        }
        self.softmax.step(loss, run)
    }

    /// F_i = mean over the task's examples of (d log p(y|x)/d theta_i)².
    fn finish_task(&mut self, train: &Examples, task: &ClassTask, seen: &[usize]) -> Result<()> {
        let module = self.softmax.net.module();
        let mut fisher = vec![0.0; self.softmax.parameters()];
        for &index in &task.examples {
            let gradients = self.softmax.cross_entropy(train, &[index], seen).backward();
            let slopes = gradient(module, &gradients);
            let share = 1.0 / task.examples.len() as f32;
            fisher.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += share * slope * slope);
        }
        self.penalty.add(&fisher, &values(module));
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
        snapshot.put("penalty", &self.penalty)
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        self.penalty = snapshot.get("penalty")?;
        load_trained(&arrays(snapshot), &mut [("softmax", &mut self.softmax.net)])
    }
}
