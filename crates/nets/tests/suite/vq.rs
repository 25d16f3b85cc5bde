use crate::support::{assert_close, check_input, named, numbers, seeded, tensor, training, values};
use burn::tensor::{Device, Tensor};
use nets::noise;
use nets::parameters::{NamedArray, export, import};
use nets::vq::{Quantised, Quantiser, QuantiserConfig};
use serde_json::Value;

const SMALL: QuantiserConfig = QuantiserConfig {
    codebooks: 2,
    slots: 2,
    dimensions: 3,
    codes: 4,
    decay: 0.9,
    smoothing: 1e-2,
    commitment: 0.25,
};

const ROWS: usize = 5;

/// The golden values and a quantiser that begins with their codes.
fn golden(device: &Device) -> (Value, Quantiser) {
    let golden: Value = serde_json::from_str(include_str!("../data/vq.json")).unwrap();
    let quantiser = Quantiser::new(SMALL, device, &mut seeded(1)).unwrap();
    let array = |name: &str, shape: [usize; 3], values| NamedArray {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values,
    };
    let codes = numbers(&golden, "codes");
    let arrays = named(vec![
        array("running_codes", [2, 4, 3], codes.clone()),
        array("running_count", [2, 4, 1], vec![0.0; 8]),
        array("running_sum", [2, 4, 3], codes),
    ]);
    let quantiser = import(quantiser, "", &arrays).unwrap();
    (golden, quantiser)
}

fn indices(quantised: &Quantised) -> Vec<f32> {
    quantised.indices.to_data().iter::<i64>().map(|index| index as f32).collect()
}

#[test]
fn codes_counts_and_perplexities_are_those_of_numpy() {
    let device = Device::flex();
    let (golden, quantiser) = golden(&device);
    for batch in golden["batches"].as_array().unwrap() {
        let latent = tensor(numbers(batch, "latent"), [ROWS, SMALL.size()], &device);
        let quantised = quantiser.forward(latent, true);
        assert_eq!(indices(&quantised), numbers(batch, "indices"));
        assert_close(&values(&quantised.latent), &numbers(batch, "quantised"), 1e-5);
        assert_close(&values(&quantised.commitment), &numbers(batch, "commitment"), 1e-5);
        assert_close(&values(&quantised.perplexity), &numbers(batch, "perplexity"), 1e-5);
        let state = named(export(&quantiser, ""));
        assert_close(&state["running_count"].values, &numbers(batch, "count"), 1e-5);
        assert_close(&state["running_sum"].values, &numbers(batch, "sum"), 1e-5);
        assert_close(&state["running_codes"].values, &numbers(batch, "codes"), 1e-5);
    }
}

#[test]
fn nothing_moves_in_evaluation_and_a_copy_goes_on_exactly() {
    let device = training();
    let quantiser = Quantiser::new(SMALL, &device, &mut seeded(1)).unwrap();
    let latent = |seed| noise::normal([ROWS, SMALL.size()], &device, &mut seeded(seed));
    quantiser.forward(latent(1), true);
    let before = export(&quantiser, "");
    quantiser.forward(latent(2), false);
    assert_eq!(export(&quantiser, ""), before);
    let other = Quantiser::new(SMALL, &device, &mut seeded(7)).unwrap();
    let copy = import(other, "", &named(before.clone())).unwrap();
    for model in [&quantiser, &copy] {
        model.forward(latent(3), true);
    }
    assert_ne!(export(&quantiser, ""), before);
    assert_eq!(export(&quantiser, ""), export(&copy, ""));
}

#[test]
fn the_gradient_passes_straight_through_and_the_commitment_pulls_towards_the_codes() {
    let device = training();
    let quantiser = Quantiser::new(SMALL, &device, &mut seeded(1)).unwrap();
    let start: Tensor<2> = noise::normal([ROWS, SMALL.size()], &device, &mut seeded(2));
    let cotangent: Tensor<2> = noise::normal([ROWS, SMALL.size()], &device, &mut seeded(3));
    let leaf = start.clone().require_grad();
    let quantised = quantiser.forward(leaf.clone(), false);
    let gradients = (quantised.latent * cotangent.clone()).sum().backward();
    assert_eq!(values(&leaf.grad(&gradients).unwrap()), values(&cotangent));
    check_input(start, 1e-2, |latent| quantiser.forward(latent, false).commitment.mul_scalar(50.0));
}

#[test]
fn settings_out_of_range_are_refused() {
    let error = |config| Quantiser::new(config, &Device::flex(), &mut seeded(1)).err().unwrap().to_string();
    assert_eq!(error(QuantiserConfig { codes: 0, ..SMALL }), "`codes` is 0: it must be at least 1");
    let decay = error(QuantiserConfig { decay: 1.0, ..SMALL });
    assert_eq!(decay, "`decay` is 1: it must be at least 0 and below 1");
}
