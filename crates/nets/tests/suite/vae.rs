use crate::support::{
    assert_close, check_parameters, named, numbers, scalar, seeded, tensor, training, values,
};
use burn::tensor::{Device, Tensor};
use nets::distribution::{DiagonalGaussian, OneHotCategorical};
use nets::heads::{CodeHead, GaussianHead, LogStd};
use nets::mlp::{Activation, MlpConfig};
use nets::noise;
use nets::parameters::{export, import};
use nets::vae::{Code, Posterior, Vae, VaeConfig};
use serde_json::Value;

const ROWS: usize = 3;
const GROUPS: usize = 2;
const CLASSES: usize = 4;
const WIDTH: usize = GROUPS * CLASSES;
const MIX: f64 = 0.01;

const CODES: [Code; 3] = [
    Code::Point,
    Code::Gaussian { log_std: LogStd::Softplus { floor: 0.1 } },
    Code::OneHot { groups: GROUPS, mix: MIX },
];

fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../data/vae.json")).unwrap();
    all[name].clone()
}

fn autoencoder(code: Code, device: &Device) -> Vae {
    let config =
        VaeConfig { input: 5, hidden: vec![16, 12], activation: Activation::Tanh, width: WIDTH, code };
    config.init(device, &mut seeded(1))
}

#[test]
fn codes_are_those_of_pytorch() {
    let (golden, device) = (golden("codes"), training());
    let rows = |name: &str| tensor(numbers(&golden, name), [ROWS, WIDTH], &device);
    let code = OneHotCategorical::new(rows("logits"), GROUPS, MIX);
    assert_close(&values(&code.probabilities()), &numbers(&golden, "probabilities"), 1e-6);
    assert_close(&values(&code.log_prob(rows("code"))), &numbers(&golden, "log_prob"), 1e-5);
    assert_close(&values(&code.entropy()), &numbers(&golden, "entropy"), 1e-5);
    let other = OneHotCategorical::new(rows("other"), GROUPS, MIX);
    assert_close(&values(&code.kl(&other)), &numbers(&golden, "kl"), 1e-5);
    let posterior = Posterior::OneHot(code);
    assert_close(&values(&posterior.kl_to_prior()), &numbers(&golden, "to_uniform"), 1e-5);
}

#[test]
fn samples_are_one_hot_by_their_probabilities_and_pass_the_gradient_straight_through() {
    let (golden, device) = (golden("codes"), training());
    let logits: Tensor<2> = tensor(numbers(&golden, "logits"), [ROWS, WIDTH], &device);
    let leaf = logits.clone().require_grad();
    let noise = noise::uniform([ROWS, GROUPS], &device, &mut seeded(2));
    let sample = OneHotCategorical::new(leaf.clone(), GROUPS, MIX).sample(noise);
    for vector in values(&sample).chunks(CLASSES) {
        assert_eq!((vector.iter().sum::<f32>(), vector.iter().filter(|x| **x == 1.0).count()), (1.0, 1));
    }
    let cotangent: Tensor<2> = tensor(numbers(&golden, "cotangent"), [ROWS, WIDTH], &device);
    let gradients = (sample * cotangent).sum().backward();
    assert_close(&values(&leaf.grad(&gradients).unwrap()), &numbers(&golden, "gradient"), 1e-5);

    let many = 20_000;
    let row = logits.inner().narrow(0, 0, 1);
    let code = OneHotCategorical::new(row.repeat_dim(0, many), GROUPS, MIX);
    let noise = noise::uniform([many, GROUPS], &Device::flex(), &mut seeded(3));
    let share = values(&code.sample(noise).mean_dim(0));
    assert_close(&share, &numbers(&golden, "probabilities")[..WIDTH], 0.012);
    let most = values(&code.mode().narrow(0, 0, 1));
    for (mode, probabilities) in most.chunks(CLASSES).zip(numbers(&golden, "probabilities").chunks(CLASSES)) {
        assert_eq!(mode[nets::argmax(probabilities)], 1.0);
    }
}

#[test]
fn a_softplus_keeps_the_standard_deviation_above_its_floor() {
    let golden = golden("softplus");
    let shape = MlpConfig::new(4, &[], 2);
    let head = GaussianHead::new(&shape, LogStd::Softplus { floor: 0.1 }, &training(), &mut seeded(4));
    // A linear layer that passes its input on gives the golden numbers to the head.
    let mut arrays = named(export(&head, ""));
    arrays.get_mut("mlp.layers.0.weight").unwrap().values =
        (0..16).map(|place| f32::from(u8::from(place % 5 == 0))).collect();
    arrays.get_mut("mlp.layers.0.bias").unwrap().values = vec![0.0; 4];
    let head = import(head, "", &arrays).unwrap();
    let both = ["mean", "raw"].map(|name| tensor::<2>(numbers(&golden, name), [ROWS, 2], &training()));
    let normal = head.forward(Tensor::cat(both.to_vec(), 1));
    assert_close(&values(&normal.std()), &numbers(&golden, "std"), 1e-5);
    let posterior = Posterior::Gaussian(normal);
    assert_close(&values(&posterior.kl_to_prior()), &numbers(&golden, "to_standard"), 1e-5);
    check_parameters(&head, 2e-2, |head| {
        head.forward(Tensor::ones([ROWS, 4], &training()))
            .log_prob(Tensor::zeros([ROWS, 2], &training()))
            .sum()
    });
}

#[test]
fn gradients_of_a_bound_reach_encoder_and_decoder() {
    let device = training();
    let input: Tensor<2> = noise::normal([ROWS, 5], &device, &mut seeded(5));
    for code in [CODES[0], CODES[1]] {
        check_parameters(&autoencoder(code, &device), 2e-2, |vae| {
            let posterior = vae.encode(input.clone());
            let decoded = vae.decode(posterior.sample(&mut seeded(6)));
            (decoded - input.clone()).square().sum() + posterior.kl_to_prior().sum()
        });
    }
    let head = CodeHead::new(&MlpConfig::new(5, &[6], WIDTH), GROUPS, MIX, &device, &mut seeded(7));
    check_parameters(&head, 2e-2, |head| head.forward(input.clone()).entropy().sum());
}

#[test]
fn the_code_to_act_on_is_the_middle_of_its_distribution() {
    let device = Device::flex();
    let input: Tensor<2> = noise::normal([ROWS, 5], &device, &mut seeded(8));
    let point = autoencoder(CODES[0], &device).encode(input.clone());
    assert_eq!(values(&point.mode()), values(&point.sample(&mut seeded(9))));
    assert_eq!(values(&point.kl_to_prior()), [0.0; ROWS]);
    let normal = autoencoder(CODES[1], &device).encode(input.clone());
    let Posterior::Gaussian(DiagonalGaussian { mean, .. }) = &normal else { panic!("a Gaussian") };
    assert_eq!(values(&normal.mode()), values(mean));
    let code = autoencoder(CODES[2], &device).encode(input);
    assert_eq!(values(&code.mode()).iter().sum::<f32>(), (ROWS * GROUPS) as f32);
    assert!(scalar(&code.kl_to_prior().min()) >= 0.0);
}
