use crate::support::{scalar, tensor, training, values};
use burn::tensor::Tensor;
use nets::gradient::{reverse, scale, straight_through, surrogate};

fn leaf(numbers: [f32; 2]) -> Tensor<1> {
    tensor(numbers.to_vec(), [2], &training()).require_grad()
}

#[test]
fn straight_through_takes_the_hard_value_and_the_soft_gradient() {
    let (hard, soft) = (leaf([1.0, -7.3]), leaf([0.3, 0.1]));
    let output = straight_through(hard.clone(), soft.clone());
    assert_eq!(values(&output), [1.0, -7.3]);
    let gradients = output.mul(tensor(vec![2.0, 5.0], [2], &training())).sum().backward();
    assert_eq!(values(&soft.grad(&gradients).unwrap()), [2.0, 5.0]);
    assert!(hard.grad(&gradients).is_none_or(|gradient| values(&gradient) == [0.0, 0.0]));
}

#[test]
fn reversed_gradients_change_sign_and_keep_the_value() {
    let input = leaf([1.5, -2.0]);
    let output = reverse(input.clone(), 0.5);
    assert_eq!(values(&output), [1.5, -2.0]);
    let gradients = output.square().sum().backward();
    assert_eq!(values(&input.grad(&gradients).unwrap()), [-1.5, 2.0]);
}

#[test]
fn scaled_gradients_keep_the_value() {
    let input = leaf([1.5, -2.0]);
    let output = scale(input.clone(), 0.25);
    assert_eq!(values(&output), [1.5, -2.0]);
    let gradients = output.square().sum().backward();
    assert_eq!(values(&input.grad(&gradients).unwrap()), [0.75, -1.0]);
}

#[test]
fn a_surrogate_hands_each_tensor_its_cotangent() {
    let (first, second, cotangent) = (leaf([1.0, 2.0]), leaf([3.0, 4.0]), leaf([0.5, -0.5]));
    let other = tensor(vec![7.0, 8.0], [2], &training());
    let pairs = [(first.clone(), cotangent.clone()), (second.clone().mul_scalar(2.0), other)];
    let scalar_of = surrogate(&pairs).unwrap();
    assert_eq!(scalar(&scalar_of), 0.5 - 1.0 + 42.0 + 64.0);
    let gradients = scalar_of.backward();
    assert_eq!(values(&first.grad(&gradients).unwrap()), [0.5, -0.5]);
    assert_eq!(values(&second.grad(&gradients).unwrap()), [14.0, 16.0]);
    assert!(cotangent.grad(&gradients).is_none_or(|gradient| values(&gradient) == [0.0, 0.0]));
    assert!(surrogate::<1>(&[]).is_none());
}
