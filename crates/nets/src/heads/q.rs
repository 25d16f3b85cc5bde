//! Values of discrete actions: scalar, distributional, dueling, noisy.

use crate::init::{self, Init};
use crate::mlp::Activation;
use crate::noisy::{Dense, NoisyLinear, NoisyNoise};
use crate::recipe::Layer;
use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

/// Shape of a [`QHead`].
#[derive(Clone, Debug, PartialEq)]
pub struct QHeadConfig {
    /// Width of the latent.
    pub latent: usize,
    /// Width of the hidden layer of each stream.
    pub hidden: usize,
    /// Number of actions A.
    pub actions: usize,
    /// Numbers per action N: 1 for a scalar value, the atoms of a categorical distribution
    /// (Bellemare et al., 2017), or quantiles (Dabney et al., 2018).
    pub atoms: usize,
    /// Separate streams for value and advantage (Wang et al., 2016).
    pub dueling: bool,
    /// Initial noise scale of noisy layers, 0.5 in the paper; `None` for plain layers.
    pub noisy: Option<f64>,
}

/// Two layers with a ReLU between them.
#[derive(Module, Debug)]
struct Stream {
    first: Dense,
    second: Dense,
}

/// Noise of a stream's two layers.
type StreamNoise = [Option<NoisyNoise>; 2];

impl Stream {
    fn new(config: &QHeadConfig, output: usize, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let mut dense = |input, output| match config.noisy {
            Some(sigma) => Dense::Noisy(NoisyLinear::new(input, output, sigma, device, random)),
            None => Dense::Plain(init::linear(input, output, Init::FanIn, device, random)),
        };
        let first = dense(config.latent, config.hidden);
        Self { first, second: dense(config.hidden, output) }
    }

    fn sample_noise(&self, random: &mut ChaCha8Rng) -> StreamNoise {
        let first = self.first.sample_noise(random);
        [first, self.second.sample_noise(random)]
    }

    fn first(&self, latent: Tensor<2>, noise: Option<&StreamNoise>) -> Tensor<2> {
        self.first.forward(latent, noise.and_then(|noise| noise[0].as_ref()))
    }

    fn second(&self, first: Tensor<2>, noise: Option<&StreamNoise>) -> Tensor<2> {
        let hidden = activation::relu(first);
        self.second.forward(hidden, noise.and_then(|noise| noise[1].as_ref()))
    }

    fn layers(&self, prefix: &str) -> Vec<Layer> {
        let relu = Layer::Activation { name: Activation::Relu };
        let first = self.first.layer(&format!("{prefix}.first"));
        vec![first, relu, self.second.layer(&format!("{prefix}.second"))]
    }
}

/// Noise for one forward pass of a [`QHead`], shared by the whole batch.
#[derive(Clone, Debug)]
pub struct HeadNoise {
    value: Option<StreamNoise>,
    advantage: StreamNoise,
}

/// N numbers for each of A actions.
#[derive(Module, Debug)]
pub struct QHead {
    value: Option<Stream>,
    advantage: Stream,
    #[module(skip)]
    actions: usize,
    #[module(skip)]
    atoms: usize,
    #[module(skip)]
    hidden: usize,
}

impl QHead {
    /// Draws the head's weights: uniform on ±1/sqrt(fan in).
    pub fn new(config: &QHeadConfig, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let value = config.dueling.then(|| Stream::new(config, config.atoms, device, random));
        let advantage = Stream::new(config, config.actions * config.atoms, device, random);
        let QHeadConfig { hidden, actions, atoms, .. } = *config;
        Self { value, advantage, actions, atoms, hidden }
    }

    /// Noise for one forward pass, on the head's own device; of no effect on plain layers.
    pub fn sample_noise(&self, random: &mut ChaCha8Rng) -> HeadNoise {
        let value = self.value.as_ref().map(|stream| stream.sample_noise(random));
        HeadNoise { value, advantage: self.advantage.sample_noise(random) }
    }

    /// Values `[B, A, N]` of `latent [B, d]`; logits where the atoms are a categorical
    /// distribution. With dueling streams V + A - mean of A over the actions, per atom. Without
    /// noise the mean weights, as in evaluation.
    pub fn forward(&self, latent: Tensor<2>, noise: Option<&HeadNoise>) -> Tensor<3> {
        let rows = latent.dims()[0];
        let own = noise.map(|noise| &noise.advantage);
        let first = self.advantage.first(latent.clone(), own);
        let advantage = self.advantage.second(first, own);
        let advantage: Tensor<3> = advantage.reshape([rows, self.actions, self.atoms]);
        let Some(stream) = &self.value else { return advantage };
        let own = noise.and_then(|noise| noise.value.as_ref());
        let value = stream.second(stream.first(latent, own), own);
        let value: Tensor<3> = value.unsqueeze_dim(1);
        value + advantage.clone() - advantage.mean_dim(1)
    }

    /// The layers from a latent to `actions` times `atoms` numbers, atoms fastest, without noise;
    /// their arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let advantage = self.advantage.layers(&format!("{prefix}.advantage"));
        let Some(value) = &self.value else { return advantage };
        let value = value.layers(&format!("{prefix}.value"));
        vec![Layer::Dueling { value, advantage, actions: self.actions, atoms: self.atoms }]
    }

    /// Outputs of the streams' first layers before the activation, value stream first:
    /// `[B, projection]`, the projection that SPR shares with the head (Schwarzer et al., 2021).
    pub fn first_layers(&self, latent: Tensor<2>, noise: Option<&HeadNoise>) -> Tensor<2> {
        let own = noise.map(|noise| &noise.advantage);
        let Some(stream) = &self.value else { return self.advantage.first(latent, own) };
        let advantage = self.advantage.first(latent.clone(), own);
        let value = stream.first(latent, noise.and_then(|noise| noise.value.as_ref()));
        Tensor::cat(vec![value, advantage], 1)
    }

    /// Width of [`QHead::first_layers`]: twice the hidden width with dueling streams.
    pub fn projection(&self) -> usize {
        if self.value.is_some() { 2 * self.hidden } else { self.hidden }
    }
}
