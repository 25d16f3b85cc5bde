//! What operations in loops over host memory share: tensors as the CPU backend holds them, matrix
//! products, space that is used over and over.

pub(crate) mod buffer;
pub(crate) mod matrix;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rayon::prelude::*;

/// A tensor of the backend with its place in the graph.
pub(crate) type Tracked = FloatTensor<Autodiff<Flex>>;

/// Whether such an operation can compute with the tensor.
pub(crate) fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.device().without_autodiff() == Device::flex() && tensor.dtype() == DType::F32
}

/// A tensor as the backend holds it, in one piece.
pub(crate) fn primitive<const D: usize>(tensor: Tensor<D>) -> Option<FloatTensor<Flex>> {
    let primitive = tensor.without_autodiff().try_into_primitive::<Flex>().ok()?;
    Some(primitive.to_contiguous())
}

/// The same with its place in the graph, which a tensor without a graph enters as a constant.
pub(crate) fn tracked<const D: usize>(tensor: Tensor<D>) -> Option<Tracked> {
    let tensor = if tensor.is_autodiff() { tensor } else { tensor.autodiff() };
    tensor.try_into_primitive::<Autodiff<Flex>>().ok()
}

/// A tensor of the backend of these values.
pub(crate) fn array(values: Vec<f32>, shape: Vec<usize>) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(values, shape))
}

/// The sum of equally long vectors, in their order.
pub(crate) fn add(mut vectors: Vec<buffer::Buffer>) -> buffer::Buffer {
    let mut total = vectors.remove(0);
    const PIECE: usize = 1 << 14;
    total.par_chunks_mut(PIECE).enumerate().for_each(|(index, piece)| {
        for vector in &vectors {
            let other = &vector[index * PIECE..][..piece.len()];
            piece.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
        }
    });
    total
}

/// Consecutive pieces of these sizes.
pub(crate) fn split<const N: usize>(mut values: &mut [f32], sizes: [usize; N]) -> [&mut [f32]; N] {
    sizes.map(|size| {
        let (piece, rest) = std::mem::take(&mut values).split_at_mut(size);
        values = rest;
        piece
    })
}
