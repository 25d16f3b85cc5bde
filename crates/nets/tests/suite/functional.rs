use crate::support::{assert_close, gradients, numbers, seeded, tensor, training, values};
use burn::tensor::{Device, Tensor};
use nets::functional::{Network, Parameters, cross_entropy, squared_error};
use nets::mlp::{Activation, MlpConfig, Norm};
use nets::noise;
use serde_json::{Value, from_value, json};

const WIDTHS: [usize; 4] = [3, 5, 4, 2];
const ROWS: usize = 6;
const NAMES: [&str; 4] = ["tanh", "silu", "gelu", "mish"];

fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../data/functional.json")).unwrap();
    all[name].clone()
}

fn network(name: &str) -> Network {
    Network::new(from_value(json!(name)).unwrap()).unwrap()
}

/// Weights and biases from their numbers in a row.
fn parameters(numbers: &[f32], device: &Device) -> Parameters {
    let mut rest = numbers;
    let mut arrays = Vec::new();
    for layer in WIDTHS.windows(2) {
        for shape in [[layer[0], layer[1]], [1, layer[1]]] {
            let (array, others) = rest.split_at(shape[0] * shape[1]);
            arrays.push(tensor(array.to_vec(), shape, device));
            rest = others;
        }
    }
    assert!(rest.is_empty());
    Parameters::new(arrays)
}

fn numbers_of(parameters: &Parameters) -> Vec<f32> {
    parameters.arrays().iter().flat_map(values).collect()
}

fn rows(golden: &Value, name: &str, width: usize, device: &Device) -> Tensor<2> {
    tensor(numbers(golden, name), [ROWS, width], device)
}

type Loss = fn(Tensor<2>, Tensor<2>) -> (Tensor<1>, Tensor<2>);

fn loss_of(golden: &Value) -> Loss {
    match golden["kind"].as_str().unwrap() {
        "cross-entropy" => cross_entropy,
        _ => squared_error,
    }
}

#[test]
fn losses_gradients_and_directions_are_those_of_pytorch() {
    let device = Device::flex();
    for name in NAMES {
        let (golden, network) = (golden(name), network(name));
        let start = parameters(&numbers(&golden, "parameters"), &device);
        let (input, target) = (rows(&golden, "input", 3, &device), rows(&golden, "target", 2, &device));
        let (output, tape) = network.forward(&start, input.clone());
        assert_close(&values(&output), &numbers(&golden, "output"), 1e-5);
        let (losses, slope) = loss_of(&golden)(output, target);
        assert_close(&values(&losses), &numbers(&golden, "losses"), 1e-5);
        let (found, _) = network.backward(&start, &tape, slope.clone());
        assert_close(&numbers_of(&found), &numbers(&golden, "gradients"), 2e-5);
        let by_sample: Vec<f32> = network.per_sample(&start, &tape, slope).iter().flat_map(values).collect();
        assert_close(&by_sample, &numbers(&golden, "per_sample"), 2e-5);

        let direction = parameters(&numbers(&golden, "direction"), &device);
        let (output, change) = network.jvp(&start, &direction, input);
        assert_close(&values(&output), &numbers(&golden, "output"), 1e-5);
        assert_close(&values(&change), &numbers(&golden, "change"), 2e-5);
    }
}

/// The loss after `steps` steps of gradient descent from `start`.
fn after(
    golden: &Value,
    network: &Network,
    steps: usize,
    start: &Parameters,
    rate: &Tensor<2>,
    input: &Tensor<2>,
) -> Tensor<1> {
    let (loss, device) = (loss_of(golden), rate.device());
    let target = rows(golden, "target", 2, &device);
    let mut now = start.clone();
    for _ in 0..steps {
        let (output, tape) = network.forward(&now, input.clone());
        let (_, slope) = loss(output, target.clone());
        let (gradients, _) = network.backward(&now, &tape, slope.div_scalar(ROWS as f64));
        now = now.stepped(&gradients, rate.clone());
    }
    let (output, _) = network.forward(&now, rows(golden, "outer_input", 3, &device));
    loss(output, rows(golden, "outer_target", 2, &device)).0.mean()
}

