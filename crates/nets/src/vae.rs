//! Variational autoencoders of vectors (Kingma and Welling, 2014): an encoder that gives a distribution
//! over codes, and a decoder that reads a code drawn from it.

use crate::distribution::{DiagonalGaussian, OneHotCategorical};
use crate::heads::{CodeHead, GaussianHead, LogStd};
use crate::mlp::{Activation, Mlp, MlpConfig};
use crate::noise;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

/// What the encoder gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Code {
    /// The code itself: an autoencoder without a prior.
    Point,
    /// A diagonal Gaussian, its prior N(0, 1).
    Gaussian {
        /// Where its standard deviations come from.
        log_std: LogStd,
    },
    /// One-hot vectors, their prior uniform.
    OneHot {
        /// Number of vectors; the code's width is a multiple of it.
        groups: usize,
        /// Share of the probability that is uniform.
        mix: f64,
    },
}

/// Shape of an autoencoder.
#[derive(Clone, Debug, PartialEq)]
pub struct VaeConfig {
    /// Width of what is encoded.
    pub input: usize,
    /// Widths of the encoder's hidden layers; the decoder has them in reverse.
    pub hidden: Vec<usize>,
    /// Non-linearity of the hidden layers.
    pub activation: Activation,
    /// Width of a code.
    pub width: usize,
    /// What the encoder gives.
    pub code: Code,
}

impl VaeConfig {
    /// Draws the encoder's weights, then the decoder's.
    ///
    /// # Panics
    /// Where the width of a code is no multiple of its groups.
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> Vae {
        let shape = |input, hidden: &[usize], output| {
            MlpConfig::new(input, hidden, output).with_activation(self.activation)
        };
        let encoder = shape(self.input, &self.hidden, self.width);
        let encoder = match self.code {
            Code::Point => Encoder::Point(encoder.init(device, random)),
            Code::Gaussian { log_std } => {
                Encoder::Gaussian(GaussianHead::new(&encoder, log_std, device, random))
            }
            Code::OneHot { groups, mix } => {
                Encoder::OneHot(CodeHead::new(&encoder, groups, mix, device, random))
            }
        };
        let reversed: Vec<usize> = self.hidden.iter().rev().copied().collect();
        Vae { encoder, decoder: shape(self.width, &reversed, self.input).init(device, random) }
    }
}

/// An autoencoder of vectors.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Mlp,
}

#[derive(Module, Debug)]
enum Encoder {
    Point(Mlp),
    Gaussian(GaussianHead),
    OneHot(CodeHead),
}

impl Vae {
    /// The distribution over the codes of `input [B, input]`.
    pub fn encode(&self, input: Tensor<2>) -> Posterior {
        match &self.encoder {
            Encoder::Point(encoder) => Posterior::Point(encoder.forward(input)),
            Encoder::Gaussian(encoder) => Posterior::Gaussian(encoder.forward(input)),
            Encoder::OneHot(encoder) => Posterior::OneHot(encoder.forward(input)),
        }
    }

    /// What `code [B, width]` stands for, `[B, input]`: the mean of the decoder's distribution.
    pub fn decode(&self, code: Tensor<2>) -> Tensor<2> {
        self.decoder.forward(code)
    }
}

/// A distribution over codes `[B, width]`.
#[derive(Clone, Debug)]
pub enum Posterior {
    /// All of it in one place.
    Point(Tensor<2>),
    /// A diagonal Gaussian.
    Gaussian(DiagonalGaussian),
    /// One-hot vectors.
    OneHot(OneHotCategorical),
}

impl Posterior {
    /// A code drawn with noise of the run's generator; gradients reach the encoder through it, by the
    /// reparameterisation of the Gaussian, straight through one-hot vectors.
    pub fn sample(&self, random: &mut ChaCha8Rng) -> Tensor<2> {
        match self {
            Self::Point(code) => code.clone(),
            Self::Gaussian(normal) => {
                let noise = noise::normal(normal.mean.dims(), &normal.mean.device(), random);
                normal.sample(noise)
            }
            Self::OneHot(code) => {
                let [rows, groups] = code.shape();
                code.sample(noise::uniform([rows, groups], &code.probabilities().device(), random))
            }
        }
    }

    /// The code to act on: the mean, or the most probable one, which has no gradient.
    pub fn mode(&self) -> Tensor<2> {
        match self {
            Self::Point(code) => code.clone(),
            Self::Gaussian(normal) => normal.mode(),
            Self::OneHot(code) => code.mode(),
        }
    }

    /// KL(posterior ‖ prior) in nats, `[B]`, where the prior is N(0, 1) in every dimension or uniform
    /// over the classes; 0 of a point.
    pub fn kl_to_prior(&self) -> Tensor<1> {
        match self {
            Self::Point(code) => Tensor::zeros([code.dims()[0]], &code.device()),
            Self::Gaussian(normal) => normal.kl(&normal.standard_like()).sum_dim(1).squeeze_dim(1),
            Self::OneHot(code) => code.kl(&code.uniform_like()).sum_dim(1).squeeze_dim(1),
        }
    }
}
