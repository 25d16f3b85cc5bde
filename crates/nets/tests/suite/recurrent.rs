use crate::support::{
    assert_close, check_input, check_parameters, gradients, named, numbers, seeded, tensor, training, values,
};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use nets::init::Init;
use nets::parameters::{NamedArray, export, import};
use nets::recurrent::{Bidirectional, Cell, Recurrent, RecurrentConfig};
use nets::{NetsError, noise};
use serde_json::{Value, to_value};

const CELLS: [Cell; 4] = [Cell::Gru, Cell::GruResetBefore, Cell::GruNormalised, Cell::Lstm];
const INPUT: usize = 3;
const HIDDEN: usize = 4;
const ROWS: usize = 2;
const LENGTH: usize = 5;

fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../data/recurrent.json")).unwrap();
    all[name].clone()
}

/// `module` with other parameters.
fn with_parameters<M: Module>(module: M, of: impl Fn(&NamedArray) -> Vec<f32>) -> M {
    let arrays = export(&module, "").into_iter().map(|array| NamedArray { values: of(&array), ..array });
    let arrays = named(arrays.collect());
    import(module, "", &arrays).unwrap()
}

/// A layer whose initial state is learned and is not zero any more.
fn layer(cell: Cell, device: &Device, seed: u64) -> Recurrent {
    let config = RecurrentConfig::new(cell, INPUT, HIDDEN).with_learned_start();
    with_parameters(config.init(device, &mut seeded(seed)), |array| match array.name.as_str() {
        "start" => (0..array.values.len()).map(|index| 0.3 - 0.1 * index as f32).collect(),
        _ => array.values.clone(),
    })
}

fn inputs(length: usize, device: &Device, seed: u64) -> Tensor<3> {
    noise::normal([ROWS, length, INPUT], device, &mut seeded(seed))
}

/// Marks at one step of all rows.
fn begins_at(step: usize, length: usize) -> Tensor<2> {
    let row: Vec<f32> = (0..length).map(|at| f32::from(u8::from(at == step))).collect();
    tensor(row.repeat(ROWS), [ROWS, length], &Device::flex())
}

#[test]
fn states_and_gradients_are_those_of_pytorch() {
    let device = training();
    for cell in CELLS {
        let golden = golden(to_value(cell).unwrap().as_str().unwrap());
        let layer =
            with_parameters(layer(cell, &device, 1), |array| numbers(&golden["weights"], &array.name));
        let size = layer.state_size();
        let input = tensor(numbers(&golden, "input"), [ROWS, LENGTH, INPUT], &device).require_grad();
        let first = tensor(numbers(&golden, "first"), [ROWS, size], &device).require_grad();
        let begins = tensor(numbers(&golden, "begins"), [ROWS, LENGTH], &device);
        let (outputs, last) = layer.sequence(input.clone(), Some(begins), layer.state(first.clone()));
        assert_close(&values(&outputs), &numbers(&golden, "outputs"), 2e-6);
        assert_close(&values(last.values()), &numbers(&golden, "last"), 2e-6);

        let of_outputs = tensor(numbers(&golden, "of_outputs"), outputs.dims(), &device);
        let of_last = tensor(numbers(&golden, "of_last"), [ROWS, size], &device);
        let loss = (outputs * of_outputs).sum() + (last.values().clone() * of_last).sum();
        let found = loss.backward();
        let expected = |name: &str| numbers(&golden["gradients"], name);
        let parameters = gradients(&layer, &found);
        assert_eq!(parameters.len(), golden["weights"].as_object().unwrap().len());
        for (name, gradient) in parameters {
            assert_close(&gradient, &expected(&name), 1e-5);
        }
        assert_close(&values(&input.grad(&found).unwrap()), &expected("x"), 1e-5);
        assert_close(&values(&first.grad(&found).unwrap()), &expected("first"), 1e-5);
    }
}

