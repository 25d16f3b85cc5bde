//! From frames to a vector: what inverse models and policies of images share.

use crate::NetsError;
use crate::encoder::{Encoder, EncoderConfig};
use crate::init::{Init, linear};
use crate::mlp::Activation;
use crate::observed::Observed;
use crate::recipe::{self, Layer};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;
use worlds::Layout;

/// Frames on the channels of one image, an encoder, a hidden layer, a linear output.
#[derive(Module, Debug)]
pub struct FrameNetwork {
    /// The trunk, `[B, C, H, W]` to `[B, encoder.latent().size()]`.
    pub encoder: Encoder,
    /// The hidden layer, which a ReLU follows.
    pub hidden: Linear,
    /// The output.
    pub output: Linear,
}

impl FrameNetwork {
    /// A network that reads `frames` images of `layout` at once and puts out `output` numbers.
    ///
    /// # Errors
    /// The encoder does not read such images.
    pub fn new(
        encoder: &EncoderConfig,
        layout: &Layout,
        frames: usize,
        [hidden, output]: [usize; 2],
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        let encoder = Encoder::new(encoder, &stacked(layout, frames), device, random)?;
        let features = encoder.latent().size();
        Ok(Self {
            encoder,
            hidden: linear(features, hidden, Init::FanIn, device, random),
            output: linear(hidden, output, Init::FanIn, device, random),
        })
    }

    /// `[B, frames C, H, W] -> [B, output]`.
    pub fn forward(&self, frames: Tensor<4>) -> Tensor<2> {
        let features = self.encoder.forward(&Observed::Image(frames));
        self.output.forward(activation::relu(self.hidden.forward(features)))
    }

    /// The layers, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = self.encoder.layers(&format!("{prefix}.encoder"));
        layers.push(recipe::linear(&format!("{prefix}.hidden")));
        layers.push(Layer::Activation { name: Activation::Relu });
        layers.push(recipe::linear(&format!("{prefix}.output")));
        layers
    }
}

/// The layout of `frames` images of `layout` on the channels of one; vectors stay as they are.
fn stacked(layout: &Layout, frames: usize) -> Layout {
    match *layout {
        Layout::Vector { size } => Layout::Vector { size: frames * size },
        Layout::Image { height, width, channels, frames: each, scale } => {
            Layout::Image { height, width, channels: frames * channels, frames: frames * each, scale }
        }
    }
}
