//! SPR's transition model: the next latent under a discrete action (Schwarzer et al., 2021).

use crate::encoder::LatentShape;
use crate::init::{Convolution, Init, conv2d};
use crate::mlp::{Mlp, MlpConfig};
use crate::norm::{BatchNorm, renormalise};
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

/// On spatial maps: the map beside one plane per action, 3x3 convolution, batch normalisation,
/// ReLU, 3x3 convolution, ReLU, each sample rescaled to [0, 1].
#[derive(Module, Debug)]
pub struct ConvTransition {
    first: Conv2d,
    norm: BatchNorm,
    second: Conv2d,
    #[module(skip)]
    map: [usize; 3],
}

impl ConvTransition {
    /// For maps of `[channels, height, width]` under `actions` actions, with `hidden` channels
    /// between the convolutions.
    pub fn new(
        map: [usize; 3],
        actions: usize,
        hidden: usize,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let mut convolution = |input, output| {
            let shape = Convolution { input, output, kernel: 3, stride: 1, padding: 1 };
            conv2d(shape, Init::FanIn, device, random)
        };
        Self {
            first: convolution(map[0] + actions, hidden),
            norm: BatchNorm::new(hidden, device),
            second: convolution(hidden, map[0]),
            map,
        }
    }

    /// The next map, flattened `[B, C*H*W]`, of `latent [B, C*H*W]` under `action [B, A]` (one-hot).
    /// With `train`, batch normalisation uses and remembers this batch's statistics.
    pub fn step(&self, latent: Tensor<2>, action: Tensor<2>, train: bool) -> Tensor<2> {
        let [channels, height, width] = self.map;
        let [rows, actions] = action.dims();
        let map = latent.reshape([rows, channels, height, width]);
        let planes: Tensor<4> = action.reshape([rows, actions, 1, 1]);
        let planes = planes.expand([rows, actions, height, width]);
        let hidden = self.first.forward(Tensor::cat(vec![map, planes], 1));
        let hidden = activation::relu(self.norm.forward(hidden, train));
        let next = activation::relu(self.second.forward(hidden));
        renormalise(next.reshape([rows, channels * height * width]))
    }
}

/// On flat latents: a perceptron on latent and one-hot action, ReLU, each sample rescaled to
/// [0, 1].
#[derive(Module, Debug)]
pub struct FlatTransition {
    mlp: Mlp,
}

impl FlatTransition {
    /// For latents of width `latent` under `actions` actions, with `hidden` features between.
    pub fn new(
        latent: usize,
        actions: usize,
        hidden: usize,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let shape = MlpConfig::new(latent + actions, &[hidden], latent);
        Self { mlp: shape.init(device, random) }
    }

    /// The next latent `[B, d]` of `latent [B, d]` under `action [B, A]` (one-hot).
    pub fn step(&self, latent: Tensor<2>, action: Tensor<2>) -> Tensor<2> {
        let next = self.mlp.forward(Tensor::cat(vec![latent, action], 1));
        renormalise(activation::relu(next))
    }
}

/// The transition model that fits a latent's shape.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "an agent has one, and Burn's modules cannot be boxed")]
pub enum Transition {
    /// For spatial maps.
    Convolutional(ConvTransition),
    /// For flat latents.
    Flat(FlatTransition),
}

impl Transition {
    /// For latents of shape `latent` under `actions` actions; `hidden` channels or features between
    /// the two layers.
    pub fn new(
        latent: LatentShape,
        actions: usize,
        hidden: usize,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Self {
        match latent {
            LatentShape::Map { channels, height, width } => {
                let map = [channels, height, width];
                Self::Convolutional(ConvTransition::new(map, actions, hidden, device, random))
            }
            LatentShape::Flat(size) => Self::Flat(FlatTransition::new(size, actions, hidden, device, random)),
        }
    }

    /// The next latent `[B, d]` of `latent [B, d]` under `action [B, A]` (one-hot). `train` matters
    /// to batch normalisation only.
    pub fn step(&self, latent: Tensor<2>, action: Tensor<2>, train: bool) -> Tensor<2> {
        match self {
            Transition::Convolutional(model) => model.step(latent, action, train),
            Transition::Flat(model) => model.step(latent, action),
        }
    }

    /// Latents `[B, K, d]` after each of `actions [B, K, A]` (one-hot), open loop from
    /// `latent [B, d]`. Gradients flow through the whole chain.
    pub fn rollout(&self, latent: Tensor<2>, actions: Tensor<3>, train: bool) -> Tensor<3> {
        let mut latents = Vec::new();
        let mut current = latent;
        for step in 0..actions.dims()[1] {
            let action = actions.clone().narrow(1, step, 1).squeeze_dim(1);
            current = self.step(current, action, train);
            latents.push(current.clone());
        }
        Tensor::stack(latents, 1)
    }
}
