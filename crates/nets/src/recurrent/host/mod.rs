//! All steps of a sequence as one differentiable operation on the CPU.
//!
//! A step of a small layer is some fifteen tensor operations, each of which costs more in bookkeeping
//! than in numbers. Threads share a pass by sequences, in parts that do not depend on their number, so
//! that neither do sums over parts.

mod gated;
mod long_short;
mod normalised;
mod pass;
mod shape;

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::Tensor;
use rayon::prelude::*;

use super::Recurrent;
use crate::kernel::buffer::Buffer;
use crate::kernel::{Tracked, add, array, holds, primitive, split, tracked};
use pass::Kept;
use shape::{Shape, Weights};

/// Number of arrays in [`Weights`].
const ARRAYS: usize = 5;

/// What a pass reads, and keeps for its gradients.
#[derive(Clone, Debug)]
struct Pass {
    shape: Shape,
    /// Whether a sequence begins anew, `[B, T]`.
    begins: Arc<Vec<bool>>,
    projected: FloatTensor<Flex>,
    first: FloatTensor<Flex>,
    arrays: [Option<FloatTensor<Flex>>; ARRAYS],
    kept: Arc<Vec<Kept>>,
}

/// The states `[B, T, S]` after every step of `layer`, from its input's products `[B, T, gates H]` and
/// the state `[B, S]` before the first step, with their gradients. None where something is not in the
/// form that this needs.
pub(super) fn sequence(
    layer: &Recurrent,
    projected: &Tensor<3>,
    begins: Option<&Tensor<2>>,
    first: &Tensor<2>,
) -> Option<Tensor<3>> {
    let recording = projected.is_autodiff();
    if !holds(projected) || first.is_autodiff() != recording {
        return None;
    }
    let [rows, length, _] = projected.dims();
    let begins = match begins {
        Some(begins) => crate::host(begins.clone()).into_iter().map(|mark| mark != 0.0).collect(),
        None => vec![false; rows * length],
    };
    let mut pass = Pass {
        shape: Shape { cell: layer.cell, hidden: layer.hidden(), rows, length },
        begins: Arc::new(begins),
        projected: primitive(projected.clone())?,
        first: primitive(first.clone())?,
        arrays: arrays(layer)?,
        kept: Arc::default(),
    };
    let states = pass.forward();
    let states = array(states, vec![rows, length, pass.shape.state()]);
    if !recording {
        return Some(Tensor::from_primitive::<Flex>(states));
    }
    let nodes = parents(layer, projected, first)?.map(|parent| parent.node());
    let states = match Sequence.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::UnTracked(preparation) => preparation.finish(states),
        OpsKind::Tracked(preparation) => preparation.finish(pass, states),
    };
    Some(Tensor::from_primitive::<Autodiff<Flex>>(states))
}

/// The layer's arrays, in the order of [`Weights`].
fn arrays(layer: &Recurrent) -> Option<[Option<FloatTensor<Flex>>; ARRAYS]> {
    let vector = |vector: Option<Tensor<1>>| match vector {
        Some(vector) => primitive(vector).map(Some),
        None => Some(None),
    };
    let [candidate, gain, offset, start] = vectors(layer);
    let arrays = [
        Some(primitive(layer.recurrent.val())?),
        vector(candidate)?,
        vector(gain)?,
        vector(offset)?,
        vector(start)?,
    ];
    arrays.iter().flatten().all(|array| array.as_slice::<f32>().is_some()).then_some(arrays)
}

fn vectors(layer: &Recurrent) -> [Option<Tensor<1>>; 4] {
    let norm = layer.norm.as_ref();
    [
        layer.candidate.as_ref().map(|candidate| candidate.val()),
        norm.map(|norm| norm.gamma.val()),
        norm.and_then(|norm| norm.beta.as_ref()).map(|beta| beta.val()),
        layer.start.as_ref().map(|start| start.val()),
    ]
}

/// What the states are a function of: the input's products, the first state, then the arrays in order.
fn parents(layer: &Recurrent, projected: &Tensor<3>, first: &Tensor<2>) -> Option<[Tracked; ARRAYS + 2]> {
    let vector = |vector: Option<Tensor<1>>| {
        tracked(vector.unwrap_or_else(|| Tensor::zeros([1], &burn::tensor::Device::flex())))
    };
    let [candidate, gain, offset, start] = vectors(layer);
    Some([
        tracked(projected.clone())?,
        tracked(first.clone())?,
        tracked(layer.recurrent.val())?,
        vector(candidate)?,
        vector(gain)?,
        vector(offset)?,
        vector(start)?,
    ])
}

