//! Values on their way out of tensors.

use burn::tensor::Tensor;

/// A tensor's values in host memory, row-major and without their graph.
pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.without_autodiff().into_data().iter().collect()
}

/// Index of the largest value, the first among equals; 0 where there is none.
pub fn argmax<T: PartialOrd>(values: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn values_are_row_major_and_come_without_their_graph() {
        let device = Device::flex().autodiff();
        let tensor = Tensor::<2>::from_data([[1.0, 2.0], [3.0, 4.0]], &device);
        assert_eq!(host(tensor.clone()), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(host(tensor.transpose()), [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn the_first_of_the_largest() {
        assert_eq!(argmax(&[0.5f32, 2.0, 2.0, -1.0]), 1);
        assert_eq!(argmax(&[-3.0f64, -2.0]), 1);
        assert_eq!(argmax::<f32>(&[]), 0);
    }
}