#[test]
fn gradients_match_finite_differences() {
    let device = training();
    for cell in CELLS {
        let layer = layer(cell, &device, 2);
        let weights: Tensor<3> = noise::normal([ROWS, 4, HIDDEN], &device, &mut seeded(4));
        let loss = |layer: &Recurrent, input: Tensor<3>| {
            let (outputs, last) = layer.sequence(input, Some(begins_at(2, 4)), layer.start(ROWS));
            (outputs * weights.clone()).sum() + last.values().clone().square().sum()
        };
        check_parameters(&layer, 1e-2, |layer| loss(layer, inputs(4, &device, 3)));
        check_input(inputs(4, &device, 3), 1e-2, |input| loss(&layer, input));
    }
}

#[test]
fn a_new_beginning_makes_two_sequences_of_one() {
    let device = Device::flex();
    for cell in CELLS {
        let layer = layer(cell, &device, 5);
        let input = inputs(7, &device, 6);
        let (whole, last) = layer.sequence(input.clone(), Some(begins_at(3, 7)), layer.start(ROWS));
        let (early, _) = layer.sequence(input.clone().narrow(1, 0, 3), None, layer.start(ROWS));
        let (late, end) = layer.sequence(input.narrow(1, 3, 4), None, layer.start(ROWS));
        assert_eq!(values(&whole), values(&Tensor::cat(vec![early, late], 1)));
        assert_eq!(values(last.values()), values(end.values()));
    }
}

#[test]
fn no_gradient_passes_a_new_beginning() {
    let device = training();
    for cell in CELLS {
        let layer = layer(cell, &device, 7);
        let input = inputs(5, &device, 8).require_grad();
        let (_, last) = layer.sequence(input.clone(), Some(begins_at(2, 5)), layer.start(ROWS));
        let found = values(&input.grad(&last.output().sum().backward()).unwrap());
        for row in found.chunks(5 * INPUT) {
            assert!(row[..2 * INPUT].iter().all(|gradient| *gradient == 0.0));
            assert!(row[2 * INPUT..].iter().all(|gradient| *gradient != 0.0));
        }
    }
}

#[test]
fn steps_and_chunks_give_the_values_of_the_sequence() {
    let device = Device::flex();
    for cell in CELLS {
        let layer = layer(cell, &device, 9);
        let (input, begins) = (inputs(7, &device, 10), begins_at(4, 7));
        let (whole, last) = layer.sequence(input.clone(), Some(begins.clone()), layer.start(ROWS));
        let (chunks, end) = layer.chunks(input.clone(), Some(begins.clone()), layer.start(ROWS), 3);
        assert_eq!(values(&chunks), values(&whole));
        assert_eq!(values(end.values()), values(last.values()));

        let mut state = layer.start(ROWS);
        for step in 0..7 {
            let now = input.clone().narrow(1, step, 1).reshape([ROWS, INPUT]);
            let mark = begins.clone().narrow(1, step, 1).reshape([ROWS]);
            state = layer.step(now, Some(mark), state);
            let expected = whole.clone().narrow(1, step, 1);
            assert_eq!(values(&state.output()), values(&expected));
        }
    }
}

#[test]
fn chunks_cut_the_graph_where_they_meet() {
    let device = training();
    for cell in CELLS {
        let layer = layer(cell, &device, 11);
        let input = inputs(7, &device, 12).require_grad();
        let first = layer.start(ROWS).values().clone().detach().require_grad();
        let (_, last) = layer.chunks(input.clone(), None, layer.state(first.clone()), 3);
        let gradients = last.output().sum().backward();
        let found = values(&input.grad(&gradients).unwrap());
        for row in found.chunks(7 * INPUT) {
            assert!(row[..6 * INPUT].iter().all(|gradient| *gradient == 0.0));
            assert!(row[6 * INPUT..].iter().all(|gradient| *gradient != 0.0));
        }
        assert!(first.grad(&gradients).is_none());
    }
}

