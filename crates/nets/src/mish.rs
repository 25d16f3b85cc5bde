//! The Mish activation.

use burn::tensor::{Tensor, activation};

use crate::elu::exponential;
use crate::pointwise::{self, Pointwise};

/// x tanh(log(1 + exp(x))) of every element (Misra, 2020), with its gradient.
pub fn mish<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    pointwise::apply::<Mish, D>(input)
}

struct Mish;

/// With e = exp(-|x|): tanh(log(1 + exp(x))) = n/(n + r), where (n, r) = (1 + 2e, 2e²) for x >= 0 and
/// (e(e + 2), 2) below, neither of which overflows.
#[inline(always)]
fn parts(x: f32) -> (f32, f32, f32) {
    let e = exponential(-x.abs());
    let above = (1.0 + 2.0 * e, 2.0 * e * e);
    let below = (e * (e + 2.0), 2.0);
    let (n, r) = if x >= 0.0 { above } else { below };
    (n, r, e)
}

impl Pointwise for Mish {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        let (n, r, _) = parts(x);
        x * (n / (n + r))
    }

    #[inline(always)]
    fn tangent(x: f32) -> (f32, f32) {
        let (n, r, e) = parts(x);
        let sum = n + r;
        let gate = n / sum;
        let sigmoid = if x >= 0.0 { 1.0 } else { e } / (1.0 + e);
        // The derivative of the gate is (1 - gate²) sigmoid(x), its first factor without cancellation.
        let steep = x * (r / sum) * ((n + sum) / sum) * sigmoid;
        (gate + steep, -x * steep)
    }

    fn by_tensors<const D: usize>(input: Tensor<D>) -> Tensor<D> {
        activation::mish(input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_exact_function() {
        for step in -40_000..=40_000 {
            let x = step as f32 * 1e-3;
            let exact = f64::from(x);
            let expected = exact * exact.exp().ln_1p().tanh();
            assert!((f64::from(Mish::value(x)) - expected).abs() <= 6e-7 * exact.abs().max(1.0), "{x}");
            let (slope, offset) = Mish::tangent(x);
            let value = exact * f64::from(slope) + f64::from(offset);
            assert!((value - expected).abs() <= 4e-6 * exact.abs().max(1.0), "{x}");
        }
        assert!(Mish::value(f32::NAN).is_nan());
        assert_eq!(Mish::value(1e30), 1e30);
    }

    #[test]
    fn its_gradient_is_that_of_the_tensor_operations() {
        pointwise::tests::agrees::<Mish>(&[-30.0, -9.0, -1.5, -1e-3, 0.0, 0.3, 2.0, 15.0], 4e-6);
    }
}