#[test]
fn gradients_through_steps_of_descent_are_those_of_pytorch() {
    let device = training();
    for name in NAMES {
        let (golden, network) = (golden(name), network(name));
        for steps in [1, 3] {
            let start =
                parameters(&numbers(&golden, "parameters"), &device).map(|array| array.require_grad());
            let rate = Tensor::<2>::from_data([[0.4]], &device).require_grad();
            let input = rows(&golden, "input", 3, &device).require_grad();
            let loss = after(&golden, &network, steps, &start, &rate, &input);
            let expected = &golden[format!("after_{steps}")];
            assert_close(&values(&loss), &numbers(expected, "loss"), 1e-5);
            let found = loss.backward();
            let of = |array: &Tensor<2>| array.grad(&found).expect("it has a gradient");
            let meta = Parameters::new(start.arrays().iter().map(of).collect());
            assert_close(&numbers_of(&meta), &numbers(expected, "start"), 1e-4);
            assert_close(&values(&of(&rate)), &numbers(expected, "rate"), 1e-4);
            assert_close(&values(&of(&input)), &numbers(expected, "input"), 1e-4);
        }
    }
}

#[test]
fn gradients_through_steps_of_descent_match_central_differences() {
    let device = training();
    let (golden, network) = (golden("tanh"), network("tanh"));
    let point = numbers(&golden, "parameters");
    let rate = Tensor::<2>::from_data([[0.4]], &device);
    let input = rows(&golden, "input", 3, &device);
    for steps in [1, 3] {
        let start = parameters(&point, &device).map(|array| array.require_grad());
        let found = after(&golden, &network, steps, &start, &rate, &input).backward();
        let gradients = start.arrays().iter().flat_map(|array| values(&array.grad(&found).unwrap()));
        for (index, gradient) in gradients.enumerate() {
            let at = |offset: f32| {
                let mut moved = point.clone();
                moved[index] += offset;
                let start = parameters(&moved, &device);
                f64::from(values(&after(&golden, &network, steps, &start, &rate, &input))[0])
            };
            // Fourth-order differences: a wide step keeps f32's rounding small.
            let step = 0.01;
            let expected = (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step))) / 0.12;
            let error = (f64::from(gradient) - expected).abs();
            assert!(error < 1e-3 * expected.abs().max(1.0), "{index}: {gradient}, expected {expected}");
        }
    }
}

#[test]
fn a_perceptron_as_a_function_computes_and_learns_the_same() {
    let device = training();
    for activation in [Activation::Tanh, Activation::Silu, Activation::Gelu, Activation::Mish] {
        let shape = MlpConfig::new(3, &[5, 4], 2).with_activation(activation);
        let mlp = shape.init(&device, &mut seeded(1));
        let input: Tensor<2> = noise::normal([ROWS, 3], &device, &mut seeded(2)).require_grad();
        let target: Tensor<2> = noise::normal([ROWS, 2], &device, &mut seeded(3));
        let (network, start) = Network::of(&mlp).unwrap();
        let (output, tape) = network.forward(&start, input.clone());
        assert_close(&values(&output), &values(&mlp.forward(input.clone())), 1e-6);

        let (loss, slope) = squared_error(output, target);
        let (explicit, of_input) = network.backward(&start, &tape, slope);
        let found = loss.sum().backward();
        let by_name = gradients(&mlp, &found);
        let expected: Vec<f32> = (0..3)
            .flat_map(|layer| {
                ["weight", "bias"].map(|kind| by_name[&format!("layers.{layer}.{kind}")].clone())
            })
            .flatten()
            .collect();
        assert_close(&numbers_of(&explicit), &expected, 1e-5);
        assert_close(&values(&of_input), &values(&input.grad(&found).unwrap()), 1e-5);
        // The directional derivative of the loss is the product with its gradient.
        let direction = start.map(|array| noise::normal(array.dims(), &device, &mut seeded(4)));
        let (output, change) = network.jvp(&start, &direction, input.clone());
        let (_, slope) = squared_error(output, noise::normal([ROWS, 2], &device, &mut seeded(3)));
        assert_close(&values(&(slope * change).sum()), &values(&explicit.dot(&direction)), 1e-4);
    }
}

#[test]
fn networks_without_smooth_slopes_are_refused() {
    let error = Network::new(Activation::Relu).unwrap_err().to_string();
    assert!(error.contains("`activation` is relu") && error.contains("tanh, silu, gelu or mish"), "{error}");
    let shape = MlpConfig::new(3, &[5], 2).with_activation(Activation::Tanh).with_norm(Norm::Layer);
    let error = Network::of(&shape.init(&Device::flex(), &mut seeded(5))).unwrap_err().to_string();
    assert!(error.contains("`norm` is layer"), "{error}");
}
