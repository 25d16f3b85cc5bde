//! The hyperbolic tangent, fast on the CPU.
//!
//! The CPU backend calls the C library's `tanhf` element by element, which took more than half of
//! the time of a policy-gradient update with tanh networks. The rational approximation here is
//! computed in lanes and is as accurate to within a few units in the last place.

use burn::tensor::{DType, Device, Tensor, TensorData};

/// Beyond this the approximation is 1 to the last bit.
const LIMIT: f32 = 7.905_311;

/// tanh of every element, with its gradient 1 - tanh².
pub fn tanh<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let device = input.device();
    if device.clone().without_autodiff() != Device::flex() {
        return input.tanh();
    }
    if !device.is_autodiff() {
        return on_host(input);
    }
    let value = on_host(input.clone().without_autodiff()).autodiff();
    if !input.is_tracked() {
        return value;
    }
    // A value computed elsewhere with the gradient of tanh: y + (x - sg(x)) (1 - y²).
    let slope = value.clone().square().neg().add_scalar(1.0);
    value + (input.clone() - input.detach()) * slope
}

fn on_host<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if input.dtype() != DType::F32 {
        return input.tanh();
    }
    let (shape, device) = (input.dims(), input.device());
    let mut data = input.into_data();
    match data.as_mut_slice::<f32>() {
        Ok(values) => {
            apply(values);
            Tensor::from_data(data, &device)
        }
        // Bytes that are not aligned to numbers: read them one by one.
        Err(_) => {
            let mut values: Vec<f32> = data.iter().collect();
            apply(&mut values);
            Tensor::from_data(TensorData::new(values, shape), &device)
        }
    }
}

/// Replaces every value by its tanh, in the widest lanes that the processor has.
fn apply(values: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the processor has the two features that the function is compiled for.
        return unsafe { apply_wide(values) };
    }
    values.iter_mut().for_each(|value| *value = approximate(*value));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn apply_wide(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = approximate(*value));
}

/// tanh(x) as x P(x²)/Q(x²): a minimax fit of degrees 13 and 6 (the one that Eigen uses), with a
/// relative error below 5e-7.
#[inline(always)]
fn approximate(x: f32) -> f32 {
    let x = x.clamp(-LIMIT, LIMIT);
    let s = x * x;
    let p = -2.760_768_5e-16;
    let p = p * s + 2.000_188e-13;
    let p = p * s - 8.604_672e-11;
    let p = p * s + 5.122_297e-8;
    let p = p * s + 1.485_722_3e-5;
    let p = p * s + 6.372_619e-4;
    let p = p * s + 4.893_524_6e-3;
    let q = 1.198_258_4e-6;
    let q = q * s + 1.185_347_1e-4;
    let q = q * s + 2.268_434_6e-3;
    let q = q * s + 4.893_525e-3;
    x * p / q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_exact_function() {
        for step in -40_000..=40_000 {
            let x = step as f32 * 5e-4;
            let exact = f64::from(x).tanh();
            let error = (f64::from(approximate(x)) - exact).abs();
            assert!(error <= 6e-7 * exact.abs() + 1e-12, "{x}: {error}");
        }
        assert!(approximate(f32::NAN).is_nan());
        assert_eq!(approximate(f32::INFINITY), approximate(LIMIT));
    }

    #[test]
    fn its_gradient_is_one_minus_its_square() {
        let device = Device::flex().autodiff();
        let x = Tensor::<1>::from_floats([-9.0, -1.5, 0.0, 0.3, 2.0], &device).require_grad();
        let weights = Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0, 5.0], &device);
        let gradients = (tanh(x.clone()) * weights).sum().backward();
        let got: Vec<f32> = x.grad(&gradients).unwrap().into_data().iter().collect();
        for ((got, x), weight) in got.iter().zip([-9.0_f64, -1.5, 0.0, 0.3, 2.0]).zip(1..) {
            let exact = f64::from(weight) * (1.0 - x.tanh().powi(2));
            assert!((f64::from(*got) - exact).abs() < 3e-6, "{x}: {got} against {exact}");
        }
    }

    #[test]
    fn without_gradients_it_keeps_the_device() {
        let y = tanh(Tensor::<2>::from_floats([[0.5, -0.5]], &Device::flex()));
        assert!(!y.device().is_autodiff());
        let y: Vec<f32> = y.into_data().iter().collect();
        assert!((y[0] - 0.462_117_16).abs() < 1e-6 && y[0] == -y[1]);
    }
}
