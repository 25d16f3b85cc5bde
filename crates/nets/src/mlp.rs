//! Multi-layer perceptrons.

use crate::init::{self, Init};
use crate::mish;
use crate::recipe::{self, Layer};
use crate::tanh;
use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;
use settings::Choice;

/// An element-wise non-linearity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Activation {
    /// max(x, 0).
    #[default]
    Relu,
    /// x for x > 0, else exp(x) - 1.
    Elu,
    /// x sigmoid(x).
    Silu,
    /// x Φ(x), Φ the normal distribution function.
    Gelu,
    /// x tanh(softplus(x)).
    Mish,
    /// Hyperbolic tangent.
    Tanh,
    /// max(x, 0.01 x).
    LeakyRelu,
}

impl Activation {
    /// Applies the non-linearity to every element.
    pub fn forward<const D: usize>(self, input: Tensor<D>) -> Tensor<D> {
        match self {
            Activation::Relu => activation::relu(input),
            Activation::Elu => crate::elu::elu(input),
            Activation::Silu => activation::silu(input),
            Activation::Gelu => activation::gelu(input),
            Activation::Mish => mish::mish(input),
            Activation::Tanh => tanh::tanh(input),
            Activation::LeakyRelu => activation::leaky_relu(input, 0.01),
        }
    }

    /// The name that configurations and recipes use.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Relu => "relu",
            Activation::Elu => "elu",
            Activation::Silu => "silu",
            Activation::Gelu => "gelu",
            Activation::Mish => "mish",
            Activation::Tanh => "tanh",
            Activation::LeakyRelu => "leaky-relu",
        }
    }

    /// What it computes of every element.
    pub fn formula(self) -> &'static str {
        match self {
            Activation::Relu => "max(x, 0)",
            Activation::Elu => "x where x > 0, else exp(x) - 1",
            Activation::Silu => "x/(1 + exp(-x))",
            Activation::Gelu => "x (1 + erf(x/sqrt(2)))/2",
            Activation::Mish => "x tanh(log(1 + exp(x)))",
            Activation::Tanh => "tanh(x)",
            Activation::LeakyRelu => "max(x, 0.01 x)",
        }
    }
}

/// What normalises a hidden layer before its activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Norm {
    /// Nothing.
    #[default]
    None,
    /// Layer normalisation.
    Layer,
}

/// Shape of a multi-layer perceptron.
#[derive(Clone, Debug, PartialEq)]
pub struct MlpConfig {
    /// Width of the input.
    pub input: usize,
    /// Widths of the hidden layers, first to last; empty for a linear map.
    pub hidden: Vec<usize>,
    /// Width of the output.
    pub output: usize,
    /// Non-linearity of the hidden layers; the output is linear.
    pub activation: Activation,
    /// Normalisation of the hidden layers.
    pub norm: Norm,
    /// Weights of the hidden layers.
    pub init: Init,
    /// Weights of the output layer.
    pub last: Init,
}

impl MlpConfig {
    /// The usual perceptron: ReLU, no normalisation, weights uniform on ±1/sqrt(fan in).
    pub fn new(input: usize, hidden: &[usize], output: usize) -> Self {
        Self {
            input,
            hidden: hidden.to_vec(),
            output,
            activation: Activation::Relu,
            norm: Norm::None,
            init: Init::FanIn,
            last: Init::FanIn,
        }
    }

    /// With another activation.
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// With normalised hidden layers.
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// With weights drawn by `init` in the hidden layers and by `last` in the output layer.
    pub fn with_init(mut self, init: Init, last: Init) -> Self {
        self.init = init;
        self.last = last;
        self
    }

    /// Widths from input to output, neighbours in pairs, and how each layer's weights are drawn.
    pub(crate) fn layers(&self) -> Vec<(usize, usize, Init)> {
        let mut inputs = vec![self.input];
        inputs.extend(&self.hidden);
        let outputs = self.hidden.iter().chain([&self.output]);
        let last = self.hidden.len();
        let pairs = inputs.iter().zip(outputs).enumerate();
        pairs
            .map(|(index, (&input, &output))| {
                (input, output, if index == last { self.last } else { self.init })
            })
            .collect()
    }

    /// Draws the network's weights.
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Mlp {
        let layers = self.layers().into_iter();
        let layers = layers.map(|(input, output, init)| init::linear(input, output, init, device, random));
        let layers = layers.collect();
        let norms = match self.norm {
            Norm::None => Vec::new(),
            Norm::Layer => self.hidden.iter().map(|&size| init::layer_norm(size, device)).collect(),
        };
        Mlp { layers, norms, activation: self.activation }
    }
}

/// A multi-layer perceptron: linear, (normalisation,) activation, ..., linear.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    norms: Vec<LayerNorm>,
    #[module(skip)]
    activation: Activation,
}

impl Mlp {
    /// `[B, input] -> [B, output]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        let mut value = input;
        for (index, layer) in self.layers.iter().enumerate() {
            value = layer.forward(value);
            if index < last {
                if let Some(norm) = self.norms.get(index) {
                    value = norm.forward(value);
                }
                value = self.activation.forward(value);
            }
        }
        value
    }

    /// The non-linearity of the hidden layers.
    pub(crate) fn activation(&self) -> Activation {
        self.activation
    }

    /// Weights `[in, out]` and biases `[1, out]` in turn with their graph; none where hidden layers are
    /// normalised.
    pub(crate) fn linear_layers(&self) -> Option<Vec<Tensor<2>>> {
        let both = |layer: &Linear| Some([layer.weight.val(), layer.bias.as_ref()?.val().unsqueeze()]);
        let layers: Vec<_> = self.layers.iter().map(both).collect::<Option<_>>()?;
        self.norms.is_empty().then(|| layers.into_iter().flatten().collect())
    }

    /// The layers, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = Vec::new();
        for index in 0..self.layers.len() {
            layers.push(recipe::linear(&format!("{prefix}.layers.{index}")));
            if index + 1 < self.layers.len() {
                if index < self.norms.len() {
                    layers.push(recipe::layer_norm(&format!("{prefix}.norms.{index}")));
                }
                layers.push(Layer::Activation { name: self.activation });
            }
        }
        layers
    }
}

/// Linear → layer normalisation → tanh: the first layer of DrQ-v2's actors and critics (Yarats et
/// al., 2022), which keeps them stable while the representation moves under them.
#[derive(Module, Debug)]
pub struct Trunk {
    linear: Linear,
    norm: LayerNorm,
}

impl Trunk {
    /// A trunk from `input` to `output` features.
    pub fn new(input: usize, output: usize, init: Init, device: &Device, random: &mut ChaCha8Rng) -> Self {
        Self {
            linear: init::linear(input, output, init, device, random),
            norm: init::layer_norm(output, device),
        }
    }

    /// `[B, input] -> [B, output]`, each element in (-1, 1).
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        tanh::tanh(self.norm.forward(self.linear.forward(input)))
    }

    /// The layers, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        vec![
            recipe::linear(&format!("{prefix}.linear")),
            recipe::layer_norm(&format!("{prefix}.norm")),
            Layer::Activation { name: Activation::Tanh },
        ]
    }
}
