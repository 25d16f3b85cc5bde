use crate::support::{assert_close, check_input, check_parameters, named, seeded, tensor, training, values};
use burn::tensor::Tensor;
use nets::dynamics::{LatentModel, Transition};
use nets::encoder::LatentShape;
use nets::mlp::{Activation, MlpConfig};
use nets::noise;
use nets::parameters::export;

#[test]
fn a_latent_rollout_is_its_steps_and_gradients_flow_through_all() {
    let device = training();
    let shape = MlpConfig::new(0, &[8], 0).with_activation(Activation::Elu);
    let model = LatentModel::new(4, 2, &shape, &device, &mut seeded(1));
    let start = noise::normal([3, 4], &device, &mut seeded(2));
    let actions = noise::normal([3, 5, 2], &device, &mut seeded(3));
    let (latents, rewards) = model.rollout(start.clone(), actions.clone());
    assert_eq!((latents.dims(), rewards.dims()), ([3, 5, 4], [3, 5]));
    let mut current = start.clone();
    for step in 0..5 {
        let action = actions.clone().narrow(1, step, 1).squeeze_dim(1);
        let (next, reward) = model.step(current, action);
        let rolled: Tensor<2> = latents.clone().narrow(1, step, 1).squeeze_dim(1);
        assert_eq!(values(&rolled), values(&next));
        assert_eq!(values(&rewards.clone().narrow(1, step, 1)), values(&reward));
        current = next;
    }
    let loss = |model: &LatentModel, start| {
        let (latents, rewards) = model.rollout(start, actions.clone());
        latents.narrow(1, 4, 1).square().sum() + rewards.sum()
    };
    check_input(start.clone(), 2e-2, |start| loss(&model, start));
    check_parameters(&model, 2e-2, |model| loss(model, start.clone()));
}

fn one_hot(indices: [[usize; 2]; 3]) -> Tensor<3> {
    let mut values = vec![0.0; 3 * 2 * 2];
    for (row, steps) in indices.iter().enumerate() {
        for (step, &action) in steps.iter().enumerate() {
            values[(row * 2 + step) * 2 + action] = 1.0;
        }
    }
    tensor(values, [3, 2, 2], &training())
}

#[test]
fn transitions_give_latents_between_zero_and_one_that_depend_on_the_action() {
    let map = LatentShape::Map { channels: 3, height: 4, width: 4 };
    for shape in [map, LatentShape::Flat(48)] {
        let model = Transition::new(shape, 2, 6, &training(), &mut seeded(4));
        let start = noise::uniform([3, 48], &training(), &mut seeded(5));
        let rolled = |actions, train| model.rollout(start.clone(), one_hot(actions), train);
        let first = rolled([[0, 1]; 3], true);
        assert_eq!(first.dims(), [3, 2, 48]);
        assert!(values(&first).iter().all(|value| (0.0..=1.0).contains(value)));
        let (left, right) = (rolled([[0, 1]; 3], false), rolled([[0, 0]; 3], false));
        let step = |latents: &Tensor<3>, step| values(&latents.clone().narrow(1, step, 1));
        assert_eq!(step(&left, 0), step(&right, 0));
        assert_ne!(step(&left, 1), step(&right, 1));
    }
}

#[test]
fn only_training_passes_change_the_running_statistics() {
    let map = LatentShape::Map { channels: 3, height: 4, width: 4 };
    let model = Transition::new(map, 2, 6, &training(), &mut seeded(6));
    let start = noise::uniform([3, 48], &training(), &mut seeded(7));
    let before = named(export(&model, ""));
    model.rollout(start.clone(), one_hot([[0, 1]; 3]), false);
    assert_eq!(named(export(&model, "")), before);
    model.rollout(start, one_hot([[0, 1]; 3]), true);
    let name = "Convolutional.norm.running_mean";
    assert_ne!(named(export(&model, ""))[name], before[name]);
}

#[test]
fn gradients_of_transitions_match_finite_differences() {
    let map = LatentShape::Map { channels: 2, height: 3, width: 3 };
    let weights = noise::normal([3, 2, 18], &training(), &mut seeded(8));
    for (shape, train) in [(map, true), (map, false), (LatentShape::Flat(18), true)] {
        let model = Transition::new(shape, 2, 4, &training(), &mut seeded(9));
        let start = noise::uniform([3, 18], &training(), &mut seeded(10));
        let loss = |model: &Transition, start| {
            let latents = model.rollout(start, one_hot([[0, 1], [1, 1], [1, 0]]), train);
            (latents * weights.clone()).mean()
        };
        check_input(start.clone(), 2e-2, |start| loss(&model, start));
        check_parameters(&model, 2e-2, |model| loss(model, start.clone()));
        assert_close(&[values(&loss(&model, start.clone()))[0]], &values(&loss(&model, start)), 1e-6);
    }
}