#[test]
fn many_sequences_at_once_are_each_of_them_alone() {
    let device = training();
    for cell in CELLS {
        let layer = layer(cell, &device, 13);
        let input: Tensor<3> = noise::normal([40, 3, INPUT], &device, &mut seeded(14));
        let run = |input: Tensor<3>| {
            let leaf = input.require_grad();
            let rows = leaf.dims()[0];
            let (outputs, _) = layer.sequence(leaf.clone(), None, layer.start(rows));
            let found = outputs.clone().square().sum().backward();
            let weights = gradients(&layer, &found)["recurrent"].clone();
            (values(&outputs), values(&leaf.grad(&found).unwrap()), weights)
        };
        let (outputs, slopes, weights) = run(input.clone());
        let mut sum = vec![0.0; weights.len()];
        for row in 0..40 {
            let (output, slope, weight) = run(input.clone().narrow(0, row, 1));
            assert_close(&output, &outputs[row * 3 * HIDDEN..][..3 * HIDDEN], 1e-6);
            assert_close(&slope, &slopes[row * 3 * INPUT..][..3 * INPUT], 1e-5);
            sum.iter_mut().zip(weight).for_each(|(sum, weight)| *sum += weight);
        }
        assert_close(&weights, &sum, 1e-4);
    }
}

#[test]
fn both_directions_are_those_of_pytorch_over_packed_sequences() {
    let golden = golden("bidirectional");
    let device = Device::flex();
    let config = RecurrentConfig::new(Cell::Lstm, INPUT, HIDDEN);
    let both = Bidirectional::new(&config, &device, &mut seeded(15));
    let both = with_parameters(both, |array| {
        let (side, name) = array.name.split_once('.').unwrap();
        numbers(&golden[side], name)
    });
    let input = tensor(numbers(&golden, "input"), [ROWS, LENGTH, INPUT], &device);
    // The second sequence has three steps; behind them is padding, where PyTorch gives zeros.
    let begins = tensor(vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0], [ROWS, LENGTH], &device);
    let found = values(&both.forward(input, Some(begins)));
    let expected = numbers(&golden, "outputs");
    let inside = (LENGTH + 3) * 2 * HIDDEN;
    assert_close(&found[..inside], &expected[..inside], 2e-6);
}

#[test]
fn weights_are_drawn_as_they_are_asked_to() {
    let device = Device::flex();
    let config = RecurrentConfig::new(Cell::Lstm, INPUT, 8);
    let arrays = named(export(&config.init(&device, &mut seeded(16)), ""));
    let bias = &arrays["input.bias"].values;
    assert_eq!((&bias[..8], &bias[8..16], &bias[16..]), (&[0.0; 8][..], &[1.0; 8][..], &[0.0; 16][..]));
    // The state's weights of each gate are orthogonal.
    let weight = tensor(arrays["recurrent"].values.clone(), [8, 32], &device);
    for gate in 0..4 {
        let own = weight.clone().narrow(1, 8 * gate, 8);
        let product = values(&own.clone().transpose().matmul(own));
        let identity: Vec<f32> = (0..64).map(|place| f32::from(u8::from(place % 9 == 0))).collect();
        assert_close(&product, &identity, 1e-5);
    }
    let zero = config.with_init(Init::Zero, Init::Zero).init(&device, &mut seeded(17));
    let state = zero.step(Tensor::ones([ROWS, INPUT], &device), None, zero.start(ROWS));
    assert_eq!(values(&state.output()), [0.0; 8 * ROWS]);
}

#[test]
fn layers_and_states_come_back_from_their_arrays() {
    let device = Device::flex();
    for cell in CELLS {
        let (one, other) = (layer(cell, &device, 18), layer(cell, &device, 19));
        let other = import(other, "layer", &named(export(&one, "layer"))).unwrap();
        let input = inputs(4, &device, 20);
        let (_, middle) = one.sequence(input.clone(), None, one.start(ROWS));
        let arrays = named(vec![middle.export("acting")]);
        let restored = other.import("acting", ROWS, &arrays).unwrap();
        let after = |layer: &Recurrent, state| values(&layer.sequence(input.clone(), None, state).0);
        assert_eq!(after(&other, restored), after(&one, middle));

        assert!(matches!(other.import("missing", ROWS, &arrays), Err(NetsError::MissingArray { .. })));
        assert!(matches!(other.import("acting", 3, &arrays), Err(NetsError::WrongShape { .. })));
    }
}
