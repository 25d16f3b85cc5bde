//! The logistic function.

use burn::tensor::{Tensor, activation};

use crate::elu::exponential;
use crate::pointwise::{self, Pointwise};

/// 1/(1 + exp(-x)) of every element, with its gradient.
pub fn sigmoid<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    pointwise::apply::<Sigmoid, D>(input)
}

struct Sigmoid;

impl Pointwise for Sigmoid {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        value(x)
    }

    #[inline(always)]
    fn tangent(x: f32) -> (f32, f32) {
        let value = value(x);
        let slope = value * (1.0 - value);
        (slope, value - slope * x)
    }

    fn by_tensors<const D: usize>(input: Tensor<D>) -> Tensor<D> {
        activation::sigmoid(input)
    }
}

/// Of one number. The exponential is that of -|x|, which does not overflow.
#[inline(always)]
pub(crate) fn value(x: f32) -> f32 {
    let e = exponential(-x.abs());
    (if x >= 0.0 { 1.0 } else { e }) / (1.0 + e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_exact_function() {
        for step in -40_000..=40_000 {
            let x = step as f32 * 1e-3;
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            assert!((f64::from(value(x)) - exact).abs() <= 4e-7 * exact, "{x}");
        }
        assert!(value(f32::NAN).is_nan());
        assert_eq!([value(f32::INFINITY), value(0.0)], [1.0, 0.5]);
    }

    #[test]
    fn its_gradient_is_that_of_the_tensor_operation() {
        pointwise::tests::agrees::<Sigmoid>(&[-30.0, -9.0, -1.5, 0.0, 1e-3, 0.3, 2.0, 15.0], 2e-6);
    }
}
