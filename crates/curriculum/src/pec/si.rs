//! Synaptic intelligence (Zenke et al., 2017): every parameter is held by how much its motion has
//! lowered the loss of past tasks.

use agents::state::{arrays, load_trained, save_trained};
use learn::continual::{
    penalty::{PathIntegral, Quadratic, gradient, values},
    protocol::ClassTask,
};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    classifier::{Classifier, Place},
    softmax::Softmax,
};

/// A softmax network with its path integral.
pub(super) struct Si {
    softmax: Softmax,
    penalty: Quadratic,
    path: PathIntegral,
    strength: f64,
    damping: f64,
}

impl Si {
    /// Nothing held yet.
    pub fn new(softmax: Softmax, strength: f64, damping: f64) -> Self {
        let path = PathIntegral::new(values(softmax.net.module()));
        Self { softmax, penalty: Quadratic::default(), path, strength, damping }
    }
}

impl Classifier for Si {
    fn learn(&mut self, train: &Examples, batch: &[usize], place: &Place<'_>, run: &mut Run) -> Result<()> {
        let gradients = self.softmax.cross_entropy(train, batch, place.seen).backward();
        let slopes = gradient(self.softmax.net.module(), &gradients);
        let before = values(self.softmax.net.module());
        let mut loss = self.softmax.cross_entropy(train, batch, place.seen);
        if let Some(penalty) = self.penalty.loss(self.softmax.net.module()) {
            loss = loss + penalty.mul_scalar(self.strength);
        }
        self.softmax.step(loss, run)?;
        self.path.step(&slopes, &before, &values(self.softmax.net.module()));
        Ok(())
    }

    /// Importances add up over tasks; parameters are held where they are now.
    fn finish_task(&mut self, _train: &Examples, _task: &ClassTask, _seen: &[usize]) -> Result<()> {
        let end = values(self.softmax.net.module());
        let importance = self.path.finish(&end, self.damping as f32);
        self.penalty.add(&importance, &end);
        self.penalty.anchor = end;
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
        snapshot.put("path", &self.path)?;
        snapshot.put("penalty", &self.penalty)
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        self.penalty = snapshot.get("penalty")?;
        self.path = snapshot.get("path")?;
        load_trained(&arrays(snapshot), &mut [("softmax", &mut self.softmax.net)])
    }
}
