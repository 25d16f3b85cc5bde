//! Two layers that read a sequence from both ends.

use super::{Recurrent, RecurrentConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Two recurrent layers of one shape, of which the second reads from the last step to the first
/// (Schuster and Paliwal, 1997).
#[derive(Module, Debug)]
pub struct Bidirectional {
    forward: Recurrent,
    backward: Recurrent,
}

impl Bidirectional {
    /// Draws the weights of the forward layer, then those of the backward one.
    pub fn new(config: &RecurrentConfig, device: &Device, random: &mut ChaCha8Rng) -> Self {
        Self { forward: config.init(device, random), backward: config.init(device, random) }
    }

    /// Outputs `[B, T, 2 H]` of `input [B, T, input]`, the forward layer's first. `begins [B, T]` holds 1
    /// where a sequence begins anew; there the backward layer's ends. So where the first step of the
    /// padding behind a short sequence is marked, its last step is the first that the backward layer
    /// reads.
    pub fn forward(&self, input: Tensor<3>, begins: Option<Tensor<2>>) -> Tensor<3> {
        let [rows, length, _] = input.dims();
        let ends = begins.clone().map(|begins| {
            let later = begins.clone().narrow(1, 1, length - 1);
            let last = begins.narrow(1, 0, 1).zeros_like();
            Tensor::cat(vec![later, last], 1).flip([1])
        });
        let (ahead, _) = self.forward.sequence(input.clone(), begins, self.forward.start(rows));
        let (back, _) = self.backward.sequence(input.flip([1]), ends, self.backward.start(rows));
        Tensor::cat(vec![ahead, back.flip([1])], 2)
    }
}
