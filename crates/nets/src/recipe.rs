//! A network as data: the layers in order of evaluation, each naming the arrays it reads, so that
//! whoever can read JSON and multiply matrices can compute what the network computes.

use crate::mlp::Activation;
use crate::parameters::NamedArray;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use worlds::Layout;

/// One step of the computation; the first reads the observation of one row, every other one what
/// the step before it gives. [`Layer::meaning`] says what each computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Layer {
    /// (x - mean)/deviation per element, clipped.
    Normalise {
        /// What is subtracted, one number per element.
        mean: Vec<f64>,
        /// What is divided by, one number above 0 per element.
        deviation: Vec<f64>,
        /// Largest magnitude of the result; `None` for no limit.
        clip: Option<f32>,
    },
    /// Bytes in height, width, channel order to planes of numbers.
    Planes {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
        /// Channels.
        channels: usize,
        /// What a byte is multiplied by.
        scale: f32,
    },
    /// x + by.
    Shift {
        /// What is added to every element.
        by: f64,
    },
    /// x W + b.
    Linear {
        /// Array W, `[in, out]`.
        weight: String,
        /// Array b, `[out]`.
        bias: String,
    },
    /// Layer normalisation (Ba et al., 2016).
    LayerNorm {
        /// Array of the factors, `[d]`.
        gain: String,
        /// Array of the summands, `[d]`.
        offset: String,
        /// Added to the variance.
        epsilon: f64,
    },
    /// A non-linearity.
    Activation {
        /// Which.
        name: Activation,
    },
    /// A two-dimensional convolution (without flipping the kernel).
    Convolution {
        /// Array of the kernels, `[out, in, rows, columns]`.
        weight: String,
        /// Array of the biases, `[out]`.
        bias: String,
        /// Step of the kernel, rows and columns.
        stride: [usize; 2],
        /// Zeros added on each side, rows and columns.
        padding: [usize; 2],
    },
    /// The largest of every window, per channel.
    MaxPool {
        /// Side of the window.
        size: usize,
        /// Step of the window.
        stride: usize,
        /// Cells added on each side, which never are the largest.
        padding: usize,
    },
    /// x + f(x).
    Residual {
        /// The layers of f.
        layers: Vec<Layer>,
    },
    /// Channels, rows, columns to one vector in that order.
    Flatten,
    /// (x - min x)/(max x - min x + epsilon) over all elements (Schwarzer et al., 2021).
    Renormalise {
        /// Added to the range.
        epsilon: f64,
    },
    /// Two streams of one input, V + A - mean A over the actions (Wang et al., 2016).
    Dueling {
        /// The layers of V, `atoms` numbers.
        value: Vec<Layer>,
        /// The layers of A, `actions` times `atoms` numbers.
        advantage: Vec<Layer>,
        /// Number of actions.
        actions: usize,
        /// Numbers per action.
        atoms: usize,
    },
    /// Expected values of categorical distributions (Bellemare et al., 2017).
    Expectation {
        /// The return of each atom.
        support: Vec<f32>,
    },
    /// The first elements alone.
    First {
        /// How many.
        count: usize,
    },
    /// centre + half width x, from [-1, 1] to the world's box.
    Affine {
        /// Centre of the box, one number per dimension.
        centre: Vec<f32>,
        /// Half the width of the box, one number per dimension.
        half_width: Vec<f32>,
    },
    /// Index of the largest element.
    Argmax,
}

impl Layer {
    /// The layer's name in a recipe, and one sentence that says what it computes.
    pub fn meaning(&self) -> (String, &'static str) {
        let (kind, sentence) = match self {
            Self::Normalise { .. } => (
                "normalise",
                "(x - mean)/deviation for every element, then limited to [-clip, clip] where clip is not null",
            ),
            Self::Planes { .. } => (
                "planes",
                "bytes at [row, column, channel] times scale become numbers at [channel, row, column]",
            ),
            Self::Shift { .. } => ("shift", "x + by for every element"),
            Self::Linear { .. } => {
                ("linear", "y = x W + b: y[j] = b[j] + sum over i of x[i] W[i, j], weight [in, out]")
            }
            Self::LayerNorm { .. } => (
                "layer-norm",
                "(x - mean)/sqrt(variance + epsilon) gain + offset; mean and variance (divided by the \
                 count) are those of the elements of x",
            ),
            Self::Activation { name } => return (format!("activation {}", name.name()), name.formula()),
            Self::Convolution { .. } => (
                "convolution",
                "y[o, r, c] = b[o] + sum over i, k, l of weight[o, i, k, l] \
                 x[i, r stride + k - padding, c stride + l - padding], zero outside x",
            ),
            Self::MaxPool { .. } => (
                "max-pool",
                "y[i, r, c] = the largest x[i, r stride + k - padding, c stride + l - padding] inside x for \
                 k and l below size; as many rows and columns as windows fit into the padded x",
            ),
            Self::Residual { .. } => ("residual", "x + what the inner layers give for x"),
            Self::Flatten => ("flatten", "[channel, row, column] to one vector, columns fastest"),
            Self::Renormalise { .. } => {
                ("renormalise", "(x - least)/(largest - least + epsilon) over all elements")
            }
            Self::Dueling { .. } => (
                "dueling",
                "both inner lists read x; y[a, n] = value[n] + advantage[a, n] - mean over actions of \
                 advantage[., n], where advantage is [actions, atoms], atoms fastest",
            ),
            Self::Expectation { .. } => (
                "expectation",
                "x is [actions, atoms], atoms fastest: y[a] = sum over n of softmax(x[a, .])[n] support[n]",
            ),
            Self::First { .. } => ("first", "the first `count` elements"),
            Self::Affine { .. } => ("affine", "centre + half-width x for every element: the world's action"),
            Self::Argmax => ("argmax", "index of the largest element, the first among equals: the action"),
        };
        (kind.to_owned(), sentence)
    }

