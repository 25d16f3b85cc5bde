//! Experience replay: every update mixes what arrives with a few kept examples.

use agents::state::{arrays, load_trained, save_trained};
use learn::continual::buffer::ClassBuffer;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, Snapshot};
use worlds::data::Examples;

use super::{
    classifier::{Classifier, Place},
    softmax::Softmax,
};

/// A softmax network with a balanced buffer.
pub(super) struct Er {
    softmax: Softmax,
    buffer: ClassBuffer,
    replay: usize,
}

impl Er {
    /// An empty buffer; `replay` kept examples enter each update.
    pub fn new(softmax: Softmax, buffer: ClassBuffer, replay: usize) -> Self {
        Self { softmax, buffer, replay }
    }
}

impl Classifier for Er {
    /// The mean of the new and the kept examples' cross-entropy over all classes seen.
    fn learn(&mut self, train: &Examples, batch: &[usize], place: &Place<'_>, run: &mut Run) -> Result<()> {
        let mut loss = self.softmax.cross_entropy(train, batch, place.seen);
        let kept = self.buffer.draw(self.replay, run.random("replay"));
        if !kept.is_empty() {
            loss = (loss + self.softmax.cross_entropy(train, &kept, place.seen)).mul_scalar(0.5);
        }
        self.softmax.step(loss, run)?;
        for &index in batch {
            self.buffer.offer(index, train.labels[index], run.random("buffer"));
        }
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
        snapshot.put("buffer", &self.buffer)
    }

    fn load(&mut self, snapshot: &Snapshot, _train: &Examples) -> Result<()> {
        self.buffer = snapshot.get("buffer")?;
        load_trained(&arrays(snapshot), &mut [("softmax", &mut self.softmax.net)])
    }
}
