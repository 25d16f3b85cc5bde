//! Inverse dynamics of images: what happened between frames.

use crate::NetsError;
use crate::encoder::EncoderConfig;
use crate::frames::FrameNetwork;
use crate::vq::{Quantised, Quantiser, QuantiserConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use worlds::Layout;

/// Frames up to the next one, to a vector that says what happened before the last of them; through
/// a bottleneck of codes where it has one (Schmidt and Jiang, 2024).
#[derive(Module, Debug)]
pub struct FrameInverse {
    /// The network in front of the bottleneck.
    pub network: FrameNetwork,
    /// The bottleneck.
    pub quantiser: Option<Quantiser>,
}

/// What an inverse model makes of a batch of windows.
pub struct Inferred {
    /// In front of the bottleneck, `[B, size]`.
    pub latent: Tensor<2>,
    /// Behind it; nothing without one.
    pub quantised: Option<Quantised>,
}

impl Inferred {
    /// What a forward model may read, `[B, size]`.
    pub fn code(&self) -> Tensor<2> {
        self.quantised.as_ref().map_or_else(|| self.latent.clone(), |quantised| quantised.latent.clone())
    }
}

impl FrameInverse {
    /// A model that reads `frames` images of `layout`, with `hidden` features in its hidden layer
    /// and a vector as wide as `quantiser` quantises.
    ///
    /// # Errors
    /// The encoder does not read such images, or a setting of the quantiser is out of range.
    pub fn quantised(
        encoder: &EncoderConfig,
        layout: &Layout,
        frames: usize,
        hidden: usize,
        quantiser: QuantiserConfig,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        let quantiser = Quantiser::new(quantiser, device, random)?;
        let shape = [hidden, quantiser.size()];
        let network = FrameNetwork::new(encoder, layout, frames, shape, device, random)?;
        Ok(Self { network, quantiser: Some(quantiser) })
    }

    /// The same without a bottleneck, for vectors of width `size`.
    ///
    /// # Errors
    /// The encoder does not read such images.
    pub fn free(
        encoder: &EncoderConfig,
        layout: &Layout,
        frames: usize,
        [hidden, size]: [usize; 2],
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        let network = FrameNetwork::new(encoder, layout, frames, [hidden, size], device, random)?;
        Ok(Self { network, quantiser: None })
    }

    /// The vectors of `windows [B, frames C, H, W]`. With `train`, the quantiser's codes move.
    pub fn forward(&self, windows: Tensor<4>, train: bool) -> Inferred {
        let latent = self.network.forward(windows);
        let quantised = self.quantiser.as_ref().map(|quantiser| quantiser.forward(latent.clone(), train));
        Inferred { latent, quantised }
    }
}
