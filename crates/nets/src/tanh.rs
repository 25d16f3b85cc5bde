//! The hyperbolic tangent.

use burn::tensor::Tensor;

use crate::pointwise::{self, Pointwise};

/// Beyond this the approximation is 1 to the last bit.
const LIMIT: f32 = 7.905_311;

/// tanh of every element, with its gradient 1 - tanh².
pub fn tanh<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    pointwise::apply::<Tanh, D>(input)
}

struct Tanh;

impl Pointwise for Tanh {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        approximate(x)
    }

    #[inline(always)]
    fn tangent(x: f32) -> (f32, f32) {
        let value = approximate(x);
        let slope = 1.0 - value * value;
        (slope, value - slope * x)
    }

    fn by_tensors<const D: usize>(input: Tensor<D>) -> Tensor<D> {
        input.tanh()
    }
}

/// tanh(x) as x P(x²)/Q(x²): a minimax fit of degrees 13 and 6 (the one that Eigen uses), with a
/// relative error below 5e-7.
#[inline(always)]
pub(crate) fn approximate(x: f32) -> f32 {
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
    fn its_gradient_is_that_of_the_tensor_operation() {
        pointwise::tests::agrees::<Tanh>(&[-30.0, -9.0, -1.5, 0.0, 1e-3, 0.3, 2.0, 8.0], 3e-6);
    }
}