    /// Calls `each` with this layer and those inside it.
    fn visit<'a>(&'a self, each: &mut impl FnMut(&'a Layer)) {
        each(self);
        let inner = match self {
            Self::Residual { layers } => [layers.as_slice(), &[]],
            Self::Dueling { value, advantage, .. } => [value.as_slice(), advantage],
            _ => [&[][..], &[]],
        };
        inner.into_iter().flatten().for_each(|layer| layer.visit(each));
    }

    /// Names of the layer's own arrays, the vectors last.
    fn arrays(&self) -> (Option<&str>, Vec<&str>) {
        match self {
            Self::Linear { weight, bias } | Self::Convolution { weight, bias, .. } => {
                (Some(weight), vec![bias])
            }
            Self::LayerNorm { gain, offset, .. } => (None, vec![gain, offset]),
            _ => (None, Vec::new()),
        }
    }
}

/// A policy as data, without its arrays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// What the recipe leaves to say, in sentences.
    pub note: String,
    /// The layers in order of evaluation.
    pub layers: Vec<Layer>,
    /// What each kind of layer in it computes.
    pub meaning: BTreeMap<String, String>,
}

impl Recipe {
    /// A recipe of these layers.
    pub fn new(layers: Vec<Layer>, note: &str) -> Self {
        let mut meaning = BTreeMap::new();
        let mut add = |layer: &Layer| {
            let (kind, sentence) = layer.meaning();
            meaning.insert(kind, sentence.to_owned());
        };
        layers.iter().for_each(|layer| layer.visit(&mut add));
        Self { note: note.to_owned(), layers, meaning }
    }

    /// Those of `arrays` that the recipe names, in their order; biases, gains and offsets become
    /// vectors.
    ///
    /// # Errors
    /// The name of an array that is in the recipe and not in `arrays`.
    pub fn select(&self, arrays: Vec<NamedArray>) -> Result<Vec<NamedArray>, String> {
        let (mut missing, mut vectors) = (BTreeSet::new(), BTreeSet::new());
        let mut add = |layer: &Layer| {
            let (matrix, own) = layer.arrays();
            vectors.extend(own.iter().map(|name| (*name).to_owned()));
            missing.extend(matrix.into_iter().chain(own).map(str::to_owned));
        };
        self.layers.iter().for_each(|layer| layer.visit(&mut add));
        let mut selected = Vec::new();
        for mut array in arrays {
            if missing.remove(&array.name) {
                if vectors.contains(&array.name) {
                    array.shape = vec![array.values.len()];
                }
                selected.push(array);
            }
        }
        missing.pop_first().map_or(Ok(selected), Err)
    }
}

/// What turns an observation of this layout into a network's input; nothing for vectors.
pub fn input(layout: &Layout) -> Option<Layer> {
    match *layout {
        Layout::Vector { .. } => None,
        Layout::Image { height, width, channels, scale, .. } => {
            Some(Layer::Planes { height, width, channels, scale })
        }
    }
}

/// The linear layer whose arrays are `prefix.weight` and `prefix.bias`.
pub(crate) fn linear(prefix: &str) -> Layer {
    Layer::Linear { weight: format!("{prefix}.weight"), bias: format!("{prefix}.bias") }
}

/// The layer normalisation whose arrays are `prefix.gamma` and `prefix.beta`.
pub(crate) fn layer_norm(prefix: &str) -> Layer {
    Layer::LayerNorm {
        gain: format!("{prefix}.gamma"),
        offset: format!("{prefix}.beta"),
        epsilon: crate::init::LAYER_NORM_EPSILON,
    }
}

/// The convolution `layer`, whose arrays are `prefix.weight` and `prefix.bias`.
pub(crate) fn convolution(layer: &Conv2d, prefix: &str) -> Layer {
    let padding = match layer.padding {
        PaddingConfig2d::Explicit(top, left, ..) => [top, left],
        PaddingConfig2d::Same => layer.kernel_size.map(|side| side / 2),
        PaddingConfig2d::Valid => [0; 2],
    };
    Layer::Convolution {
        weight: format!("{prefix}.weight"),
        bias: format!("{prefix}.bias"),
        stride: layer.stride,
        padding,
    }
}