/// A tensor's numbers.
fn slice(array: &FloatTensor<Flex>) -> &[f32] {
    array.as_slice().unwrap_or(&[])
}

impl Pass {
    fn weights(&self) -> Weights<'_> {
        Weights::new(self.arrays.each_ref().map(|array| array.as_ref().map_or(&[][..], slice)))
    }

    /// The states, `[B, T, S]`; what the gradients need is kept.
    fn forward(&mut self) -> Vec<f32> {
        let (shape, weights) = (self.shape, self.weights());
        let rows = shape.part();
        let mut states = vec![0.0; shape.rows * shape.length * shape.state()];
        let inputs = slice(&self.projected).chunks(rows * shape.length * shape.gates());
        let starts = slice(&self.first).chunks(rows * shape.state());
        let outputs = states.chunks_mut(rows * shape.length * shape.state());
        let begins = self.begins.chunks(rows * shape.length);
        let parts = inputs.zip(starts).zip(outputs.zip(begins)).collect();
        let kept = each(parts, |((projected, first), (states, begins))| {
            let shape = Shape { rows: first.len() / shape.state(), ..shape };
            pass::forward(&shape, &weights, projected, begins, first, states)
        });
        self.kept = Arc::new(kept);
        states
    }

    /// From the gradient of the states, those of the input's products and of the first state, and those
    /// of all arrays one after the other.
    fn backward(&self, gradient: &[f32]) -> (Vec<f32>, Vec<f32>, Buffer) {
        let (shape, weights) = (self.shape, self.weights());
        let rows = shape.part();
        let mut projected = vec![0.0; shape.rows * shape.length * shape.gates()];
        let mut first = vec![0.0; shape.rows * shape.state()];
        let inputs = projected.chunks_mut(rows * shape.length * shape.gates());
        let starts = first.chunks_mut(rows * shape.state());
        let outputs = gradient.chunks(rows * shape.length * shape.state());
        let begins = self.begins.chunks(rows * shape.length);
        let parts = inputs.zip(starts).zip(outputs.zip(begins)).zip(self.kept.iter()).collect();
        let sums = each(parts, |(((projected, first), (gradient, begins)), kept)| {
            let shape = Shape { rows: first.len() / shape.state(), ..shape };
            let mut sums = Buffer::new(shape.sizes().iter().sum());
            sums.fill(0.0);
            let arrays = split(&mut sums, shape.sizes());
            pass::backward(&shape, &weights, begins, kept, gradient, projected, first, arrays);
            sums
        });
        (projected, first, add(sums))
    }
}

/// What `compute` gives of every part, on several threads where there are several parts.
fn each<P: Send, R: Send>(parts: Vec<P>, compute: impl Fn(P) -> R + Sync + Send) -> Vec<R> {
    match parts.len() {
        1 => parts.into_iter().map(compute).collect(),
        _ => parts.into_par_iter().map(compute).collect(),
    }
}

/// The gradients of all steps.
#[derive(Debug)]
struct Sequence;

impl Backward<Flex, { ARRAYS + 2 }> for Sequence {
    type State = Pass;

    fn backward(
        self,
        ops: Ops<Pass, { ARRAYS + 2 }>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let pass = ops.state;
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let (projected, first, sums) = pass.backward(slice(&gradient));
        let [projected_node, first_node, nodes @ ..] = ops.parents;
        let inputs = [
            (projected_node, projected, pass.projected.shape().to_vec()),
            (first_node, first, pass.first.shape().to_vec()),
        ];
        for (node, values, shape) in inputs {
            if let Some(node) = node {
                gradients.register::<Flex>(node.id, array(values, shape));
            }
        }
        let mut rest = &sums[..];
        for ((node, size), held) in nodes.into_iter().zip(pass.shape.sizes()).zip(&pass.arrays) {
            let (values, others) = rest.split_at(size);
            rest = others;
            if let (Some(node), Some(held)) = (node, held) {
                gradients.register::<Flex>(node.id, array(values.to_vec(), held.shape().to_vec()));
            }
        }
    }
}
