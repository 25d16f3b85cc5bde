//! Networks as explicit functions of their parameters, whose gradients are computed by tensor
//! operations and are therefore something that can be differentiated in turn.
//!
//! The library differentiates once: there is no gradient of a gradient. A method that learns through an
//! update writes the update with these functions, `parameters.moved(&gradients, -rate)`, any number of
//! times, and asks for the gradient of what comes out in the end: one backward pass goes through all
//! of it, the gradients of the inner steps included. Directional derivatives ([`Network::jvp`]) and
//! gradients sample by sample ([`Network::per_sample`]) are the same numbers in other orders.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use nets::functional::{Network, squared_error};
//! use nets::mlp::{Activation, MlpConfig};
//! use rand::SeedableRng;
//!
//! let device = Device::flex().autodiff();
//! let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(0);
//! let shape = MlpConfig::new(2, &[8], 1).with_activation(Activation::Tanh);
//! let (network, start) = Network::of(&shape.init(&device, &mut random))?;
//! // How the loss after one step depends on the step size.
//! let rate = Tensor::<2>::from_data([[0.1]], &device).require_grad();
//! let (input, target) = (Tensor::ones([4, 2], &device), Tensor::zeros([4, 1], &device));
//! let (output, tape) = network.forward(&start, input.clone());
//! let (_, slope) = squared_error(output, target.clone());
//! let (gradients, _) = network.backward(&start, &tape, slope / 4.0);
//! let moved = start.stepped(&gradients, rate.clone());
//! let (loss, _) = squared_error(network.forward(&moved, input).0, target);
//! assert!(rate.grad(&loss.mean().backward()).is_some());
//! # Ok::<(), nets::NetsError>(())
//! ```

use crate::mlp::{Activation, Mlp};
use crate::{NetsError, mish::mish, sigmoid::sigmoid, tanh::tanh};
use burn::tensor::{Tensor, activation};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// A list of weights `[in, out]` and biases `[1, out]`, first layer to last, or of gradients or
/// directions of the same shapes.
#[derive(Clone, Debug)]
pub struct Parameters(Vec<Tensor<2>>);

impl Parameters {
    /// Weights and biases in turn, first layer to last, the biases as `[1, out]`.
    pub fn new(arrays: Vec<Tensor<2>>) -> Self {
        Self(arrays)
    }

    /// The arrays in order.
    pub fn arrays(&self) -> &[Tensor<2>] {
        &self.0
    }

    /// Every array changed by a function.
    pub fn map(&self, change: impl FnMut(Tensor<2>) -> Tensor<2>) -> Self {
        Self(self.0.iter().cloned().map(change).collect())
    }

    /// These plus `factor` times `other`.
    pub fn moved(&self, other: &Self, factor: f64) -> Self {
        self.with(other, |own, other| own + other.mul_scalar(factor))
    }

    /// One step of gradient descent whose size `rate [1, 1]` is part of the graph.
    pub fn stepped(&self, gradients: &Self, rate: Tensor<2>) -> Self {
        self.with(gradients, |own, gradient| own - gradient * rate.clone())
    }

    /// Sum of all products of one array's elements with the other's, `[1]`.
    pub fn dot(&self, other: &Self) -> Tensor<1> {
        let products = self.0.iter().zip(&other.0);
        let products = products.map(|(own, other)| (own.clone() * other.clone()).sum()).collect();
        Tensor::cat(products, 0).sum()
    }

    fn with(&self, other: &Self, combine: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<2>) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(own, other)| combine(own.clone(), other.clone())).collect())
    }

    /// Weight and bias of every layer.
    fn layers(&self) -> impl DoubleEndedIterator<Item = (&Tensor<2>, &Tensor<2>)> + ExactSizeIterator {
        self.0.chunks_exact(2).map(|layer| (&layer[0], &layer[1]))
    }
}

/// A multi-layer perceptron without its parameters: linear, activation, ..., linear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    activation: Smooth,
}

/// The activations whose slope has a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Smooth {
    Tanh,
    Silu,
    Gelu,
    Mish,
}

/// What a forward pass leaves for the backward pass.
#[derive(Clone, Debug)]
pub struct Tape {
    /// What every layer reads, `[B, in]`.
    inputs: Vec<Tensor<2>>,
    /// What every hidden layer gives before its activation, `[B, out]`.
    sums: Vec<Tensor<2>>,
}

impl Network {
    /// Perceptrons with this activation.
    ///
    /// # Errors
    /// [`NetsError::Setting`]: an activation that is not smooth, whose slope has no gradient.
    pub fn new(activation: Activation) -> Result<Self, NetsError> {
        let activation = match activation {
            Activation::Tanh => Smooth::Tanh,
            Activation::Silu => Smooth::Silu,
            Activation::Gelu => Smooth::Gelu,
            Activation::Mish => Smooth::Mish,
            Activation::Relu | Activation::Elu | Activation::LeakyRelu => {
                return Err(NetsError::Setting {
                    name: "activation",
                    value: activation.name().to_owned(),
                    need: "tanh, silu, gelu or mish where a gradient is differentiated again: the slopes of \
                           the others have a kink or a jump",
                });
            }
        };
        Ok(Self { activation })
    }

    /// The function that a network computes, and its parameters with their graph.
    ///
    /// # Errors
    /// [`NetsError::Setting`]: its activation is not smooth, or its hidden layers are normalised.
    pub fn of(mlp: &Mlp) -> Result<(Self, Parameters), NetsError> {
        let network = Self::new(mlp.activation())?;
        match mlp.linear_layers() {
            Some(arrays) => Ok((network, Parameters(arrays))),
            None => Err(NetsError::Setting {
                name: "norm",
                value: "layer".to_owned(),
                need: "none where a gradient is differentiated again",
            }),
        }
    }

