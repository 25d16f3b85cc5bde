//! What is still to come, token by token.

use burn::{module::Module, tensor::Tensor};
use nets::{
    lm::Decoder,
    mlp::{Mlp, MlpConfig},
};
use rand_chacha::ChaCha8Rng;
use run::Result;

use crate::language::batch::Batch;

/// A decoder of its own with a scalar head.
#[derive(Module, Debug)]
pub struct Critic {
    decoder: Decoder,
    head: Mlp,
}

impl Critic {
    /// Begins as a copy of the model at the start under a new head.
    pub fn new(start: &Decoder, random: &mut ChaCha8Rng) -> Self {
        let device = start.embedding().device();
        let head = MlpConfig::new(start.config().width, &[], 1).init(&device, random);
        Self { decoder: start.clone(), head }
    }

    /// The value of the state in which every token of the responses is chosen, `[B, R]`.
    ///
    /// # Errors
    /// A sequence is longer than the model's context.
    pub fn values(&self, batch: &Batch) -> Result<Tensor<2>> {
        let states = batch.states(&self.decoder)?;
        let [rows, columns, width] = states.dims();
        Ok(self.head.forward(states.reshape([rows * columns, width])).reshape([rows, columns]))
    }
}
