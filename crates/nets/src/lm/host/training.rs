//! A layer as one differentiable operation.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::super::layer::Layer;
use super::Arrays;
use super::layer::{self, Kept, Scratch};
use super::shape::{Seating, Shape};
use crate::kernel::buffer::Buffer;
use crate::kernel::{Tracked, add, array, primitive, tracked};

/// The layer's gradients.
#[derive(Debug)]
struct LayerOperation;

#[derive(Clone, Debug)]
struct State {
    shape: Shape,
    seating: Arc<Seating>,
    input: FloatTensor<Flex>,
    arrays: Arrays,
    kept: Arc<Vec<Kept>>,
}

/// The layer's output for `input [B, T, width]`, without a cache, with its gradients. None where
/// something is not in the form that this needs.
pub fn forward(layer: &Layer, shape: Shape, input: Tensor<3>, seating: &Arc<Seating>) -> Option<Tensor<3>> {
    let parents = parents(layer, &input)?;
    let arrays = Arrays::of(layer)?;
    let input = primitive(input)?;
    let mut state = input.as_slice::<f32>()?.to_vec();
    let weights = arrays.weights();
    let numbers = seating.part() * seating.length * shape.width;
    let parts: Vec<_> = state.chunks_mut(numbers).zip(seating.parts()).collect();
    let kept = parts.into_par_iter().map(|(state, part)| {
        let mut kept = Kept::new(&shape, seating, part.len());
        let mut scratch = Scratch::new(&shape, seating, part.len());
        layer::forward(&shape, &weights, seating, part, state, None, &mut kept, &mut scratch);
        kept
    });
    let kept: Vec<Kept> = kept.collect();
    let output = array(state, input.shape().to_vec());
    let nodes = parents.each_ref().map(|parent| parent.node());
    let output = match LayerOperation.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::UnTracked(preparation) => preparation.finish(output),
        OpsKind::Tracked(preparation) => {
            let seating = seating.clone();
            preparation.finish(State { shape, seating, input, arrays, kept: Arc::new(kept) }, output)
        }
    };
    Some(Tensor::from_primitive::<Autodiff<Flex>>(output))
}

/// What the layer is a function of: the input, then the arrays in order.
fn parents(layer: &Layer, input: &Tensor<3>) -> Option<[Tracked; 10]> {
    let none = || tracked(Tensor::<1>::zeros([1], &burn::tensor::Device::flex()));
    let norm = |norm: &Option<crate::norm::RmsNorm>| match norm {
        Some(norm) => tracked(norm.gamma.val()),
        None => none(),
    };
    Some([
        tracked(input.clone())?,
        tracked(layer.attention_norm.gamma.val())?,
        tracked(layer.query_key_value.weight.val())?,
        match &layer.query_key_value.bias {
            Some(bias) => tracked(bias.val())?,
            None => none()?,
        },
        norm(&layer.query_norm)?,
        norm(&layer.key_norm)?,
        tracked(layer.output.weight.val())?,
        tracked(layer.feed_norm.gamma.val())?,
        tracked(layer.gate_up.weight.val())?,
        tracked(layer.down.weight.val())?,
    ])
}

impl Backward<Flex, 10> for LayerOperation {
    type State = State;

    fn backward(self, ops: Ops<State, 10>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let State { shape, seating, input, arrays, kept } = ops.state;
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let (mut gradient, sums) =
            differentiate(&shape, &seating, &input, &arrays, &kept, gradient.as_slice().unwrap_or(&[]));
        let [input_node, nodes @ ..] = ops.parents;
        let mut rest = &sums[..];
        for ((node, size), held) in nodes.into_iter().zip(shape.sizes()).zip(&arrays.0) {
            let (values, others) = rest.split_at(size);
            rest = others;
            if let (Some(node), Some(held)) = (node, held) {
                gradients.register::<Flex>(node.id, array(values.to_vec(), held.shape().to_vec()));
            }
        }
        if let Some(node) = input_node {
            let values = std::mem::take(&mut gradient);
            gradients.register::<Flex>(node.id, array(values, input.shape().to_vec()));
        }
    }
}

/// Gradients of the input, and of all arrays one after the other.
fn differentiate(
    shape: &Shape,
    seating: &Seating,
    input: &FloatTensor<Flex>,
    arrays: &Arrays,
    kept: &[Kept],
    gradient: &[f32],
) -> (Vec<f32>, Buffer) {
    let (weights, mut gradient) = (arrays.weights(), gradient.to_vec());
    let numbers = seating.part() * seating.length * shape.width;
    let input = input.as_slice::<f32>().unwrap_or(&[]);
    let parts: Vec<_> =
        gradient.chunks_mut(numbers).zip(input.chunks(numbers)).zip(seating.parts().zip(kept)).collect();
    let total = shape.sizes().iter().sum();
    let sums = parts.into_par_iter().map(|((gradient, input), (part, kept))| {
        let mut sums = Buffer::new(total);
        sums.fill(0.0);
        layer::backward(shape, &weights, seating, part, input, kept, gradient, &mut sums);
        sums
    });
    let sums: Vec<Buffer> = sums.collect();
    (gradient, add(sums))
}
