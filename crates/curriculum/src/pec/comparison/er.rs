//! Experience replay: every update mixes what arrives with a few kept examples.

use burn::tensor::Tensor;
use learn::continual::buffer::ClassBuffer;
use run::{Result, Run, Snapshot};

use super::{
    super::classifier::Batch,
    softmax::{Remedy, Softmax},
};

/// A balanced buffer.
pub struct Er {
    /// Kept examples.
    pub buffer: ClassBuffer,
    /// Kept examples that enter each update.
    pub replay: usize,
}

impl Remedy for Er {
    /// The mean of the new and the kept examples' cross-entropy over all classes seen.
    fn loss(&mut self, softmax: &Softmax, batch: &Batch<'_>, run: &mut Run) -> Tensor<1> {
        let loss = softmax.cross_entropy(batch.train, batch.indices, batch.seen);
        let kept = self.buffer.draw(self.replay, run.random("replay"));
        match kept.is_empty() {
            true => loss,
            false => (loss + softmax.cross_entropy(batch.train, &kept, batch.seen)).mul_scalar(0.5),
        }
    }

    fn stepped(&mut self, _softmax: &Softmax, batch: &Batch<'_>, run: &mut Run) {
        for &index in batch.indices {
            self.buffer.offer(index, batch.train.labels[index], run.random("buffer"));
        }
    }

    fn save(&self, snapshot: &mut Snapshot) -> Result<()> {
        snapshot.put("buffer", &self.buffer)
    }

    fn load(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.buffer = snapshot.get("buffer")?;
        Ok(())
    }
}
