//! Convolutional stacks over images.

use crate::init::{Convolution, Init, conv2d};
use crate::mlp::Activation;
use crate::recipe::{self, Layer};
use crate::unfold::convolve;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

/// Channels, rows and columns of an image or a map.
pub type MapShape = [usize; 3];

/// Convolutions one after the other, each followed by the activation.
#[derive(Module, Debug)]
pub struct ConvStack {
    layers: Vec<Conv2d>,
    #[module(skip)]
    activation: Activation,
    /// Added to every pixel first.
    #[module(skip)]
    shift: f64,
}

impl ConvStack {
    /// A stack of the given layers; `shift` is added to every pixel first.
    pub fn new(
        layers: &[Convolution],
        activation: Activation,
        shift: f64,
        init: Init,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let layers = layers.iter().map(|&layer| conv2d(layer, init, device, random)).collect();
        Self { layers, activation, shift }
    }

    /// `[B, C, H, W] -> [B, C', H', W']`.
    pub fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        let shifted = if self.shift == 0.0 { image } else { image.add_scalar(self.shift) };
        let apply = |value, layer: &Conv2d| self.activation.forward(layer.forward(value));
        self.layers.iter().fold(shifted, apply)
    }

    /// The layers, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = Vec::new();
        if self.shift != 0.0 {
            layers.push(Layer::Shift { by: self.shift });
        }
        for (index, layer) in self.layers.iter().enumerate() {
            layers.push(recipe::convolution(layer, &format!("{prefix}.layers.{index}")));
            layers.push(Layer::Activation { name: self.activation });
        }
        layers
    }
}

/// Shape of the map behind `layers`, or `None` where a kernel does not fit.
pub fn stack_output(layers: &[Convolution], input: MapShape) -> Option<MapShape> {
    let step = |[_, height, width]: MapShape, layer: &Convolution| {
        Some([layer.output, layer.output_size(height)?, layer.output_size(width)?])
    };
    layers.iter().try_fold(input, step)
}

/// x + conv(relu(conv(relu(x)))).
#[derive(Module, Debug)]
pub(crate) struct ResidualBlock {
    first: Conv2d,
    second: Conv2d,
}

impl ResidualBlock {
    /// 3x3 convolutions to `hidden` channels and back.
    pub(crate) fn new(
        channels: usize,
        hidden: usize,
        init: Init,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let mut convolution = |input, output| {
            conv2d(Convolution { input, output, kernel: 3, stride: 1, padding: 1 }, init, device, random)
        };
        Self { first: convolution(channels, hidden), second: convolution(hidden, channels) }
    }

    /// `[B, C, H, W] -> [B, C, H, W]`.
    pub(crate) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let hidden = convolve(&self.first, activation::relu(input.clone()));
        input + convolve(&self.second, activation::relu(hidden))
    }

    fn layer(&self, prefix: &str) -> Layer {
        let relu = Layer::Activation { name: Activation::Relu };
        let first = recipe::convolution(&self.first, &format!("{prefix}.first"));
        let second = recipe::convolution(&self.second, &format!("{prefix}.second"));
        Layer::Residual { layers: vec![relu.clone(), first, relu, second] }
    }
}

/// Convolution, pooling to half the size, two residual blocks.
#[derive(Module, Debug)]
struct ResidualStage {
    enter: Conv2d,
    blocks: Vec<ResidualBlock>,
}

/// Window, step and padding of the residual network's pooling.
const POOL: (usize, usize, usize) = (3, 2, 1);

/// The residual network of IMPALA (Espeholt et al., 2018): three stages of 16, 32 and 32 channels
/// times `width`, and a last ReLU.
#[derive(Module, Debug)]
pub struct ResidualStack {
    stages: Vec<ResidualStage>,
}

impl ResidualStack {
    /// For images of `channels` channels.
    pub fn new(channels: usize, width: usize, init: Init, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let mut input = channels;
        let mut stages = Vec::new();
        for output in Self::channels(width) {
            let enter =
                conv2d(Convolution { input, output, kernel: 3, stride: 1, padding: 1 }, init, device, random);
            let mut block = || ResidualBlock::new(output, output, init, device, random);
            stages.push(ResidualStage { enter, blocks: vec![block(), block()] });
            input = output;
        }
        Self { stages }
    }

    fn channels(width: usize) -> [usize; 3] {
        [16 * width, 32 * width, 32 * width]
    }

    /// `[B, C, H, W] -> [B, 32 width, H/8, W/8]`, sizes rounded up.
    pub fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        let mut value = image;
        for stage in &self.stages {
            let options = MaxPoolOptions {
                kernel_size: [POOL.0; 2],
                stride: [POOL.1; 2],
                padding: [(POOL.2, POOL.2); 2],
                dilation: [1; 2],
                ceil_mode: false,
            };
            value = max_pool2d(stage.enter.forward(value), options);
            value = stage.blocks.iter().fold(value, |value, block| block.forward(value));
        }
        activation::relu(value)
    }

    /// The layers, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let (size, stride, padding) = POOL;
        let mut layers = Vec::new();
        for (index, stage) in self.stages.iter().enumerate() {
            let prefix = format!("{prefix}.stages.{index}");
            layers.push(recipe::convolution(&stage.enter, &format!("{prefix}.enter")));
            layers.push(Layer::MaxPool { size, stride, padding });
            let blocks = stage.blocks.iter().enumerate();
            layers.extend(blocks.map(|(index, block)| block.layer(&format!("{prefix}.blocks.{index}"))));
        }
        layers.push(Layer::Activation { name: Activation::Relu });
        layers
    }

    /// Shape of the map for an image of shape `input`.
    pub fn output(width: usize, [_, height, columns]: MapShape) -> MapShape {
        [32 * width, height.div_ceil(8), columns.div_ceil(8)]
    }
}
