//! The exponential linear unit, fast on the CPU.
//!
//! As a sum of a clamped exponential and a ReLU it is five tensor operations, one of which calls
//! the C library's `expf` element by element and two of which need masks on the way back. Here value
//! and slope come out of one pass that the compiler turns into vector instructions.

use burn::tensor::{Device, Tensor, TensorData, activation};

/// x for x > 0, else exp(x) - 1, with its gradient.
pub fn elu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let device = input.device();
    if device.clone().without_autodiff() != Device::flex() {
        return by_tensors(input);
    }
    let plain = input.clone().without_autodiff();
    let shape = plain.dims();
    let mut data = plain.into_data();
    let Ok(values) = data.as_mut_slice::<f32>() else {
        // Other precisions are no business of this function.
        return by_tensors(input);
    };
    if !device.is_autodiff() {
        values.iter_mut().for_each(|value| *value = forward(*value));
        return Tensor::from_data(data, &device);
    }
    if !input.is_tracked() {
        values.iter_mut().for_each(|value| *value = forward(*value));
        return Tensor::from_data(data, &device.without_autodiff()).autodiff();
    }
    // The tangent at every element: slope x + offset has the value and the gradient.
    let mut offsets = vec![0.0_f32; values.len()];
    for (value, offset) in values.iter_mut().zip(&mut offsets) {
        (*value, *offset) = tangent(*value);
    }
    let plain = device.without_autodiff();
    let slope = Tensor::from_data(data, &plain).autodiff();
    let offset = Tensor::from_data(TensorData::new(offsets, shape), &plain).autodiff();
    input * slope + offset
}

/// Written as a sum: a masked exponential overflows for x > 88 and gives NaN gradients.
fn by_tensors<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let negative = input.clone().clamp_max(0.0).exp().sub_scalar(1.0);
    activation::relu(input).add(negative)
}

#[inline]
fn forward(x: f32) -> f32 {
    let below = exponential(x) - 1.0;
    if x > 0.0 { x } else { below }
}

/// Slope and offset of the tangent at x.
#[inline]
fn tangent(x: f32) -> (f32, f32) {
    let slope = exponential(x);
    let offset = slope - 1.0 - x * slope;
    if x > 0.0 { (1.0, 0.0) } else { (slope, offset) }
}

/// exp(min(x, 0)), 0 below -87: 2^n times a polynomial of the remainder, which is at most ln 2 / 2 in
/// size, with a relative error below 3e-7.
#[inline]
fn exponential(x: f32) -> f32 {
    // Adding and subtracting 1.5 2^23 rounds to the nearest integer, whose bits it leaves behind.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 0.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    // ln 2 in two parts, so that the remainder keeps its last bits.
    let r = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let p = 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    p * f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_exact_function() {
        for step in -870_000..=100_000 {
            let x = step as f32 * 1e-4;
            let exact = if x > 0.0 { f64::from(x) } else { f64::from(x).exp_m1() };
            assert!((f64::from(forward(x)) - exact).abs() < 4e-7, "{x}");
            let slope = f64::from(x).min(0.0).exp();
            let (found, offset) = tangent(x);
            assert!((f64::from(found) - slope).abs() <= 4e-7 * slope, "{x}");
            let value = f64::from(x) * f64::from(found) + f64::from(offset);
            assert!((value - exact).abs() < 1e-6, "{x}: {value} against {exact}");
        }
        assert!(forward(f32::NAN).is_nan());
        assert_eq!([forward(f32::INFINITY), forward(1e30)], [f32::INFINITY, 1e30]);
        assert_eq!(forward(f32::NEG_INFINITY), -1.0);
    }

    #[test]
    fn its_gradient_is_that_of_the_tensor_operations() {
        let device = Device::flex().autodiff();
        let values = [-100.0, -9.0, -1.5, -1e-3, 0.3, 2.0, 100.0];
        let gradient = |function: fn(Tensor<1>) -> Tensor<1>| {
            let x = Tensor::<1>::from_floats(values, &device).require_grad();
            let y = function(x.clone());
            let gradients = y.clone().square().sum().backward();
            let host = |tensor: Tensor<1>| tensor.into_data().iter().collect::<Vec<f32>>();
            (host(y.inner()), host(x.grad(&gradients).unwrap()))
        };
        let (found, expected) = (gradient(elu), gradient(by_tensors));
        let pairs = found.0.iter().zip(&expected.0).chain(found.1.iter().zip(&expected.1));
        for (found, expected) in pairs {
            assert!((found - expected).abs() < 2e-6 * expected.abs().max(1.0), "{found} against {expected}");
        }
    }
}