    /// Outputs `[B, out]` of `input [B, in]`.
    pub fn forward(&self, parameters: &Parameters, input: Tensor<2>) -> (Tensor<2>, Tape) {
        let last = parameters.layers().len().saturating_sub(1);
        let mut tape = Tape { inputs: Vec::new(), sums: Vec::new() };
        let mut value = input;
        for (index, (weight, bias)) in parameters.layers().enumerate() {
            tape.inputs.push(value.clone());
            value = value.matmul(weight.clone()) + bias.clone();
            if index < last {
                tape.sums.push(value.clone());
                value = self.value(value);
            }
        }
        (value, tape)
    }

    /// Gradients of the parameters, summed over the batch, and of the input `[B, in]`, for the gradient
    /// `slope [B, out]` of the output.
    pub fn backward(
        &self,
        parameters: &Parameters,
        tape: &Tape,
        slope: Tensor<2>,
    ) -> (Parameters, Tensor<2>) {
        let (slopes, input) = self.slopes(parameters, tape, slope);
        let layers = tape.inputs.iter().zip(slopes);
        let gradients = layers
            .flat_map(|(input, slope)| [input.clone().transpose().matmul(slope.clone()), slope.sum_dim(0)]);
        (Parameters(gradients.collect()), input)
    }

    /// The same gradients sample by sample, `[B, in, out]` of every weight and `[B, 1, out]` of every
    /// bias, first layer to last.
    pub fn per_sample(&self, parameters: &Parameters, tape: &Tape, slope: Tensor<2>) -> Vec<Tensor<3>> {
        let (slopes, _) = self.slopes(parameters, tape, slope);
        let layers = tape.inputs.iter().zip(slopes);
        let gradients = layers.flat_map(|(input, slope)| {
            let slope: Tensor<3> = slope.unsqueeze_dim(1);
            [input.clone().unsqueeze_dim::<3>(2) * slope.clone(), slope]
        });
        gradients.collect()
    }

    /// Gradients of what every layer gives before its activation, first layer to last, and of the input.
    fn slopes(&self, parameters: &Parameters, tape: &Tape, slope: Tensor<2>) -> (Vec<Tensor<2>>, Tensor<2>) {
        let mut slope = slope;
        let mut slopes = Vec::with_capacity(tape.inputs.len());
        for (index, (weight, _)) in parameters.layers().enumerate().rev() {
            slopes.push(slope.clone());
            slope = slope.matmul(weight.clone().transpose());
            if let Some(before) = index.checked_sub(1) {
                slope = slope * self.slope(tape.sums[before].clone());
            }
        }
        slopes.reverse();
        (slopes, slope)
    }

    /// Outputs `[B, out]` and how fast they change, `[B, out]`, as the parameters move along `direction`
    /// and the input stands still: the Jacobian of the parameters times a vector, in one pass forward.
    pub fn jvp(
        &self,
        parameters: &Parameters,
        direction: &Parameters,
        input: Tensor<2>,
    ) -> (Tensor<2>, Tensor<2>) {
        let last = parameters.layers().len().saturating_sub(1);
        let (mut value, mut change) = (input.clone(), input.zeros_like());
        for (index, (layer, moved)) in parameters.layers().zip(direction.layers()).enumerate() {
            let ((weight, bias), (weight_change, bias_change)) = (layer, moved);
            change = change.matmul(weight.clone())
                + value.clone().matmul(weight_change.clone())
                + bias_change.clone();
            value = value.matmul(weight.clone()) + bias.clone();
            if index < last {
                change = change * self.slope(value.clone());
                value = self.value(value);
            }
        }
        (value, change)
    }

    fn value(&self, sum: Tensor<2>) -> Tensor<2> {
        match self.activation {
            Smooth::Tanh => tanh(sum),
            Smooth::Silu => activation::silu(sum),
            Smooth::Gelu => activation::gelu(sum),
            Smooth::Mish => mish(sum),
        }
    }

    /// Derivative of the activation, as something with a gradient of its own.
    fn slope(&self, sum: Tensor<2>) -> Tensor<2> {
        match self.activation {
            Smooth::Tanh => tanh(sum).square().neg().add_scalar(1.0),
            Smooth::Silu => {
                let gate = sigmoid(sum.clone());
                gate.clone() * (sum * gate.neg().add_scalar(1.0)).add_scalar(1.0)
            }
            Smooth::Gelu => {
                let density = sum.clone().square().mul_scalar(-0.5).exp().div_scalar((2.0 * PI).sqrt());
                let share = sum.clone().mul_scalar(FRAC_1_SQRT_2).erf().add_scalar(1.0).mul_scalar(0.5);
                share + sum * density
            }
            Smooth::Mish => {
                let gate = tanh(activation::softplus(sum.clone(), 1.0));
                let steep = gate.clone().square().neg().add_scalar(1.0) * sigmoid(sum.clone());
                gate + sum * steep
            }
        }
    }
}

/// ½ Σ (output - target)² of every row, `[B]`, and its gradient in the output `[B, out]`.
pub fn squared_error(output: Tensor<2>, target: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
    let error = output - target;
    (error.clone().square().sum_dim(1).squeeze_dim(1).mul_scalar(0.5), error)
}

/// -Σ p ln softmax(logits) of every row, `[B]`, for targets p `[B, out]` that sum to 1, and its gradient
/// in the logits.
pub fn cross_entropy(logits: Tensor<2>, target: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
    let log = activation::log_softmax(logits, 1);
    let loss = (log.clone() * target.clone()).sum_dim(1).squeeze_dim::<1>(1).neg();
    (loss, log.exp() - target)
}
