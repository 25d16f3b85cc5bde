//! Forward dynamics of images: the next frame.

use crate::NetsError;
use crate::tanh;
use crate::unet::{UNet, UNetConfig, UNetShape};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// Past frames and a vector that says what happens, to the next frame, whose pixels lie in
/// (-0.5, 0.5): tanh(.)/2 of a U-Net (Schmidt and Jiang, 2024).
#[derive(Module, Debug)]
pub struct FrameForward {
    network: UNet,
}

impl FrameForward {
    /// A model of this size and shape.
    ///
    /// # Errors
    /// A setting is out of range, or the images are too small for so many halvings.
    pub fn new(
        config: UNetConfig,
        shape: UNetShape,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        Ok(Self { network: UNet::new(config, shape, device, random)? })
    }

    /// The frame after `past [B, frames C, H, W]` under `code [B, size]`. With `train`, batch
    /// normalisation uses and remembers this batch's statistics.
    pub fn forward(&self, past: Tensor<4>, code: Tensor<2>, train: bool) -> Tensor<4> {
        tanh::tanh(self.network.forward(past, code, train)).mul_scalar(0.5)
    }
}
