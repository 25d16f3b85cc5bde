//! From losses per sample to the scalar of an update.
//!
//! A single f32 sum over more than about four million elements is split between threads on the
//! CPU and rounds differently from run to run; every sum here is made of pieces below that.

use burn::tensor::Tensor;

/// Elements that one sum adds up at most.
const PIECE: usize = 1 << 20;

/// Sum of all elements, reproducible at any size.
pub fn total<const D: usize>(values: Tensor<D>) -> Tensor<1> {
    let count = values.shape().num_elements();
    if count <= PIECE {
        return values.sum();
    }
    let flat = values.reshape([count]);
    let pieces = (0..count).step_by(PIECE);
    let sums = pieces.map(|start| flat.clone().narrow(0, start, PIECE.min(count - start)).sum());
    Tensor::cat(sums.collect(), 0).sum()
}

/// Mean of all elements, reproducible at any size.
pub fn mean<const D: usize>(values: Tensor<D>) -> Tensor<1> {
    let count = values.shape().num_elements();
    total(values).div_scalar(count.max(1) as f32)
}

/// Mean of the elements whose 0/1 `mask` is 1, and 0 if there are none. Elements masked away may
/// hold anything, infinities included.
pub fn masked_mean<const D: usize>(values: Tensor<D>, mask: Tensor<D>) -> Tensor<1> {
    let kept = total(mask.clone()).clamp_min(1.0);
    total(keep(values, mask)) / kept
}

/// `sum_i w_i l_i / B` of `values [B]` and `weights [B]`. The divisor is the number of samples:
/// the importance weights of prioritised replay are already scaled to at most 1 (Schaul et al.,
/// 2016, section 3.4).
pub fn weighted_mean(values: Tensor<1>, weights: Tensor<1>) -> Tensor<1> {
    mean(values * weights)
}

/// Sums `values [B, T]` over the time steps whose `mask` is 1, then takes the mean over B.
pub fn sum_then_mean(values: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    let rows = values.dims()[0];
    total(keep(values, mask)).div_scalar(rows.max(1) as f32)
}

/// Mean of `values [B, T]` over each row's steps whose `mask` is 1 (0 for a row without any),
/// then the mean over B: every sequence counts the same whatever its length.
pub fn per_sequence_mean(values: Tensor<2>, mask: Tensor<2>) -> Tensor<1> {
    let kept = mask.clone().sum_dim(1).clamp_min(1.0);
    mean(keep(values, mask).sum_dim(1) / kept)
}

/// `values` with 0 wherever `mask` is 0.
fn keep<const D: usize>(values: Tensor<D>, mask: Tensor<D>) -> Tensor<D> {
    values.mask_fill(mask.equal_elem(0.0), 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_gradient, random_values, tensor, values};

    #[test]
    fn means_of_a_small_case() {
        let losses = tensor(&[1.0, 2.0, f32::INFINITY, 4.0, 5.0, f32::NAN], [2, 3]);
        let mask = tensor(&[1.0, 1.0, 0.0, 1.0, 0.0, 0.0], [2, 3]);
        let got = values(masked_mean(losses.clone(), mask.clone()));
        assert!((got[0] - 7.0 / 3.0).abs() < 1e-6);
        assert_eq!(values(sum_then_mean(losses.clone(), mask.clone())), [3.5]);
        assert_eq!(values(per_sequence_mean(losses.clone(), mask)), [2.75]);
        assert_eq!(values(masked_mean(losses, tensor(&[0.0; 6], [2, 3]))), [0.0]);
        let weighted = weighted_mean(tensor(&[1.0, 3.0], [2]), tensor(&[1.0, 0.5], [2]));
        assert_eq!(values(weighted), [1.25]);
    }

    #[test]
    fn a_large_sum_is_exact_where_it_can_be_and_repeats() {
        let count = 5 * PIECE + 17;
        let ones = tensor(&vec![1.0; count], [count]);
        assert_eq!(values(total(ones)), [count as f32]);
        let random = tensor(&random_values(1, count), [count]);
        let first = values(total(random.clone()));
        for _ in 0..5 {
            assert_eq!(first, values(total(random.clone())));
        }
    }

    #[test]
    fn gradients_reach_only_what_is_kept() {
        let mask = [1.0, 0.0, 1.0, 1.0, 1.0, 0.0];
        check_gradient(&random_values(2, 6), |leaf| {
            let rows = leaf.reshape([2, 3]).square();
            masked_mean(rows.clone(), tensor(&mask, [2, 3])) + per_sequence_mean(rows, tensor(&mask, [2, 3]))
        });
    }
}
