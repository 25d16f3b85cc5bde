use crate::support::{
    assert_close, check_input, check_parameters, gradients, named, seeded, tensor, training, values,
};
use burn::tensor::Tensor;
use nets::heads::{Critic, DeterministicActor, GaussianHead, LogStd, QHead, QHeadConfig};
use nets::init::Init;
use nets::mlp::{Activation, MlpConfig};
use nets::noise;
use nets::noisy::NoisyLinear;
use nets::parameters::{export, import};

fn head(dueling: bool, noisy: Option<f64>) -> QHead {
    let config = QHeadConfig { latent: 5, hidden: 6, actions: 3, atoms: 2, dueling, noisy };
    QHead::new(&config, &training(), &mut seeded(1))
}

fn latent(rows: usize) -> Tensor<2> {
    noise::normal([rows, 5], &training(), &mut seeded(2))
}

#[test]
fn a_noisy_layer_computes_the_noisy_weights_product() {
    let device = training();
    let layer = NoisyLinear::new(5, 3, 0.5, &device, &mut seeded(3));
    let zeros = Tensor::zeros([1, 5], &device);
    let noise = layer.sample_noise(&mut seeded(4));
    // The same draws again, made into W + S ∘ εin εoutᵀ.
    let mut random = seeded(4);
    let mut factor = |size| {
        let draws: Tensor<2> = noise::normal([1, size], &device, &mut random);
        draws.clone().sign() * draws.abs().sqrt()
    };
    let (input, output): (Tensor<2>, Tensor<2>) = (factor(5), factor(3));
    let arrays = named(export(&layer, ""));
    let array = |name: &str, rows| tensor(arrays[name].values.clone(), [rows, 3], &device);
    let outer = input.transpose().matmul(output.clone());
    let weight = array("weight", 5) + array("weight_scale", 5) * outer;
    let bias = array("bias", 1) + array("bias_scale", 1) * output;
    let x = latent(4);
    let expected = x.clone().matmul(weight) + bias;
    assert_close(&values(&layer.forward(x.clone(), Some(&noise))), &values(&expected), 1e-5);

    let mean = x.clone().matmul(array("weight", 5)) + array("bias", 1);
    assert_close(&values(&layer.forward(x.clone(), None)), &values(&mean), 1e-6);
    assert_close(&values(&layer.forward(zeros, None)), &arrays["bias"].values, 1e-6);
    let scale = 0.5 / 5.0_f32.sqrt();
    assert!(arrays["weight_scale"].values.iter().all(|&value| value == scale));
    check_parameters(&layer, 2e-2, |layer| layer.forward(x.clone(), Some(&noise)).square().sum());
}

#[test]
fn dueling_streams_leave_the_value_as_the_mean_over_actions() {
    for noisy in [None, Some(0.5)] {
        let head = head(true, noisy);
        let noise = head.sample_noise(&mut seeded(5));
        let before = head.forward(latent(4), Some(&noise));
        assert_eq!(before.dims(), [4, 3, 2]);
        // A constant added to one atom's advantage of all actions changes nothing; added to V, it
        // shifts that atom for all actions.
        let moved = |stream: &str, by: f32| {
            let layer = if noisy.is_some() { "Noisy" } else { "Plain" };
            let mut arrays = named(export(&head, ""));
            let bias = arrays.get_mut(&format!("{stream}.second.{layer}.bias")).unwrap();
            bias.values.iter_mut().skip(1).step_by(2).for_each(|bias| *bias += by);
            let head = import(head.clone(), "", &arrays).unwrap();
            head.forward(latent(4), Some(&noise))
        };
        assert_close(&values(&moved("advantage", 3.0)), &values(&before), 1e-5);
        let shifted = before + tensor(vec![0.0, 3.0], [1, 1, 2], &training());
        assert_close(&values(&moved("value", 3.0)), &values(&shifted), 1e-5);
    }
}

