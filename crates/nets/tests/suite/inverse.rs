//! Inverse dynamics: gradients, and what is predicted after a little training.

use burn::tensor::{Device, Tensor};
use nets::dynamics::inverse::{InverseConfig, InverseHead};

use crate::support::{check_parameters, seeded, tensor, training, values};

fn config(head: InverseHead) -> InverseConfig {
    InverseConfig { state: 2, action: 3, hidden: vec![5], head, bins: 4 }
}

#[test]
fn gradients_of_every_head_agree_with_differences() {
    let device = training();
    let numbers = |phase: f64, count: usize| -> Vec<f32> {
        (0..count).map(|index| (index as f64 * 1.3 + phase).sin() as f32).collect()
    };
    let [state, next] = [0.1, 0.7].map(|phase| tensor(numbers(phase, 8), [4, 2], &device));
    let vectors = tensor(numbers(0.4, 12), [4, 3], &device);
    let indices = tensor(vec![1., 0., 0., 0., 0., 1., 0., 1., 0., 1., 0., 0.], [4, 3], &device);
    for (head, actions) in
        [(InverseHead::Mse, &vectors), (InverseHead::Bins, &vectors), (InverseHead::Classifier, &indices)]
    {
        let model = config(head).init(&device, &mut seeded(2));
        check_parameters(&model, 5e-3, |model| {
            model.loss(state.clone(), next.clone(), actions.clone()).sum()
        });
    }
}

#[test]
fn actions_lie_in_the_box_and_bins_at_their_centres() {
    let device = Device::flex();
    let state: Tensor<2> = tensor(vec![3.0; 8], [4, 2], &device);
    for head in [InverseHead::Mse, InverseHead::Bins] {
        let model = config(head).init(&device, &mut seeded(3));
        let action = model.action(state.clone(), state.clone().mul_scalar(-2.0));
        assert_eq!(action.dims(), [4, 3]);
        for value in values(&action) {
            assert!(value.abs() <= 1.0);
            let centre = [-0.75, -0.25, 0.25, 0.75].contains(&value);
            assert!(head == InverseHead::Mse || centre, "{value}");
        }
    }
}
