//! Functions of single numbers, fast on the CPU.
//!
//! The CPU backend calls the C library's `tanhf` and `expf` element by element, and builds other
//! activations from several tensor operations, which took more than half of the time of an update
//! of small networks. Here the value, or the tangent where a gradient is wanted, is computed in one
//! pass over host memory that the compiler turns into vector instructions.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::lanes::in_lanes;

/// A function of one number.
pub(crate) trait Pointwise {
    /// Its value.
    fn value(x: f32) -> f32;

    /// Slope and offset of its tangent at x: `slope x + offset` is the value.
    fn tangent(x: f32) -> (f32, f32);

    /// The same by tensor operations, for accelerators and other precisions.
    fn by_tensors<const D: usize>(input: Tensor<D>) -> Tensor<D>;
}

/// Applies `P` to every element, with its gradient.
pub(crate) fn apply<P: Pointwise, const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let device = input.device();
    let plain = device.clone().without_autodiff();
    if plain != Device::flex() || input.dtype() != DType::F32 {
        return P::by_tensors(input);
    }
    let shape = input.dims();
    let mut data = input.clone().without_autodiff().into_data();
    let Ok(values) = data.as_mut_slice::<f32>() else {
        // Bytes that are not aligned to numbers.
        return P::by_tensors(input);
    };
    if !input.is_tracked() {
        by_value::<P>(values);
        let value = Tensor::from_data(data, &plain);
        return if device.is_autodiff() { value.autodiff() } else { value };
    }
    // The tangent at every element has the function's value and its gradient.
    let mut offsets = vec![0.0_f32; values.len()];
    by_tangent::<P>(values, &mut offsets);
    let slope = Tensor::from_data(data, &plain).autodiff();
    let offset = Tensor::from_data(TensorData::new(offsets, shape), &plain).autodiff();
    input * slope + offset
}

in_lanes! {
    /// Replaces every number by its value.
    fn by_value<P: Pointwise>(values: &mut [f32]) {
        values.iter_mut().for_each(|value| *value = P::value(*value));
    }

    /// Replaces every number by the slope of its tangent, and writes the tangent's offset.
    fn by_tangent<P: Pointwise>(values: &mut [f32], offsets: &mut [f32]) {
        for (value, offset) in values.iter_mut().zip(offsets) {
            (*value, *offset) = P::tangent(*value);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::host;

    /// Checks value and gradient of `P` against those of its tensor operations.
    pub fn agrees<P: Pointwise>(values: &[f32], tolerance: f32) {
        let run = |fast: bool| {
            let device = Device::flex().autodiff();
            let x = Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), &device)
                .require_grad();
            let y = if fast { apply::<P, 1>(x.clone()) } else { P::by_tensors(x.clone()) };
            let gradients = y.clone().square().sum().backward();
            [host(y.inner()), host(x.grad(&gradients).expect("x is tracked"))].concat()
        };
        for (found, expected) in run(true).iter().zip(&run(false)) {
            let bound = tolerance * expected.abs().max(1.0);
            assert!((found - expected).abs() < bound, "{found} against {expected}");
        }
        let plain = Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex());
        let found = apply::<P, 1>(plain);
        assert!(!found.device().is_autodiff());
        for (found, x) in found.into_data().iter::<f32>().zip(values) {
            assert_eq!(found.to_bits(), P::value(*x).to_bits());
        }
    }
}
