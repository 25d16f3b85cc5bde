//! A head that says which vector a decoder reads next, in place of a token.

use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor, activation};
use rand_chacha::ChaCha8Rng;

use crate::init::{Init, layer_norm, linear};

/// A diagonal Gaussian over the next input vector, from the decoder's state behind its final
/// normalisation: `f = LayerNorm(W2 GELU(W1 h))`, mean and log-variance linear in f (Tan et al., 2025,
/// section 3.2). Its vectors are meant in units of the embedding's standard deviation, see
/// [`embedding_scale`].
#[derive(Module, Debug)]
pub struct LatentHead {
    first: Linear,
    second: Linear,
    norm: LayerNorm,
    mean: Linear,
    log_variance: Linear,
    #[module(skip)]
    floor: f32,
}

/// A diagonal Gaussian in every slot, `[B, T, d]` each.
#[derive(Clone, Debug)]
pub struct Gaussian {
    /// Its mean.
    pub mean: Tensor<3>,
    /// Logarithm of its variance.
    pub log_variance: Tensor<3>,
}

impl LatentHead {
    /// Draws the weights of a head with `hidden` units between vectors of `width` elements. Where what
    /// comes next is certain the variance falls without limit and the density's gradient grows without
    /// limit, so log-variances below `floor` are raised to it.
    pub fn new(width: usize, hidden: usize, floor: f32, device: &Device, random: &mut ChaCha8Rng) -> Self {
        Self {
            first: linear(width, hidden, Init::FanIn, device, random),
            second: linear(hidden, hidden, Init::FanIn, device, random),
            norm: layer_norm(hidden, device),
            mean: linear(hidden, width, Init::FanIn, device, random),
            log_variance: linear(hidden, width, Init::Zero, device, random),
            floor,
        }
    }

    /// What follows states `[B, T, d]`.
    pub fn forward(&self, states: Tensor<3>) -> Gaussian {
        let [rows, slots, width] = states.dims();
        let hidden = activation::gelu(self.first.forward(states.reshape([rows * slots, width])));
        let features = self.norm.forward(self.second.forward(hidden));
        let back = |flat: Tensor<2>| flat.reshape([rows, slots, width]);
        Gaussian {
            mean: back(self.mean.forward(features.clone())),
            log_variance: back(self.log_variance.forward(features)).clamp_min(self.floor),
        }
    }
}

/// Standard deviation over all entries of an embedding `[V, d]`, without gradient: what vectors are
/// divided by before they are compared with predicted ones, so that a squared error has the size of 1.
pub fn embedding_scale(embedding: Tensor<2>) -> f32 {
    let values = embedding.without_autodiff().into_data();
    let (mut count, mut sum, mut squares) = (0.0_f64, 0.0, 0.0);
    for value in values.iter::<f32>().map(f64::from) {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    let mean = sum / count.max(1.0);
    (squares / count.max(1.0) - mean * mean).max(0.0).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn scale_is_the_deviation_of_all_entries() {
        let table = Tensor::<2>::from_floats([[1.0, 3.0], [5.0, 7.0]], &Device::flex());
        assert!((embedding_scale(table) - 5.0_f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn variance_begins_at_one_and_has_a_floor() {
        let random = &mut ChaCha8Rng::seed_from_u64(1);
        let states = crate::noise::normal([2, 3, 4], &Device::flex(), random);
        for (floor, expected) in [(-8.0, 0.0), (0.5, 0.5)] {
            let head = LatentHead::new(4, 6, floor, &Device::flex(), random);
            let found = head.forward(states.clone());
            assert_eq!(found.mean.dims(), [2, 3, 4]);
            assert!(found.log_variance.into_data().iter::<f32>().all(|value| value == expected));
        }
    }
}
