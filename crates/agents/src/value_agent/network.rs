//! The value network, and the functions of it that a representation objective reads.

use std::cell::RefCell;

use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use learn::{
    batch,
    objective::{NetworkSpec, Taps},
};
use nets::{
    NetsError, Observed,
    encoder::{Encoder, EncoderConfig, LatentShape},
    heads::{HeadNoise, QHead, QHeadConfig},
    mlp::Activation,
    norm::{RENORMALISE_EPSILON, renormalise},
    recipe::Layer,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use run::{Result, Run, RunError, task::World};
use worlds::{Layout, Observations};

use crate::device;

/// Shape of the head; its input is the encoder's latent.
#[derive(Clone, Copy, Debug)]
pub struct HeadShape {
    /// Width of the hidden layer of each stream.
    pub hidden: usize,
    /// Number of actions A.
    pub actions: usize,
    /// Numbers per action N.
    pub atoms: usize,
    /// Separate streams for value and advantage.
    pub dueling: bool,
    /// Initial noise scale of noisy layers; plain layers where there is none.
    pub noisy: Option<f64>,
}

impl HeadShape {
    /// One plain stream.
    pub fn plain(hidden: usize, actions: usize, atoms: usize) -> Self {
        Self { hidden, actions, atoms, dueling: false, noisy: None }
    }
}

/// What value networks see and choose among, and where they live.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Layout of the observations.
    pub layout: Layout,
    /// Number of actions.
    pub actions: usize,
    /// The device, without automatic differentiation.
    pub device: Device,
}

impl Interface {
    /// That of a world, on the run's device.
    ///
    /// # Errors
    /// The world has no discrete actions, or there is no such device.
    pub fn new(world: &World, run: &Run) -> Result<Self> {
        let actions = world.discrete().ok_or_else(|| {
            RunError::Task(format!("world `{}` has no discrete actions to learn values of", world.spec.name))
        })?;
        Ok(Self { layout: world.spec.input().clone(), actions, device: device::parse(run.device())? })
    }

    /// The trainable network that `spec` and `head` describe.
    ///
    /// # Errors
    /// The encoder does not fit the observations.
    pub fn network(&self, spec: &NetworkSpec, head: HeadShape, run: &mut Run) -> Result<QNetwork> {
        let training = self.device.clone().autodiff();
        QNetwork::new(spec, head, &self.layout, &training, run.random("init")).map_err(RunError::part)
    }

    /// Observations on the device.
    pub fn observe(&self, observations: &Observations) -> Observed {
        batch::observe(observations.input(), &self.layout, observations.rows, &self.device)
    }
}

/// Encoder and head: from observations to N numbers for each of A actions.
#[derive(Module, Debug)]
pub struct QNetwork {
    encoder: Encoder,
    head: QHead,
    /// Whether latents are rescaled to [0, 1] per sample.
    #[module(skip)]
    renormalise: bool,
    /// Whether latents are rectified: the perceptron's, whose last layer is linear, while
    /// convolutions end in a ReLU.
    #[module(skip)]
    rectify: bool,
}

impl QNetwork {
    /// Draws the weights of the network that `spec` and `head` describe.
    ///
    /// # Errors
    /// The encoder does not fit the observations.
    pub fn new(
        spec: &NetworkSpec,
        head: HeadShape,
        layout: &Layout,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> std::result::Result<Self, NetsError> {
        let encoder = Encoder::new(&spec.encoder, layout, device, random)?;
        let HeadShape { hidden, actions, atoms, dueling, noisy } = head;
        let latent = encoder.latent().size();
        let head = QHeadConfig { latent, hidden, actions, atoms, dueling, noisy };
        let rectify = matches!(spec.encoder, EncoderConfig::Mlp { .. });
        Ok(Self { encoder, head: QHead::new(&head, device, random), renormalise: spec.renormalise, rectify })
    }

    /// Shape of the latents.
    pub fn latent(&self) -> LatentShape {
        self.encoder.latent()
    }

    /// The head alone.
    pub fn head(&self) -> &QHead {
        &self.head
    }

    /// Latents `[B, d]`; with `dropout`, features are dropped before the rescaling.
    pub fn encode(&self, observed: &Observed, dropout: Option<&Dropout>) -> Tensor<2> {
        let mut latent = self.encoder.forward(observed);
        if self.rectify {
            latent = burn::tensor::activation::relu(latent);
        }
        if let Some(dropout) = dropout {
            latent = dropout.apply(latent);
        }
        if self.renormalise { renormalise(latent) } else { latent }
    }

    /// `[B, A, N]` for observations, without dropout; without noise the mean weights.
    pub fn forward(&self, observed: &Observed, noise: Option<&HeadNoise>) -> Tensor<3> {
        self.head.forward(self.encode(observed, None), noise)
    }

    /// The layers of [`QNetwork::forward`] without noise, whose arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = self.encoder.layers(&format!("{prefix}.encoder"));
        if self.rectify {
            layers.push(Layer::Activation { name: Activation::Relu });
        }
        if self.renormalise {
            layers.push(Layer::Renormalise { epsilon: RENORMALISE_EPSILON });
        }
        layers.extend(self.head.layers(&format!("{prefix}.head")));
        layers
    }
}

/// Drops features with a fixed probability and scales up the rest (Srivastava et al., 2014), one
/// mask per call from a generator of its own.
pub struct Dropout {
    probability: f64,
    random: RefCell<ChaCha8Rng>,
}

impl Dropout {
    /// Dropout of `probability` in [0, 1); nothing for 0.
    pub fn new(probability: f64, random: ChaCha8Rng) -> Option<Self> {
        (probability > 0.0).then(|| Self { probability, random: RefCell::new(random) })
    }

    fn apply(&self, latent: Tensor<2>) -> Tensor<2> {
        let [rows, size] = latent.dims();
        let keep = (1.0 / (1.0 - self.probability)) as f32;
        let mut random = self.random.borrow_mut();
        let mut draw = || if random.random::<f64>() < self.probability { 0.0 } else { keep };
        let mask: Vec<f32> = (0..rows * size).map(|_| draw()).collect();
        let mask = Tensor::from_data(TensorData::new(mask, [rows, size]), &latent.device());
        latent * mask
    }
}

/// The agent's networks during one update, as an objective sees them.
pub struct NetworkTaps<'a> {
    /// The trained network.
    pub online: &'a QNetwork,
    /// The target network, on the plain device.
    pub target: &'a QNetwork,
    /// Latents of the batch's first observations, with their graph.
    pub start: Tensor<2>,
    /// Noise of the trained network's head, the same as in the value loss.
    pub noise: &'a HeadNoise,
    /// Noise of the target network's head.
    pub target_noise: &'a HeadNoise,
    /// Dropout of the encoders.
    pub dropout: Option<&'a Dropout>,
}

impl Taps for NetworkTaps<'_> {
    fn encode(&self, observed: &Observed) -> Tensor<2> {
        self.online.encode(&observed.clone().autodiff(), self.dropout)
    }

    fn start(&self) -> Tensor<2> {
        self.start.clone()
    }

    fn encode_target(&self, observed: &Observed) -> Tensor<2> {
        self.target.encode(observed, self.dropout)
    }

    fn project(&self, latent: Tensor<2>) -> Tensor<2> {
        self.online.head.first_layers(latent, Some(self.noise))
    }

    fn project_target(&self, latent: Tensor<2>) -> Tensor<2> {
        self.target.head.first_layers(latent, Some(self.target_noise))
    }
}
