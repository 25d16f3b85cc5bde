//! Networks of teacher and students, and sizes that make methods comparable.

use burn::{
    module::Module,
    nn::{Linear, conv::Conv2d},
    tensor::{Device, Tensor, TensorData, module::adaptive_avg_pool2d},
};
use nets::{
    init::{self, Convolution, Init},
    mlp::{Activation, Mlp, MlpConfig, Norm},
    norm::InstanceNorm,
};
use rand_chacha::ChaCha8Rng;
use worlds::data::Examples;

/// Side of the map that the convolutional form pools to.
const POOLED: usize = 4;

/// Shape of a teacher or a student.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Width of the input.
    pub input: usize,
    /// Hidden units or channels.
    pub width: usize,
    /// Width of the output.
    pub output: usize,
    /// Non-linearity.
    pub activation: Activation,
    /// Rows and columns of the input for the convolutional form.
    pub image: Option<[usize; 2]>,
}

impl Shape {
    /// Draws the weights, uniform on ±1/sqrt(fan in).
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Network {
        let Some(image) = self.image else {
            let shape = MlpConfig::new(self.input, &[self.width], self.output)
                .with_activation(self.activation)
                .with_norm(Norm::Layer);
            return Network::Mlp(shape.init(device, random));
        };
        let shape = Convolution { input: 1, output: self.width, kernel: 3, stride: 1, padding: 1 };
        Network::Cnn(Cnn {
            convolution: init::conv2d(shape, Init::FanIn, device, random),
            norm: InstanceNorm::new(self.width, device),
            head: init::linear(self.width * POOLED * POOLED, self.output, Init::FanIn, device, random),
            activation: self.activation,
            image,
        })
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        match self.image {
            None => (self.input + 3) * self.width + (self.width + 1) * self.output,
            Some(_) => 12 * self.width + (POOLED * POOLED * self.width + 1) * self.output,
        }
    }
}

/// A teacher or a student.
#[derive(Module, Debug)]
// A dozen exist at a time, and a module is not derived through a box.
#[allow(clippy::large_enum_variant)]
pub enum Network {
    /// Linear, layer normalisation, activation, linear.
    Mlp(Mlp),
    /// The convolutional form.
    Cnn(Cnn),
}

impl Network {
    /// `[B, input] -> [B, output]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        match self {
            Network::Mlp(mlp) => mlp.forward(input),
            Network::Cnn(cnn) => cnn.forward(input),
        }
    }
}

/// 3 x 3 convolution, instance normalisation, activation, adaptive average pool, linear.
#[derive(Module, Debug)]
pub struct Cnn {
    convolution: Conv2d,
    norm: InstanceNorm,
    head: Linear,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    image: [usize; 2],
}

impl Cnn {
    fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let [rows, _] = input.dims();
        let map = self.convolution.forward(input.reshape([rows, 1, self.image[0], self.image[1]]));
        let active = self.activation.forward(self.norm.forward(map));
        self.head.forward(adaptive_avg_pool2d(active, [POOLED; 2]).flatten(1, 3))
    }
}

/// Width h of a softmax network input-h-h-classes whose number of parameters,
/// h² + (input + classes + 2) h + classes, is nearest to `parameters`.
pub fn equal_width(input: usize, classes: usize, parameters: usize) -> usize {
    let count = |h: usize| h * h + (input + classes + 2) * h + classes;
    nearest(count, parameters)
}

/// The argument from 1 up at which the increasing `count` is nearest to `wanted`.
pub fn nearest(count: impl Fn(usize) -> usize, wanted: usize) -> usize {
    let above = (1..).find(|&h| count(h) >= wanted).unwrap_or(1);
    if above > 1 && wanted - count(above - 1) < count(above) - wanted { above - 1 } else { above }
}

/// The inputs of these examples, `[indices.len(), width]`.
pub fn inputs(examples: &Examples, indices: &[usize], device: &Device) -> Tensor<2> {
    let values = indices.iter().flat_map(|&index| examples.input(index)).copied().collect();
    rows(values, examples.width, device)
}

/// Row-major values as a matrix of this width.
pub fn rows(values: Vec<f32>, width: usize, device: &Device) -> Tensor<2> {
    let count = values.len() / width;
    Tensor::from_data(TensorData::new(values, [count, width]), device)
}
