use crate::support::{
    assert_close, check_parameters, gradients, named, numbers, seeded, tensor, training, values,
};
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use nets::ema;
use nets::mlp::{Activation, Mlp, MlpConfig};
use nets::noise;
use nets::norm::{is_state, iterate, spectral};
use nets::parameters::{export, import};
use serde_json::{Value, from_value};

#[derive(Module, Debug)]
struct Weight<const D: usize> {
    weight: Param<Tensor<D>>,
}

fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../data/spectral.json")).unwrap();
    all[name].clone()
}

/// One weight through three training forwards and an evaluation, as PyTorch went.
fn as_pytorch<const D: usize>(golden: &Value) {
    let device = training();
    let shape: Vec<usize> = from_value(golden["shape"].clone()).unwrap();
    let shape: [usize; D] = shape.try_into().unwrap();
    let of = |values: Vec<f32>| tensor::<D>(values, shape, &device);
    let weight = Weight { weight: Param::from_tensor(of(numbers(golden, "weight"))) };
    let weight = spectral(weight, |_| true, &mut seeded(1));
    let mut arrays = named(export(&weight, ""));
    let state = "weight.spectral_norm.running_vectors";
    arrays.get_mut(state).unwrap().values = numbers(golden, "vectors");
    let mut weight = import(weight, "", &arrays).unwrap();
    let cotangent = of(numbers(golden, "cotangent"));
    let mut original = numbers(golden, "weight");
    for step in golden["steps"].as_array().unwrap() {
        weight = iterate(weight);
        assert_close(&values(&weight.weight.val()), &numbers(step, "value"), 1e-5);
        let loss = (weight.weight.val() * cotangent.clone()).sum();
        let found = weight.weight.base().grad(&loss.backward()).unwrap();
        assert_close(&values(&found), &numbers(step, "gradient"), 1e-5);
        let mut arrays = named(export(&weight, ""));
        assert_close(&arrays[state].values, &numbers(step, "vectors"), 1e-5);
        original.iter_mut().zip(numbers(golden, "cotangent")).for_each(|(w, c)| *w += 0.3 * c);
        arrays.get_mut("weight").unwrap().values.clone_from(&original);
        weight = import(weight, "", &arrays).unwrap();
    }
    assert_close(&values(&weight.weight.val()), &numbers(golden, "evaluation"), 1e-5);
    assert_close(&values(&weight.valid().weight.val()), &numbers(golden, "evaluation"), 1e-5);
}

#[test]
fn weights_vectors_and_gradients_are_those_of_pytorch() {
    as_pytorch::<2>(&golden("linear"));
    as_pytorch::<4>(&golden("convolution"));
}

fn perceptron(seed: u64) -> Mlp {
    let shape = MlpConfig::new(4, &[8, 8], 3).with_activation(Activation::Tanh);
    let mlp = shape.init(&training(), &mut seeded(seed));
    spectral(mlp, |path| path != "layers.2.weight", &mut seeded(seed + 1))
}

#[test]
fn the_chosen_matrices_have_norm_one_and_learn() {
    let device = training();
    let mut mlp = perceptron(2);
    let names: Vec<String> = export(&mlp, "").into_iter().map(|array| array.name).collect();
    let states: Vec<&String> = names.iter().filter(|name| is_state(name)).collect();
    assert_eq!(
        states,
        ["layers.0.weight", "layers.1.weight"]
            .map(|name| format!("{name}.spectral_norm.running_vectors"))
            .iter()
            .collect::<Vec<_>>()
    );
    for _ in 0..50 {
        mlp = iterate(mlp);
    }
    // A direction through both layers, the activation left out, grows by no more than their norms, 1.
    let (_, parameters) = nets::functional::Network::of(&mlp).unwrap();
    for layer in [0, 2] {
        let weight = parameters.arrays()[layer].clone();
        let mut direction: Tensor<2> = noise::normal([1, weight.dims()[0]], &device, &mut seeded(4));
        for _ in 0..100 {
            direction = direction.matmul(weight.clone()).matmul(weight.clone().transpose());
            direction = direction.clone() / direction.square().sum().sqrt().unsqueeze();
        }
        let norm = values(&direction.matmul(weight).square().sum().sqrt());
        assert_close(&norm, &[1.0], 1e-4);
    }
    let input: Tensor<2> = noise::normal([5, 4], &device, &mut seeded(5));
    check_parameters(&mlp, 2e-2, |mlp| mlp.forward(input.clone()).square().sum());
    let found = gradients(&mlp, &mlp.forward(input).sum().backward());
    assert!(!found.keys().any(|name| is_state(name)), "the vectors are constants");
}

#[test]
fn vectors_are_restored_copied_into_targets_and_left_alone_by_evaluation() {
    let input: Tensor<2> = noise::normal([5, 4], &training(), &mut seeded(6));
    let online = iterate(perceptron(7));
    let restored = import(perceptron(8), "net", &named(export(&online, "net"))).unwrap();
    assert_eq!(values(&restored.forward(input.clone())), values(&online.forward(input.clone())));

    let before = export(&online, "");
    let target = ema::target_of(&perceptron(8));
    online.forward(input.clone());
    online.valid().forward(input.clone().inner());
    assert_eq!(export(&online, ""), before);
    let target = ema::update(target, &online, 0.5);
    let state = |arrays: Vec<nets::parameters::NamedArray>| {
        arrays.into_iter().filter(|array| is_state(&array.name)).collect::<Vec<_>>()
    };
    assert_eq!(state(export(&target, "")), state(export(&online, "")));
    // The target's own copy does not follow the online network by itself.
    let copied = state(export(&target, ""));
    let _online = iterate(online);
    assert_eq!(state(export(&target, "")), copied);
}
