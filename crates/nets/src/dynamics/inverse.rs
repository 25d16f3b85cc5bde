//! Inverse dynamics: the action that led from one state to the next.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use rand_chacha::ChaCha8Rng;
use settings::Choice;

use crate::distribution::Categorical;
use crate::mlp::{Mlp, MlpConfig};

/// How an action is predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum InverseHead {
    /// A vector in [-1, 1], by the mean squared error.
    #[default]
    Mse,
    /// One of several indices, by the cross-entropy.
    Classifier,
    /// A vector in [-1, 1], one dimension after the other, each a choice among bins given those
    /// before it: for actions that have several modes.
    Bins,
}

/// Shape of an [`InverseModel`].
#[derive(Clone, Debug, PartialEq)]
pub struct InverseConfig {
    /// Numbers of a state.
    pub state: usize,
    /// Dimensions of a box, or number of indices.
    pub action: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// How an action is predicted.
    pub head: InverseHead,
    /// Bins per dimension of [`InverseHead::Bins`].
    pub bins: usize,
}

impl InverseConfig {
    /// Draws the network's weights.
    pub fn init(&self, device: &Device, random: &mut ChaCha8Rng) -> InverseModel {
        let pair = 2 * self.state;
        if self.head != InverseHead::Bins {
            let network = MlpConfig::new(pair, &self.hidden, self.action).init(device, random);
            return InverseModel { head: self.head, bins: self.bins, networks: vec![network] };
        }
        let mut network =
            |before: usize| MlpConfig::new(pair + before, &self.hidden, self.bins).init(device, random);
        let networks = (0..self.action).map(&mut network).collect();
        InverseModel { head: self.head, bins: self.bins, networks }
    }
}

/// A perceptron, or one per dimension, on two consecutive states.
#[derive(Module, Debug)]
pub struct InverseModel {
    networks: Vec<Mlp>,
    #[module(skip)]
    head: InverseHead,
    #[module(skip)]
    bins: usize,
}

impl InverseModel {
    /// The loss of each of B pairs, `[B]`: `actions [B, a]` lie in [-1, 1], or are one-hot under
    /// [`InverseHead::Classifier`].
    pub fn loss(&self, state: Tensor<2>, next: Tensor<2>, actions: Tensor<2>) -> Tensor<1> {
        let pair = Tensor::cat(vec![state, next], 1);
        match self.head {
            InverseHead::Mse => {
                (self.networks[0].forward(pair) - actions).square().mean_dim(1).squeeze_dim(1)
            }
            InverseHead::Classifier => {
                Categorical::new(self.networks[0].forward(pair)).cross_entropy(actions)
            }
            InverseHead::Bins => {
                let each = self.networks.iter().enumerate().map(|(dimension, network)| {
                    let before = (dimension > 0).then(|| actions.clone().narrow(1, 0, dimension));
                    let logits = network.forward(given(&pair, before.as_ref()));
                    let bin = self.bin(actions.clone().narrow(1, dimension, 1));
                    Categorical::new(logits).cross_entropy(bin.one_hot::<2>(self.bins).float())
                });
                each.reduce(|sum, loss| sum + loss).unwrap_or_else(|| actions.sum_dim(1).squeeze_dim(1))
            }
        }
    }

    /// The most likely action of each pair, `[B, a]`: in [-1, 1], or one number per index of which
    /// the largest marks the action under [`InverseHead::Classifier`].
    pub fn action(&self, state: Tensor<2>, next: Tensor<2>) -> Tensor<2> {
        let pair = Tensor::cat(vec![state, next], 1);
        match self.head {
            InverseHead::Mse => self.networks[0].forward(pair).clamp(-1.0, 1.0),
            InverseHead::Classifier => self.networks[0].forward(pair),
            InverseHead::Bins => {
                let mut chosen: Option<Tensor<2>> = None;
                for network in &self.networks {
                    let best = network.forward(given(&pair, chosen.as_ref())).argmax(1).float();
                    let centre = best.add_scalar(0.5).mul_scalar(2.0 / self.bins as f64).sub_scalar(1.0);
                    chosen = Some(match chosen {
                        Some(before) => Tensor::cat(vec![before, centre], 1),
                        None => centre,
                    });
                }
                chosen.unwrap_or(pair)
            }
        }
    }

    /// Index of the bin that each of `values [B, 1]`, in [-1, 1], falls into.
    fn bin(&self, values: Tensor<2>) -> Tensor<1, Int> {
        let place = values.add_scalar(1.0).mul_scalar(0.5 * self.bins as f64).floor();
        place.clamp(0.0, self.bins as f64 - 1.0).int().squeeze_dim(1)
    }
}

/// The pair with the dimensions of the action before this one beside it.
fn given(pair: &Tensor<2>, before: Option<&Tensor<2>>) -> Tensor<2> {
    match before {
        Some(before) => Tensor::cat(vec![pair.clone(), before.clone()], 1),
        None => pair.clone(),
    }
}
