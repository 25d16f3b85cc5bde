//! Values of continuous actions.

use crate::ensemble::EnsembleMlp;
use crate::init::Init;
use crate::mlp::{MlpConfig, Trunk};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Q(z, a) by E members (two of them twin critics; Fujimoto et al., 2018), behind an optional
/// trunk that all share.
#[derive(Module, Debug)]
pub struct Critic {
    trunk: Option<Trunk>,
    members: EnsembleMlp,
}

impl Critic {
    /// `shape` gives the members' layers: its input is the width of latent and action together, its
    /// output 1. With `trunk`, both first go through a [`Trunk`] of that width, drawn by `shape.init`.
    pub fn new(
        shape: &MlpConfig,
        members: usize,
        trunk: Option<usize>,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let (trunk, shape) = with_trunk(shape, trunk, device, random);
        Self { trunk, members: EnsembleMlp::new(&shape, members, device, random) }
    }

    /// Values `[E, B]` of `latent [B, d]` with `action [B, a]`.
    pub fn forward(&self, latent: Tensor<2>, action: Tensor<2>) -> Tensor<2> {
        let mut input = Tensor::cat(vec![latent, action], 1);
        if let Some(trunk) = &self.trunk {
            input = trunk.forward(input);
        }
        self.members.forward(input).squeeze_dim(2)
    }
}

/// A trunk of the given width before `shape`, and what is left of `shape` behind it.
pub(super) fn with_trunk(
    shape: &MlpConfig,
    width: Option<usize>,
    device: &Device,
    random: &mut ChaCha8Rng,
) -> (Option<Trunk>, MlpConfig) {
    let Some(width) = width else { return (None, shape.clone()) };
    let init: Init = shape.init;
    let trunk = Trunk::new(shape.input, width, init, device, random);
    (Some(trunk), MlpConfig { input: width, ..shape.clone() })
}