#[test]
fn heads_without_noise_are_deterministic_and_noise_moves_noisy_ones_only() {
    for (dueling, noisy) in [(false, None), (true, None), (false, Some(0.5)), (true, Some(0.5))] {
        let head = head(dueling, noisy);
        let noise = head.sample_noise(&mut seeded(6));
        let (mean, sample) = (head.forward(latent(3), None), head.forward(latent(3), Some(&noise)));
        assert_eq!(values(&mean) == values(&sample), noisy.is_none());
        let again = head.sample_noise(&mut seeded(6));
        assert_eq!(values(&head.forward(latent(3), Some(&again))), values(&sample));
        let input = latent(3);
        check_input(input.clone(), 3e-2, |z| head.forward(z, Some(&noise)).square().mean());
        check_parameters(&head, 3e-2, |head| head.forward(input.clone(), Some(&noise)).square().mean());
    }
}

#[test]
fn the_projection_is_the_first_layers_that_the_values_are_made_of() {
    let head = head(true, Some(0.5));
    let noise = head.sample_noise(&mut seeded(7));
    let projection = head.first_layers(latent(4), Some(&noise));
    assert_eq!((projection.dims(), head.projection()), ([4, 12], 12));
    assert!(values(&projection).iter().any(|&value| value < 0.0), "taken before the ReLU");
    let found = gradients(&head, &projection.clone().sum().backward());
    assert!(found.keys().all(|name| name.contains(".first.")));
    assert_eq!(found.len(), 8);
    let value = head.clone().first_layers(latent(4), None).narrow(1, 0, 6);
    let arrays = named(export(&head, ""));
    let device = training();
    let weight = tensor(arrays["value.first.Noisy.weight"].values.clone(), [5, 6], &device);
    let bias = tensor(arrays["value.first.Noisy.bias"].values.clone(), [1, 6], &device);
    assert_close(&values(&value), &values(&(latent(4).matmul(weight) + bias)), 1e-5);
}

#[test]
fn critics_give_one_value_per_member_and_row() {
    let shape = MlpConfig::new(7, &[8], 1).with_activation(Activation::Elu);
    for trunk in [None, Some(6)] {
        let critic = Critic::new(&shape, 2, trunk, &training(), &mut seeded(8));
        let action = noise::normal([4, 2], &training(), &mut seeded(9));
        let output = critic.forward(latent(4), action.clone());
        assert_eq!(output.dims(), [2, 4]);
        let numbers = values(&output);
        assert_ne!(numbers[..4], numbers[4..]);
        check_parameters(&critic, 2e-2, |c| c.forward(latent(4), action.clone()).square().sum());
        check_input(action, 2e-2, |action| critic.forward(latent(4), action).min_dim(0).sum());
    }
}

#[test]
fn deterministic_actors_stay_inside_the_box() {
    let init = Init::Orthogonal { gain: 1.0 };
    let shape = MlpConfig::new(5, &[8], 2).with_activation(Activation::Elu).with_init(init, init);
    let actor = DeterministicActor::new(&shape, Some(6), &training(), &mut seeded(10));
    let actions = values(&actor.forward(latent(50).mul_scalar(20.0)));
    assert!(actions.iter().all(|action| action.abs() < 1.0));
    check_parameters(&actor, 2e-2, |actor| actor.forward(latent(4)).square().sum());
}

#[test]
fn log_standard_deviations_keep_their_bounds() {
    let shape = MlpConfig::new(5, &[8], 2).with_activation(Activation::Tanh);
    let head = |log_std| GaussianHead::new(&shape, log_std, &training(), &mut seeded(11));
    let far = latent(64).mul_scalar(50.0);
    let bounded = [LogStd::Clamp { low: -0.2, high: 0.1 }, LogStd::TanhAffine { low: -0.2, high: 0.1 }];
    for log_std in bounded {
        let distribution = head(log_std).forward(far.clone());
        let numbers = values(&distribution.log_std);
        assert_eq!(distribution.mean.dims(), [64, 2]);
        assert!(numbers.iter().all(|value| (-0.2001..=0.1001).contains(value)), "{log_std:?}");
        assert!(numbers.iter().any(|&value| value != numbers[0]));
    }
    let free = head(LogStd::Free { initial: -0.5 });
    let distribution = free.forward(latent(3));
    assert_eq!(values(&distribution.log_std), [-0.5; 6]);
    let value = Tensor::ones([3, 2], &training());
    for log_std in [LogStd::Free { initial: -0.5 }, LogStd::TanhAffine { low: -5.0, high: 2.0 }] {
        check_parameters(&head(log_std), 2e-2, |head| head.forward(latent(3)).log_prob(value.clone()).mean());
    }
}
