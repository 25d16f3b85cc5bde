//! Fine-tuning, and the labels trick: the same with the softmax over the current task's classes, so
//! that classes of the past are not pushed down. With one class per task the trick leaves no
//! gradient at all.

use agents::state::{arrays, load_trained, save_trained};
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    classifier::{Classifier, Place},
    softmax::Softmax,
};

/// A softmax network trained on what arrives.
pub(super) struct Finetune {
    softmax: Softmax,
    labels_trick: bool,
}

impl Finetune {
    /// Over all classes seen, or with the labels trick.
    pub fn new(softmax: Softmax, labels_trick: bool) -> Self {
        Self { softmax, labels_trick }
    }
}

impl Classifier for Finetune {
    fn learn(&mut self, train: &Examples, batch: &[usize], place: &Place<'_>, run: &mut Run) -> Result<()> {
        let classes = if self.labels_trick { place.task } else { place.seen };
        let loss = self.softmax.cross_entropy(train, batch, classes);
        self.softmax.step(loss, run)
    }

    fn scores(&self, inputs: &Examples, seen: &[usize], _random: &mut ChaCha8Rng) -> Result<Vec<f64>> {
        Ok(self.softmax.scores(inputs, seen))
    }

    fn parameters(&self) -> usize {
        self.softmax.parameters()
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        save_trained(snapshot, &[("softmax", &self.softmax.net)]);
        Ok(())
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        load_trained(&arrays(snapshot), &mut [("softmax", &mut self.softmax.net)])
    }
}
