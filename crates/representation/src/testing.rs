//! What the tests of this crate share: an agent's side without networks, and numbers out of tensors.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use learn::objective::Taps;
use nets::{Observed, host};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Networks of one matrix each, so that it can be seen where gradients go; what has none passes its
/// input on.
pub(crate) struct Matrices {
    /// What the agent has encoded already.
    pub start: Tensor<2>,
    pub encoder: Option<Tensor<2>>,
    pub encoder_target: Option<Tensor<2>>,
    pub projection: Option<Tensor<2>>,
    pub projection_target: Option<Tensor<2>>,
}

impl Matrices {
    /// No network at all.
    pub(crate) fn none(start: Tensor<2>) -> Self {
        Self { start, encoder: None, encoder_target: None, projection: None, projection_target: None }
    }
}

/// `input` times a matrix that tracks gradients, or as it is.
fn through(matrix: &Option<Tensor<2>>, input: Tensor<2>) -> Tensor<2> {
    match matrix {
        Some(matrix) if matrix.is_autodiff() => input.autodiff().matmul(matrix.clone()),
        Some(matrix) => input.matmul(matrix.clone()),
        None => input,
    }
}

/// Targets may come with a graph, unlike an agent's: an objective must cut it.
impl Taps for Matrices {
    fn encode(&self, observed: &Observed) -> Tensor<2> {
        through(&self.encoder, flat(observed))
    }

    fn start(&self) -> Tensor<2> {
        self.start.clone()
    }

    fn encode_target(&self, observed: &Observed) -> Tensor<2> {
        through(&self.encoder_target, flat(observed))
    }

    fn project(&self, latent: Tensor<2>) -> Tensor<2> {
        through(&self.projection, latent)
    }

    fn project_target(&self, latent: Tensor<2>) -> Tensor<2> {
        through(&self.projection_target, latent)
    }
}

/// Observations as vectors.
pub(crate) fn flat(observed: &Observed) -> Tensor<2> {
    match observed {
        Observed::Image(image) => image.clone().flatten(1, 3),
        Observed::Flat(flat) => flat.clone(),
    }
}

pub(crate) fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Normal values of a seed.
pub(crate) fn normal<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
    nets::noise::normal(shape, &Device::flex(), &mut generator(seed))
}

/// A tensor of these values on the CPU.
pub(crate) fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

/// The tensor's values, to compute with.
pub(crate) fn wide<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    host(tensor).into_iter().map(f64::from).collect()
}

/// Largest gradient of a leaf; 0 without one.
pub(crate) fn largest(leaf: &Tensor<2>, gradients: &Gradients) -> f32 {
    let gradient = leaf.grad(gradients).map(host).unwrap_or_default();
    gradient.iter().fold(0.0, |largest, value| value.abs().max(largest))
}
