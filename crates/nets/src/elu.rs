//! The exponential linear unit.

use burn::tensor::{Tensor, activation};

use crate::pointwise::{self, Pointwise};

/// x for x > 0, else exp(x) - 1, with its gradient.
pub fn elu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    pointwise::apply::<Elu, D>(input)
}

struct Elu;

impl Pointwise for Elu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        let below = exponential(x) - 1.0;
        if x > 0.0 { x } else { below }
    }

    #[inline(always)]
    fn tangent(x: f32) -> (f32, f32) {
        let slope = exponential(x);
        let offset = slope - 1.0 - x * slope;
        if x > 0.0 { (1.0, 0.0) } else { (slope, offset) }
    }

    /// Written as a sum: a masked exponential overflows for x > 88 and gives NaN gradients.
    fn by_tensors<const D: usize>(input: Tensor<D>) -> Tensor<D> {
        let negative = input.clone().clamp_max(0.0).exp().sub_scalar(1.0);
        activation::relu(input).add(negative)
    }
}

/// exp(min(x, 0)), 0 below -87: 2^n times a polynomial of the remainder, which is at most ln 2 / 2 in
/// size, with a relative error below 3e-7.
#[inline(always)]
pub(crate) fn exponential(x: f32) -> f32 {
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
            assert!((f64::from(Elu::value(x)) - exact).abs() < 4e-7, "{x}");
            let slope = f64::from(x).min(0.0).exp();
            let (found, offset) = Elu::tangent(x);
            assert!((f64::from(found) - slope).abs() <= 4e-7 * slope, "{x}");
            let value = f64::from(x) * f64::from(found) + f64::from(offset);
            assert!((value - exact).abs() < 1e-6, "{x}: {value} against {exact}");
        }
        assert!(Elu::value(f32::NAN).is_nan());
        assert_eq!([Elu::value(f32::INFINITY), Elu::value(1e30)], [f32::INFINITY, 1e30]);
        assert_eq!(Elu::value(f32::NEG_INFINITY), -1.0);
    }

    #[test]
    fn its_gradient_is_that_of_the_tensor_operations() {
        pointwise::tests::agrees::<Elu>(&[-100.0, -9.0, -1.5, -1e-3, 0.3, 2.0, 100.0], 2e-6);
    }
}
