use crate::support::{assert_close, seeded, training, values};
use burn::tensor::Tensor;
use nets::init::{Convolution, Init, conv2d, linear};
use nets::noise;

#[test]
fn orthogonal_weights_are_orthonormal_times_the_gain() {
    let device = training();
    for (input, output) in [(8, 5), (5, 8), (64, 64), (1, 3)] {
        let layer = linear(input, output, Init::Orthogonal { gain: 1.5 }, &device, &mut seeded(1));
        let weight = layer.weight.val().inner();
        let gram = match input >= output {
            true => weight.clone().transpose().matmul(weight),
            false => weight.clone().matmul(weight.transpose()),
        };
        let size = input.min(output);
        let expected = Tensor::<2>::eye(size, &device).inner().mul_scalar(2.25);
        assert_close(&values(&gram), &values(&expected), 1e-5);
        assert!(values(&layer.bias.unwrap().val()).iter().all(|&bias| bias == 0.0));
    }
}

#[test]
fn orthogonal_kernels_are_orthonormal_across_output_channels() {
    let shape = Convolution { input: 4, output: 8, kernel: 3, stride: 1, padding: 0 };
    let layer = conv2d(shape, Init::Orthogonal { gain: 1.0 }, &training(), &mut seeded(2));
    let rows: Tensor<2> = layer.weight.val().inner().reshape([8, 36]);
    let gram = rows.clone().matmul(rows.transpose());
    assert_close(&values(&gram), &values(&Tensor::<2>::eye(8, &gram.device())), 1e-5);
}

/// Bounds, mean and standard deviation of each uniform or normal kind.
#[test]
fn weights_have_the_bounds_and_the_spread_of_their_kind() {
    let third = (1.0_f32 / 3.0).sqrt();
    let cases = [
        (Init::FanIn, 1.0 / 10.0_f32.sqrt(), third / 10.0_f32.sqrt()),
        (Init::Xavier, (6.0_f32 / 410.0).sqrt(), third * (6.0_f32 / 410.0).sqrt()),
        (Init::KaimingUniform, 0.6_f32.sqrt(), third * 0.6_f32.sqrt()),
        (Init::Normal { std: 0.5 }, 5.0, 0.5),
        // Var = 1 - 2*2*phi(2)/(Phi(2) - Phi(-2)) for the normal cut at two deviations.
        (Init::TruncatedNormal { std: 0.5 }, 1.0, 0.5 * 0.773_741_3_f32.sqrt()),
    ];
    // The layer has 10 inputs and 400 outputs.
    for (init, bound, std) in cases {
        let weights = values(&linear(10, 400, init, &training(), &mut seeded(3)).weight.val());
        let count = weights.len() as f32;
        let mean = weights.iter().sum::<f32>() / count;
        let spread = (weights.iter().map(|w| (w - mean).powi(2)).sum::<f32>() / count).sqrt();
        assert!(weights.iter().all(|w| w.abs() <= bound), "{init:?}");
        assert!(mean.abs() < 4.0 * std / count.sqrt(), "{init:?}: mean {mean}");
        assert!((spread / std - 1.0).abs() < 0.04, "{init:?}: {spread}, expected {std}");
    }
}

#[test]
fn biases_are_zero_except_for_fan_in() {
    let bias = |init| values(&linear(4, 50, init, &training(), &mut seeded(4)).bias.unwrap().val());
    assert!(bias(Init::Xavier).iter().all(|&b| b == 0.0));
    let drawn = bias(Init::FanIn);
    assert!(drawn.iter().all(|b| b.abs() <= 0.5) && drawn.iter().any(|b| b.abs() > 0.25));
    let zero = linear(4, 5, Init::Zero, &training(), &mut seeded(4));
    assert!(values(&zero.weight.val()).iter().all(|&w| w == 0.0));
}

#[test]
fn a_seed_fixes_the_weights() {
    let draw = |seed| values(&linear(6, 6, Init::FanIn, &training(), &mut seeded(seed)).weight.val());
    assert_eq!(draw(5), draw(5));
    assert_ne!(draw(5), draw(6));
}

#[test]
fn noise_has_the_moments_of_its_distribution() {
    let device = training();
    let normal = values(&noise::normal([40_001], &device, &mut seeded(7)));
    let moment =
        |power: i32| normal.iter().map(|&x| f64::from(x).powi(power)).sum::<f64>() / normal.len() as f64;
    assert!(moment(1).abs() < 0.02 && moment(3).abs() < 0.08);
    assert!((moment(2) - 1.0).abs() < 0.03 && (moment(4) - 3.0).abs() < 0.2);
    let uniform = values(&noise::uniform([100, 100], &device, &mut seeded(8)));
    assert!(uniform.iter().all(|u| (0.0..1.0).contains(u)));
    let mean = uniform.iter().sum::<f32>() / 10_000.0;
    assert!((mean - 0.5).abs() < 0.015);
}

#[test]
fn dropout_masks_keep_the_mean() {
    let mask = values(&noise::dropout([10_000], 0.2, &training(), &mut seeded(9)));
    assert!(mask.iter().all(|&value| value == 0.0 || value == 1.25));
    let mean = mask.iter().sum::<f32>() / 10_000.0;
    assert!((mean - 1.0).abs() < 0.02, "{mean}");
}
