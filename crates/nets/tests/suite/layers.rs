use crate::support::{
    assert_close, check_input, check_parameters, golden, gradients, named, numbers, scalar, seeded, tensor,
    training, values,
};
use burn::tensor::Tensor;
use nets::init::{Convolution, Init, conv2d};
use nets::mlp::{Activation, Mlp, MlpConfig, Norm, Trunk};
use nets::noise;
use nets::norm::{BatchNorm, renormalise};
use nets::parameters::{NamedArray, export, import};
use nets::unfold::convolve;
use nets::{ensemble::EnsembleMlp, host};
use serde_json::{from_value, json};

const NAMES: [&str; 7] = ["relu", "elu", "silu", "gelu", "mish", "tanh", "leaky-relu"];

#[test]
fn activations_match_scipy_and_have_their_names() {
    let golden = golden("activations");
    for name in NAMES {
        let activation: Activation = from_value(json!(name)).unwrap();
        let input = tensor(numbers(&golden, "input"), [7], &training());
        assert_close(&values(&activation.forward(input)), &numbers(&golden, name), 1e-5);
    }
}

#[test]
fn activations_have_finite_gradients_far_out() {
    for name in NAMES {
        let activation: Activation = from_value(json!(name)).unwrap();
        let input = tensor(vec![-200.0, 200.0], [2], &training()).require_grad();
        let gradients = activation.forward(input.clone()).sum().backward();
        let gradient = values(&input.grad(&gradients).unwrap());
        assert!(gradient.iter().all(|g| g.is_finite()), "{name}: {gradient:?}");
    }
}

fn golden_perceptron() -> (Mlp, Tensor<2>, Vec<f32>) {
    let golden = golden("perceptron");
    let device = training();
    let config = MlpConfig::new(3, &[4], 2).with_activation(Activation::Elu).with_norm(Norm::Layer);
    let mlp = config.init(&device, &mut seeded(0));
    let arrays = export(&mlp, "net").into_iter().map(|array| NamedArray {
        values: numbers(&golden, array.name.strip_prefix("net.").unwrap()),
        ..array
    });
    let mlp = import(mlp, "net", &named(arrays.collect())).unwrap();
    let input = tensor(numbers(&golden, "input"), [2, 3], &device);
    (mlp, input, numbers(&golden, "output"))
}

#[test]
fn a_perceptron_with_layer_normalisation_matches_numpy() {
    let (mlp, input, output) = golden_perceptron();
    assert_close(&values(&mlp.forward(input)), &output, 1e-5);
}

#[test]
fn gradients_of_a_perceptron_match_finite_differences() {
    let (mlp, input, _) = golden_perceptron();
    check_parameters(&mlp, 2e-2, |mlp| mlp.forward(input.clone()).square().mean());
    check_input(input, 2e-2, |input| mlp.forward(input).square().mean());
}

#[test]
fn a_perceptron_without_hidden_layers_is_linear() {
    let device = training();
    let mlp = MlpConfig::new(3, &[], 2).init(&device, &mut seeded(1));
    let input = noise::normal([4, 3], &device, &mut seeded(2));
    let double = mlp.forward(input.clone().mul_scalar(2.0)) - mlp.forward(input.clone());
    let origin = mlp.forward(input.zeros_like());
    assert_close(&values(&(mlp.forward(input) - origin)), &values(&double), 1e-5);
}

#[test]
fn gradients_of_a_trunk_match_finite_differences() {
    let device = training();
    let trunk = Trunk::new(5, 4, Init::Orthogonal { gain: 1.0 }, &device, &mut seeded(3));
    let input = noise::normal([3, 5], &device, &mut seeded(4));
    check_parameters(&trunk, 2e-2, |trunk| trunk.forward(input.clone()).powi_scalar(3).sum());
}

#[test]
fn convolutions_match_scipy() {
    let golden = golden("convolution");
    let device = training();
    for (name, stride, padding) in [("stride1_padding1", 1, 1), ("stride2_padding0", 2, 0)] {
        let shape = Convolution { input: 2, output: 3, kernel: 3, stride, padding };
        let layer = conv2d(shape, Init::FanIn, &device, &mut seeded(5));
        let arrays = export(&layer, "conv").into_iter().map(|array| NamedArray {
            values: numbers(&golden, array.name.strip_prefix("conv.").unwrap()),
            ..array
        });
        let layer = import(layer, "conv", &named(arrays.collect())).unwrap();
        let output = layer.forward(tensor(numbers(&golden, "image"), [1, 2, 7, 6], &device));
        let [_, channels, height, width] = output.dims();
        let sizes = (shape.output_size(7), shape.output_size(6));
        assert_eq!((channels, sizes), (3, (Some(height), Some(width))));
        assert_close(&values(&output), &numbers(&golden, name), 1e-5);
    }
}

