//! Products of matrices.

use crate::kernel::matrix::{View, multiply_on};

/// A linear map.
#[derive(Debug)]
pub(super) struct Linear {
    /// `[inputs, outputs]`, row-major.
    weight: Vec<f32>,
    /// `[outputs]`, or empty.
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    /// From `weight [inputs, outputs]` and `bias [outputs]`, which may be empty.
    pub fn new(weight: Vec<f32>, bias: Vec<f32>, inputs: usize) -> Self {
        let outputs = weight.len() / inputs;
        debug_assert!(weight.len() == inputs * outputs && (bias.is_empty() || bias.len() == outputs));
        Self { weight, bias, inputs, outputs }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The outputs `[M, outputs]` of `input [M, inputs]`.
    pub fn apply(&self, input: &[f32], threads: bool) -> Vec<f32> {
        let mut output = vec![0.0; input.len() / self.inputs * self.outputs];
        self.product(input, &mut output, false, threads);
        output
    }

    /// Adds the outputs to `sum [M, outputs]`.
    pub fn add(&self, input: &[f32], sum: &mut [f32], threads: bool) {
        self.product(input, sum, true, threads);
    }

    fn product(&self, input: &[f32], output: &mut [f32], add: bool, threads: bool) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let input = View::new(input, input.len() / inputs, inputs);
        multiply_on(threads, output, outputs, input, View::new(&self.weight, inputs, outputs), add);
        if !self.bias.is_empty() {
            for row in output.chunks_exact_mut(outputs) {
                row.iter_mut().zip(&self.bias).for_each(|(value, bias)| *value += bias);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|index| ((index * 37 + seed * 11) % 101) as f32 * 0.013 - 0.6).collect()
    }

    #[test]
    fn a_product_is_the_sum_of_products() {
        let linear = Linear::new(values(6, 1), vec![1.0, -1.0, 0.5], 2);
        let found = linear.apply(&[2.0, 3.0], false);
        let weight = values(6, 1);
        for column in 0..3 {
            let expected = 2.0 * weight[column] + 3.0 * weight[3 + column] + [1.0, -1.0, 0.5][column];
            assert!((found[column] - expected).abs() < 1e-6);
        }
        let plain = Linear::new(weight, Vec::new(), 2);
        let mut sum = vec![10.0; 3];
        plain.add(&[2.0, 3.0], &mut sum, false);
        assert!((sum[0] - 10.0 - (found[0] - 1.0)).abs() < 1e-5);
    }

    #[test]
    fn a_row_has_the_same_bits_in_any_company() {
        for (inputs, outputs) in [(128, 384), (384, 128), (48, 13)] {
            let linear = Linear::new(values(inputs * outputs, 3), Vec::new(), inputs);
            let all = values(40 * inputs, 5);
            let together = linear.apply(&all, false);
            for (rows, threads) in [(1, false), (3, false), (16, false), (40, true), (1, true)] {
                let found = linear.apply(&all[..rows * inputs], threads);
                assert_eq!(found, together[..rows * outputs], "{rows} rows of {inputs}");
            }
        }
    }
}
