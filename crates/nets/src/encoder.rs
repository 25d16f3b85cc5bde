//! From observations to latents.

use crate::conv::{ConvStack, MapShape, ResidualStack, stack_output};
use crate::init::{Convolution, Init};
use crate::mlp::{Activation, Mlp, MlpConfig, Norm};
use crate::recipe::Layer;
use crate::{NetsError, Observed};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use settings::{Refusal, Value};
use worlds::Layout;

/// The kind of an encoder and its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EncoderConfig {
    /// The observation itself; reads vectors and images.
    Identity,
    /// A multi-layer perceptron; reads vectors, and images where `flatten` says so.
    Mlp {
        /// Widths of the hidden layers.
        hidden: Vec<usize>,
        /// Width of the latent; no activation follows it.
        output: usize,
        /// Non-linearity of the hidden layers.
        #[serde(default)]
        activation: Activation,
        /// Normalisation of the hidden layers.
        #[serde(default)]
        norm: Norm,
        /// How the weights are drawn.
        #[serde(default = "fan_in")]
        init: Init,
        /// Read images as vectors of their pixels.
        #[serde(default)]
        flatten: bool,
    },
    /// 3x3 convolutions of stride 1 without padding, each with a ReLU: for the 10x10 planes of
    /// MinAtar. The spatial map is kept.
    Planes {
        /// Channels of each layer.
        channels: Vec<usize>,
    },
    /// The convolutions of the deep Q-network (Mnih et al., 2015): 32 of 8x8 by 4, 64 of 4x4 by 2,
    /// 64 of 3x3, each with a ReLU.
    Nature,
    /// The convolutions of DrQ (Yarats et al., 2021): pixels less 0.5, then four times 32 of 3x3,
    /// the first with stride 2, each with a ReLU; orthogonal weights of gain sqrt(2).
    Drq,
    /// The convolutions of Dreamer (Hafner et al., 2020): four times 4x4 with stride 2, each with a
    /// ReLU, channels doubling from `depth`.
    Dreamer {
        /// Channels of the first layer; 32 in the paper.
        depth: usize,
    },
    /// The residual network of IMPALA (Espeholt et al., 2018).
    Impala {
        /// Multiple of the paper's 16, 32 and 32 channels.
        width: usize,
    },
}

fn fan_in() -> Init {
    Init::FanIn
}

impl EncoderConfig {
    /// A sensible encoder for a layout: nothing for vectors, 3x3 convolutions for small planes, the
    /// deep Q-network's for larger images.
    pub fn for_layout(layout: &Layout) -> Self {
        match layout {
            Layout::Vector { .. } => Self::Identity,
            Layout::Image { height, width, .. } if *height.min(width) < Self::Nature.least_side() => {
                Self::Planes { channels: vec![16] }
            }
            Layout::Image { .. } => Self::Nature,
        }
    }

    /// The name that configurations use.
    pub fn name(&self) -> &'static str {
        match self {
            EncoderConfig::Identity => "identity",
            EncoderConfig::Mlp { .. } => "mlp",
            EncoderConfig::Planes { .. } => "planes",
            EncoderConfig::Nature => "nature",
            EncoderConfig::Drq => "drq",
            EncoderConfig::Dreamer { .. } => "dreamer",
            EncoderConfig::Impala { .. } => "impala",
        }
    }

    /// Layers of the plain convolutional encoders, for images of `channels` channels.
    fn convolutions(&self, channels: usize) -> Vec<Convolution> {
        let layers: Vec<(usize, usize, usize)> = match self {
            EncoderConfig::Planes { channels } => channels.iter().map(|&output| (output, 3, 1)).collect(),
            EncoderConfig::Nature => vec![(32, 8, 4), (64, 4, 2), (64, 3, 1)],
            EncoderConfig::Drq => vec![(32, 3, 2), (32, 3, 1), (32, 3, 1), (32, 3, 1)],
            EncoderConfig::Dreamer { depth } => [1, 2, 4, 8].map(|factor| (factor * depth, 4, 2)).to_vec(),
            _ => Vec::new(),
        };
        let mut input = channels;
        let connect = |(output, kernel, stride)| {
            let layer = Convolution { input, output, kernel, stride, padding: 0 };
            input = output;
            layer
        };
        layers.into_iter().map(connect).collect()
    }

    /// Smallest side of an image that the convolutions can read.
    fn least_side(&self) -> usize {
        let grow = |side, layer: &Convolution| (side - 1) * layer.stride + layer.kernel;
        self.convolutions(1).iter().rev().fold(1, grow)
    }
}

