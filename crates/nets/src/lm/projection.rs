//! Linear maps, with adapters where there are some.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::init::{Init, linear_values, parameter};

use super::map::Columns;

/// A linear map, with a bias in some models.
#[derive(Module, Debug)]
pub(super) struct Projection {
    /// `[input, output]`.
    pub weight: Param<Tensor<2>>,
    pub bias: Option<Param<Tensor<1>>>,
    /// By columns from left to right.
    pub adapters: Vec<Adapter>,
}

/// A matrix of low rank that is added to some columns of another (Hu et al., 2022).
#[derive(Module, Debug)]
pub(super) struct Adapter {
    /// `[input, rank]`.
    pub down: Param<Tensor<2>>,
    /// `[rank, columns]`.
    pub up: Param<Tensor<2>>,
    #[module(skip)]
    pub columns: Columns,
    /// What the product is multiplied by.
    #[module(skip)]
    pub scale: f64,
}

impl Projection {
    pub fn new(shape: [usize; 2], init: Init, bias: bool, device: &Device, random: &mut ChaCha8Rng) -> Self {
        let [input, output] = shape;
        let (weight, _) = linear_values(input, output, init, random);
        Self {
            weight: parameter(weight, shape, device),
            bias: bias.then(|| parameter(vec![0.0; output], [output], device)),
            adapters: Vec::new(),
        }
    }

    /// `[N, input] -> [N, output]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let mut sum = input.clone().matmul(self.weight.val());
        if let Some(bias) = &self.bias {
            sum = sum + bias.val().unsqueeze::<2>();
        }
        if self.adapters.is_empty() {
            return sum;
        }
        self.add(sum, |adapter| {
            let product = input.clone().matmul(adapter.down.val()).matmul(adapter.up.val());
            product.mul_scalar(adapter.scale)
        })
    }

    /// The weights with those of the adapters added.
    pub fn merged(&self) -> Tensor<2> {
        self.add(self.weight.val(), |adapter| {
            adapter.down.val().matmul(adapter.up.val()).mul_scalar(adapter.scale)
        })
    }

    /// `whole` with `part(adapter)` added in the columns of each adapter.
    fn add(&self, whole: Tensor<2>, part: impl Fn(&Adapter) -> Tensor<2>) -> Tensor<2> {
        let width = whole.dims()[1];
        let mut pieces = Vec::new();
        let mut done = 0;
        for adapter in &self.adapters {
            let Columns { start, count } = adapter.columns;
            if start > done {
                pieces.push(whole.clone().narrow(1, done, start - done));
            }
            pieces.push(whole.clone().narrow(1, start, count) + part(adapter));
            done = start + count;
        }
        if done < width {
            pieces.push(whole.narrow(1, done, width - done));
        }
        if pieces.len() == 1 { pieces.remove(0) } else { Tensor::cat(pieces, 1) }
    }
}
