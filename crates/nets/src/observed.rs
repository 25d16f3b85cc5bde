//! What an encoder reads: a batch of observations already on the device.

use burn::tensor::{Int, Tensor};

/// A batch of observations as floating-point tensors.
#[derive(Clone, Debug)]
pub enum Observed {
    /// `[B, d]`.
    Flat(Tensor<2>),
    /// `[B, C, H, W]`, bytes already multiplied by the layout's scale.
    Image(Tensor<4>),
}

impl Observed {
    /// Number of rows B.
    pub fn rows(&self) -> usize {
        match self {
            Observed::Flat(tensor) => tensor.dims()[0],
            Observed::Image(tensor) => tensor.dims()[0],
        }
    }

    /// Rows `indices [K]` in that order.
    pub fn select(&self, indices: Tensor<1, Int>) -> Self {
        match self {
            Observed::Flat(tensor) => Observed::Flat(tensor.clone().select(0, indices)),
            Observed::Image(tensor) => Observed::Image(tensor.clone().select(0, indices)),
        }
    }

    /// The same observations on the device with automatic differentiation, to be read by a module
    /// that is being trained.
    pub fn autodiff(self) -> Self {
        match self {
            Observed::Flat(tensor) => Observed::Flat(tensor.autodiff()),
            Observed::Image(tensor) => Observed::Image(tensor.autodiff()),
        }
    }
}
