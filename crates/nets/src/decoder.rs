//! From latents back to observations.

use crate::init::{Convolution, Init, conv2d, upsampling};
use crate::mlp::{Mlp, MlpConfig};
use crate::observed::Observed;
use crate::unfold::convolve;
use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;
use worlds::Layout;

/// A decoder of vectors or images.
#[derive(Module, Debug)]
pub struct Decoder {
    /// To the vector, or to a quarter of the image's sides.
    mlp: Mlp,
    upsampler: Option<Upsampler>,
}

/// Twice: double the sides, ReLU; then 3x3.
#[derive(Module, Debug)]
struct Upsampler {
    doubling: Vec<ConvTranspose2d>,
    last: Conv2d,
    /// Channels, rows and columns that it begins with.
    #[module(skip)]
    start: [usize; 3],
    /// Rows and columns of the image.
    #[module(skip)]
    size: [usize; 2],
}

impl Decoder {
    /// A decoder of latents of `latent` numbers to observations of this layout, with one hidden layer of
    /// `hidden` numbers; images are then made in `channels` channels, from a quarter of their sides by two
    /// transposed convolutions and a 3x3 one.
    pub fn new(
        latent: usize,
        layout: &Layout,
        [hidden, channels]: [usize; 2],
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let Layout::Image { height, width, channels: planes, .. } = *layout else {
            let mlp = MlpConfig::new(latent, &[hidden], layout.size()).init(device, random);
            return Self { mlp, upsampler: None };
        };
        let start = [channels, height.div_ceil(4), width.div_ceil(4)];
        let mlp = MlpConfig::new(latent, &[hidden], start.iter().product()).init(device, random);
        let doubling = (0..2).map(|_| upsampling(channels, channels, Init::FanIn, device, random)).collect();
        let last = Convolution { input: channels, output: planes, kernel: 3, stride: 1, padding: 1 };
        let last = conv2d(last, Init::FanIn, device, random);
        Self { mlp, upsampler: Some(Upsampler { doubling, last, start, size: [height, width] }) }
    }

    /// Observations for `latent [B, d]`: `[B, size]`, or images `[B, C, H, W]`.
    pub fn forward(&self, latent: Tensor<2>) -> Observed {
        let [rows, _] = latent.dims();
        let value = self.mlp.forward(latent);
        let Some(Upsampler { doubling, last, start, size }) = &self.upsampler else {
            return Observed::Flat(value);
        };
        let [channels, height, width] = *start;
        let map = activation::relu(value.reshape([rows, channels, height, width]));
        let double = |map, layer: &ConvTranspose2d| activation::relu(layer.forward(map));
        let map = doubling.iter().fold(map, double);
        Observed::Image(convolve(last, map.narrow(2, 0, size[0]).narrow(3, 0, size[1])))
    }
}
