//! Passes on the CPU in loops over host memory.
//!
//! The backend's tensor operations allocate for every step and leave most of the time to copies and
//! element-wise kernels. Here a layer is one operation with a backward pass of its own, and a pass
//! without gradients is one operation altogether; threads share it by sequences. Sums go by sixteen
//! lanes whatever the processor has ([`crate::kernel::matrix`]), so that results do not depend on it.

pub(super) mod attention;
mod inference;
pub(super) mod layer;
pub(super) mod norm;
mod shape;
mod training;

pub(super) use inference::infer;
pub(super) use shape::{Seating, Shape};
pub(super) use training::forward;

use burn::backend::{Flex, tensor::FloatTensor};

use super::layer::Layer;
use crate::kernel::primitive;
use shape::Weights;

/// A layer's arrays, in the order of [`Shape::sizes`].
#[derive(Clone, Debug)]
struct Arrays([Option<FloatTensor<Flex>>; 9]);

impl Arrays {
    fn of(layer: &Layer) -> Option<Self> {
        let held = [
            Some(primitive(layer.attention_norm.gamma.val())?),
            Some(primitive(layer.query_key_value.weight.val())?),
            match &layer.query_key_value.bias {
                Some(bias) => Some(primitive(bias.val())?),
                None => None,
            },
            match &layer.query_norm {
                Some(norm) => Some(primitive(norm.gamma.val())?),
                None => None,
            },
            match &layer.key_norm {
                Some(norm) => Some(primitive(norm.gamma.val())?),
                None => None,
            },
            Some(primitive(layer.output.weight.val())?),
            Some(primitive(layer.feed_norm.gamma.val())?),
            Some(primitive(layer.gate_up.weight.val())?),
            Some(primitive(layer.down.weight.val())?),
        ];
        let whole = held.iter().flatten().all(|array| array.as_slice::<f32>().is_some());
        whole.then_some(Self(held))
    }

    fn weights(&self) -> Weights<'_> {
        Weights::new(self.0.each_ref().map(slice))
    }
}

fn slice(array: &Option<FloatTensor<Flex>>) -> &[f32] {
    match array {
        Some(array) => array.as_slice().unwrap_or(&[]),
        None => &[],
    }
}
