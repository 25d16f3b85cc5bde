//! A perceptron that gives a code of one-hot vectors.

use crate::distribution::OneHotCategorical;
use crate::mlp::{Mlp, MlpConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// A perceptron that gives a distribution over codes of one-hot vectors.
#[derive(Module, Debug)]
pub struct CodeHead {
    mlp: Mlp,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    mix: f64,
}

impl CodeHead {
    /// `shape.output` is the width of a code, a multiple of `groups`; a share `mix` of the probability
    /// is uniform.
    ///
    /// # Panics
    /// Where the width is no multiple of `groups`.
    pub fn new(shape: &MlpConfig, groups: usize, mix: f64, device: &Device, random: &mut ChaCha8Rng) -> Self {
        assert!(shape.output.is_multiple_of(groups), "a code has as many classes in every group");
        Self { mlp: shape.init(device, random), groups, mix }
    }

    /// The distribution over codes `[B, output]` for `latent [B, d]`.
    pub fn forward(&self, latent: Tensor<2>) -> OneHotCategorical {
        OneHotCategorical::new(self.mlp.forward(latent), self.groups, self.mix)
    }
}