impl Value for EncoderConfig {
    fn expected() -> String {
        "a kind with its sizes, such as { kind = \"planes\", channels = [16] }".to_owned()
    }

    fn check(&self) -> Result<(), String> {
        let widths = match self {
            EncoderConfig::Mlp { hidden, output, .. } => [hidden.as_slice(), &[*output]].concat(),
            EncoderConfig::Planes { channels } if channels.is_empty() => {
                return Err("`channels` must hold at least one number".to_owned());
            }
            EncoderConfig::Planes { channels } => channels.clone(),
            EncoderConfig::Dreamer { depth } => vec![*depth],
            EncoderConfig::Impala { width } => vec![*width],
            EncoderConfig::Identity | EncoderConfig::Nature | EncoderConfig::Drq => Vec::new(),
        };
        match widths.contains(&0) {
            true => Err("all its sizes must be at least 1".to_owned()),
            false => Ok(()),
        }
    }
}

/// Shape of a latent, which always travels as `[B, size]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatentShape {
    /// A vector of that many features.
    Flat(usize),
    /// A spatial map, flattened in this order.
    Map {
        /// Channels.
        channels: usize,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
}

impl LatentShape {
    /// Number of features.
    pub fn size(&self) -> usize {
        match *self {
            LatentShape::Flat(size) => size,
            LatentShape::Map { channels, height, width } => channels * height * width,
        }
    }

    fn map([channels, height, width]: MapShape) -> Self {
        LatentShape::Map { channels, height, width }
    }
}

/// From a batch of observations to a batch of latents.
#[derive(Module, Debug)]
pub struct Encoder {
    mlp: Option<Mlp>,
    convolutions: Option<ConvStack>,
    residual: Option<ResidualStack>,
    /// Channels, rows and columns of the image, where the encoder reads images.
    #[module(skip)]
    image: MapShape,
    #[module(skip)]
    latent: LatentShape,
}

impl Encoder {
    /// An encoder for observations of `layout`.
    ///
    /// # Errors
    /// A layout that the encoder does not read, an image too small for it, a width of zero.
    pub fn new(
        config: &EncoderConfig,
        layout: &Layout,
        device: &Device,
        random: &mut ChaCha8Rng,
    ) -> Result<Self, NetsError> {
        config.check().map_err(|why| Refusal::saying("encoder", config.name(), why))?;
        let (image, given) = match *layout {
            Layout::Vector { size } => (None, LatentShape::Flat(size)),
            Layout::Image { height, width, channels, .. } => {
                let image = [channels, height, width];
                (Some(image), LatentShape::map(image))
            }
        };
        let mut encoder = Self {
            mlp: None,
            convolutions: None,
            residual: None,
            image: image.unwrap_or_default(),
            latent: given,
        };
        match (config, image) {
            (EncoderConfig::Identity, _) => {}
            (EncoderConfig::Mlp { flatten: false, .. }, Some(image)) => {
                return Err(image_refused(image));
            }
            (EncoderConfig::Mlp { hidden, output, activation, norm, init, .. }, _) => {
                let shape = MlpConfig::new(given.size(), hidden, *output)
                    .with_activation(*activation)
                    .with_norm(*norm)
                    .with_init(*init, *init);
                encoder.mlp = Some(shape.init(device, random));
                encoder.latent = LatentShape::Flat(*output);
            }
            (_, None) => return Err(vector_refused(config, given.size())),
            (EncoderConfig::Impala { width }, Some(image)) => {
                let stack = ResidualStack::new(image[0], *width, Init::FanIn, device, random);
                encoder.residual = Some(stack);
                encoder.latent = LatentShape::map(ResidualStack::output(*width, image));
            }
            (_, Some(image)) => {
                let (stack, map) = convolutions(config, image, device, random)?;
                encoder.convolutions = Some(stack);
                encoder.latent = LatentShape::map(map);
            }
        }
        Ok(encoder)
    }

