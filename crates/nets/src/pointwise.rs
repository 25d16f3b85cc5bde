//! Functions of single numbers, fast on the CPU.
//!
//! The CPU backend calls the C library's `tanhf` and `expf` element by element, and builds other
//! activations from several tensor operations, which took more than half of the time of an update
//! of small networks. Here the value, or the tangent where a gradient is wanted, is computed in one
//! pass over host memory that the compiler turns into vector instructions.

use burn::tensor::{DType, Device, Tensor, TensorData};

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
        in_lanes(|| values.iter_mut().for_each(|value| *value = P::value(*value)));
        let value = Tensor::from_data(data, &plain);
        return if device.is_autodiff() { value.autodiff() } else { value };
    }
    // The tangent at every element has the function's value and its gradient.
    let mut offsets = vec![0.0_f32; values.len()];
    in_lanes(|| {
        for (value, offset) in values.iter_mut().zip(&mut offsets) {
            (*value, *offset) = P::tangent(*value);
        }
    });
    let slope = Tensor::from_data(data, &plain).autodiff();
    let offset = Tensor::from_data(TensorData::new(offsets, shape), &plain).autodiff();
    input * slope + offset
}

/// Runs a loop compiled for the widest lanes that the processor surely has here.
#[inline(always)]
pub(crate) fn in_lanes(work: impl FnOnce()) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the processor has the two features that the function is compiled for.
        return unsafe { wide(work) };
    }
    work();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn wide(work: impl FnOnce()) {
    work();
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Checks value and gradient of `P` against those of its tensor operations.
    pub fn agrees<P: Pointwise>(values: &[f32], tolerance: f32) {
        let run = |fast: bool| {
            let device = Device::flex().autodiff();
            let x = Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), &device)
                .require_grad();
            let y = if fast { apply::<P, 1>(x.clone()) } else { P::by_tensors(x.clone()) };
            let gradients = y.clone().square().sum().backward();
            let host = |tensor: Tensor<1>| tensor.into_data().iter().collect::<Vec<f32>>();
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