#[test]
fn an_ensemble_is_its_members_side_by_side() {
    let device = training();
    for norm in [Norm::None, Norm::Layer] {
        let config = MlpConfig::new(5, &[7, 6], 2).with_activation(Activation::Silu).with_norm(norm);
        let ensemble = EnsembleMlp::new(&config, 3, &device, &mut seeded(6));
        let mut random = seeded(6);
        let members: Vec<Mlp> = (0..3).map(|_| config.init(&device, &mut random)).collect();
        let input = noise::normal([4, 5], &device, &mut seeded(7));
        let outputs = members.iter().map(|member| member.forward(input.clone())).collect();
        let expected: Tensor<3> = Tensor::stack(outputs, 0);
        assert_eq!(ensemble.members(), 3);
        assert_close(&values(&ensemble.forward(input.clone())), &values(&expected), 1e-5);
        check_parameters(&ensemble, 2e-2, |net| net.forward(input.clone()).square().sum());
        check_input(input, 2e-2, |input| ensemble.forward(input).square().sum());
    }
}

#[test]
fn batch_normalisation_uses_the_statistics_it_is_told_to() {
    let device = training();
    let norm = BatchNorm::new(2, &device);
    let input = noise::normal([3, 2, 2, 2], &device, &mut seeded(8)).mul_scalar(3.0);
    let input = input.add_scalar(5.0);
    let untouched = norm.forward(input.clone(), false);
    assert_close(&values(&untouched), &values(&input), 1e-4);

    let output = norm.forward(input.clone(), true);
    let moment = |power| scalar(&output.clone().powi_scalar::<i32>(power).mean());
    assert!(moment(1).abs() < 1e-5 && (moment(2) - 1.0).abs() < 1e-4);

    // PyTorch's rule: 0.9 old + 0.1 new, the variance with Bessel's correction.
    let channels: Tensor<2> = input.clone().swap_dims(0, 1).reshape([2, 12]);
    let mean = channels.clone().mean_dim(1).mul_scalar(0.1);
    let variance = channels.var(1).mul_scalar(0.1).add_scalar(0.9);
    let stored = named(export(&norm, "norm"));
    assert_close(&stored["norm.running_mean"].values, &values(&mean), 1e-5);
    assert_close(&stored["norm.running_variance"].values, &values(&variance), 1e-5);

    let expected = [stored["norm.running_mean"].values[0], stored["norm.running_variance"].values[0]];
    let first = |map: Tensor<4>| values(&map)[0];
    let standard = (first(input.clone()) - expected[0]) / (expected[1] + 1e-5).sqrt();
    assert_close(&[first(norm.forward(input.clone(), false))], &[standard], 1e-4);

    norm.forward(input.add_scalar(100.0), false);
    assert_eq!(named(export(&norm, "norm")), stored);
}

#[test]
fn renormalised_rows_span_zero_to_one() {
    let device = training();
    let map = noise::normal([5, 12], &device, &mut seeded(9)).mul_scalar(40.0);
    let rescaled = renormalise(map.clone());
    let low = values(&rescaled.clone().min_dim(1));
    let high = values(&rescaled.max_dim(1));
    assert_close(&low, &[0.0; 5], 1e-6);
    assert_close(&high, &[1.0; 5], 1e-5);
    let constant = renormalise(Tensor::<2>::ones([1, 4], &device));
    assert_eq!(values(&constant), [0.0; 4]);
    let weights = noise::normal([5, 12], &device, &mut seeded(10));
    let map = noise::normal([5, 12], &device, &mut seeded(11));
    check_input(map, 2e-2, |map| (renormalise(map) * weights.clone()).sum());
}

#[test]
fn instance_normalisation_standardises_every_channel_of_every_image() {
    let device = burn::tensor::Device::flex();
    let norm = nets::norm::InstanceNorm::new(2, &device);
    let map = nets::noise::normal([3, 2, 4, 4], &device, &mut rand::SeedableRng::seed_from_u64(1));
    let output = norm.forward(map.mul_scalar(5.0).add_scalar(2.0));
    let values = host(output);
    for channel in values.chunks_exact(16) {
        let mean = channel.iter().sum::<f32>() / 16.0;
        let variance = channel.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 16.0;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-3, "{mean} {variance}");
    }
}

#[test]
fn convolutions_as_a_matrix_product_are_those_of_the_backend() {
    let device = training();
    for (kernel, stride, padding) in [(3, 1, 1), (3, 1, 0), (2, 1, 0), (1, 1, 0), (4, 2, 1), (3, 2, 1)] {
        let shape = Convolution { input: 3, output: 5, kernel, stride, padding };
        let layer = conv2d(shape, Init::FanIn, &device, &mut seeded(1));
        let image: Tensor<4> = noise::normal([2, 3, 7, 6], &device, &mut seeded(2));
        let both = [true, false].map(|fast| {
            let leaf = image.clone().require_grad();
            let made = if fast { convolve(&layer, leaf.clone()) } else { layer.forward(leaf.clone()) };
            let weight = noise::normal(made.dims(), &device, &mut seeded(3));
            let found = (made.clone() * weight).sum().backward();
            let own = gradients(&layer, &found);
            [values(&made), values(&leaf.grad(&found).unwrap()), own["weight"].clone(), own["bias"].clone()]
        });
        for (fast, slow) in both[0].iter().zip(&both[1]) {
            assert_close(fast, slow, 1e-5);
        }
    }
}