    /// Latents `[B, latent().size()]`.
    pub fn forward(&self, observed: &Observed) -> Tensor<2> {
        let rows = observed.rows();
        if let Some(mlp) = &self.mlp {
            return mlp.forward(flat(observed));
        }
        let map = match (&self.convolutions, &self.residual) {
            (Some(stack), _) => stack.forward(self.as_image(observed)),
            (None, Some(stack)) => stack.forward(self.as_image(observed)),
            (None, None) => return flat(observed),
        };
        map.reshape([rows, self.latent.size()])
    }

    /// The layers from a vector, or an image's planes, to a latent; their arrays lie under `prefix`.
    pub fn layers(&self, prefix: &str) -> Vec<Layer> {
        let mut layers = match (&self.convolutions, &self.residual) {
            (Some(stack), _) => stack.layers(&format!("{prefix}.convolutions")),
            (None, Some(stack)) => stack.layers(&format!("{prefix}.residual")),
            (None, None) => Vec::new(),
        };
        if self.image != MapShape::default() {
            layers.push(Layer::Flatten);
        }
        if let Some(mlp) = &self.mlp {
            layers.extend(mlp.layers(&format!("{prefix}.mlp")));
        }
        layers
    }

    /// Shape of the latents.
    pub fn latent(&self) -> LatentShape {
        self.latent
    }

    fn as_image(&self, observed: &Observed) -> Tensor<4> {
        let [channels, height, width] = self.image;
        match observed {
            Observed::Image(image) => image.clone(),
            Observed::Flat(flat) => flat.clone().reshape([observed.rows(), channels, height, width]),
        }
    }
}

fn flat(observed: &Observed) -> Tensor<2> {
    match observed {
        Observed::Flat(flat) => flat.clone(),
        Observed::Image(image) => image.clone().flatten(1, 3),
    }
}

fn convolutions(
    config: &EncoderConfig,
    image: MapShape,
    device: &Device,
    random: &mut ChaCha8Rng,
) -> Result<(ConvStack, MapShape), NetsError> {
    let layers = config.convolutions(image[0]);
    let [_, height, width] = image;
    let too_small =
        || NetsError::ImageTooSmall { encoder: config.name(), least: config.least_side(), height, width };
    let map = stack_output(&layers, image).ok_or_else(too_small)?;
    let (shift, init) = match config {
        EncoderConfig::Drq => (-0.5, Init::Orthogonal { gain: std::f64::consts::SQRT_2 }),
        _ => (0.0, Init::FanIn),
    };
    let stack = ConvStack::new(&layers, Activation::Relu, shift, init, device, random);
    Ok((stack, map))
}

fn image_refused([channels, height, width]: MapShape) -> NetsError {
    NetsError::Layout {
        encoder: "mlp",
        reads: "vectors",
        given: format!("images of {height}x{width} pixels with {channels} channels"),
        choose: "`planes`, `nature`, `drq`, `dreamer` or `impala`, or set `flatten = true`",
    }
}

fn vector_refused(config: &EncoderConfig, size: usize) -> NetsError {
    NetsError::Layout {
        encoder: config.name(),
        reads: "images",
        given: format!("vectors of {size} numbers"),
        choose: "`mlp` or `identity`",
    }
}
