//! A U-Net over images that is told, by a vector, which image to make.

use crate::NetsError;
use crate::conv::ResidualBlock;
use crate::init::{Convolution, Init, conv2d, upsampling};
use crate::norm::BatchNorm;
use crate::unfold::convolve;
use burn::module::Module;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use settings::{Config, Refusal};

/// Size of a U-Net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Config)]
#[serde(deny_unknown_fields, default)]
#[setting(check = Self::combinations)]
pub struct UNetConfig {
    /// How many times the image is halved before the innermost layer.
    #[setting(5, min = 1, max = 10)]
    pub depth: usize,
    /// Channels at full size, doubled with every halving; an even number.
    #[setting(24, min = 2)]
    pub width: usize,
}

impl UNetConfig {
    fn combinations(&self) -> Result<(), Refusal> {
        match self.width.is_multiple_of(2) {
            true => Ok(()),
            false => Err(Refusal::new("width", self.width, "an even number")),
        }
    }
}

/// Channels of a U-Net's images and width of its vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UNetShape {
    /// Channels of the image that is read.
    pub input: usize,
    /// Width of the vector.
    pub vector: usize,
    /// Channels of the image that is made.
    pub output: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
}

/// Convolution, batch normalisation, residual block, halving, ReLU.
#[derive(Module, Debug)]
struct Down {
    enter: Conv2d,
    norm: BatchNorm,
    block: ResidualBlock,
}

impl Down {
    fn new(input: usize, output: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        Self {
            enter: same(input, output, device, random),
            norm: BatchNorm::new(output, device),
            block: ResidualBlock::new(output, output / 2, Init::FanIn, device, random),
        }
    }

    fn forward(&self, image: Tensor<4>, train: bool) -> Tensor<4> {
        let value = self.block.forward(self.norm.forward(convolve(&self.enter, image), train));
        let halve = MaxPoolOptions {
            kernel_size: [2; 2],
            stride: [2; 2],
            padding: [(0, 0); 2],
            dilation: [1; 2],
            ceil_mode: true,
        };
        activation::relu(max_pool2d(value, halve))
    }
}

/// Transposed convolution to twice the size, batch normalisation, residual block, ReLU.
#[derive(Module, Debug)]
struct Up {
    enter: ConvTranspose2d,
    norm: BatchNorm,
    block: ResidualBlock,
}

impl Up {
    fn new(input: usize, output: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        Self {
            enter: upsampling(input, output, Init::FanIn, device, random),
            norm: BatchNorm::new(output, device),
            block: ResidualBlock::new(output, output / 2, Init::FanIn, device, random),
        }
    }

    /// Doubles the map, cut to `height` rows and `width` columns: a map of an odd side was rounded
    /// up when it was halved.
    fn forward(&self, map: Tensor<4>, [height, width]: [usize; 2], train: bool) -> Tensor<4> {
        let doubled = self.enter.forward(map).narrow(2, 0, height).narrow(3, 0, width);
        activation::relu(self.block.forward(self.norm.forward(doubled, train)))
    }
}

/// The U-Net of latent action policies (Schmidt and Jiang, 2024, after Ronneberger et al., 2015).
/// The vector enters twice: beside every pixel of the image, and in place of the skip connection
/// around the innermost layer. The image itself is read once more before the last layers.
#[derive(Module, Debug)]
pub struct UNet {
    down: Vec<Down>,
    inner: Conv2d,
    up: Vec<Up>,
    enter: Conv2d,
    block: ResidualBlock,
    leave: Conv2d,
}

impl UNet {
    /// Draws a network of `config` for images and vectors of `shape`. An image of an odd side is
    /// rounded up when it is halved.
    ///
    /// # Errors
    /// A setting is out of range, or a side of the image is below 2 after all halvings.
    pub fn new(
        config: UNetConfig,
        shape: UNetShape,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        config.check()?;
        let UNetConfig { depth, width: base } = config;
        let (height, width) = (shape.height, shape.width);
        let halved = |side: usize| side.div_ceil(1 << depth);
        if halved(height.min(width)) < 2 {
            return Err(NetsError::Setting {
                name: "depth",
                value: format!("{depth} for images of {height}x{width} pixels"),
                need: "so small that two pixels a side are left after as many halvings",
            });
        }
        let level = |halvings: usize| base << halvings;
        let mut input = shape.input + shape.vector;
        let mut down = Vec::new();
        for halvings in 0..depth {
            down.push(Down::new(input, level(halvings), device, random));
            input = level(halvings);
        }
        let square = Convolution { input, output: level(depth), kernel: 2, stride: 1, padding: 0 };
        let inner = conv2d(square, Init::FanIn, device, random);
        let mut up = vec![Up::new(level(depth) + shape.vector, level(depth - 1), device, random)];
        for halvings in (0..depth).rev() {
            up.push(Up::new(2 * level(halvings), level(halvings.saturating_sub(1)), device, random));
        }
        let last = Convolution { input: base, output: shape.output, kernel: 1, stride: 1, padding: 0 };
        Ok(Self {
            down,
            inner,
            up,
            enter: same(base + shape.input, base, device, random),
            block: ResidualBlock::new(base, base / 2, Init::FanIn, device, random),
            leave: conv2d(last, Init::FanIn, device, random),
        })
    }

    /// The image `[B, output, H, W]` of `image [B, input, H, W]` and `vector [B, vector]`. With
    /// `train`, batch normalisation uses and remembers this batch's statistics.
    pub fn forward(&self, image: Tensor<4>, vector: Tensor<2>, train: bool) -> Tensor<4> {
        let [rows, _, height, width] = image.dims();
        let size = vector.dims()[1];
        let vector: Tensor<4> = vector.reshape([rows, size, 1, 1]);
        let tiled = |height, width| vector.clone().expand([rows, size, height, width]);
        let mut value = Tensor::cat(vec![image.clone(), tiled(height, width)], 1);
        let (mut sizes, mut skips) = (vec![[height, width]], Vec::new());
        for block in &self.down {
            value = block.forward(value, train);
            let [_, _, height, width] = value.dims();
            sizes.push([height, width]);
            skips.push(value.clone());
        }
        value = convolve(&self.inner, value);
        let [_, _, height, width] = value.dims();
        skips.push(tiled(height, width));
        for block in &self.up {
            let (Some(skip), Some(size)) = (skips.pop(), sizes.pop()) else { break };
            value = block.forward(Tensor::cat(vec![value, skip], 1), size, train);
        }
        let value = convolve(&self.enter, Tensor::cat(vec![value, image], 1));
        convolve(&self.leave, activation::relu(self.block.forward(value)))
    }
}

/// A 3x3 convolution that keeps the size.
fn same(input: usize, output: usize, device: &Device, random: &mut ChaCha8Rng) -> Conv2d {
    conv2d(Convolution { input, output, kernel: 3, stride: 1, padding: 1 }, Init::FanIn, device, random)
}
