//! Diffusion: golden values, gradients, and samplers against what can be computed exactly.

use burn::tensor::{Bool, Device, Tensor, TensorData};
use nets::noise;
use nets::parameters::{NamedArray, import};
use nets::{
    diffusion::{
        Clamp, Condition, Convolution1d, Denoiser, GroupNorm, Guidance, Noising, Prediction, Process,
        ResidualBlock, Sampler, Schedule, Start, TemporalUnet, Term, UnetConfig, sinusoids,
    },
    host,
};
use serde_json::Value;

use crate::support::{
    assert_close, check_input, check_parameters, named, numbers, seeded, tensor, training, values,
};

fn golden() -> Value {
    serde_json::from_str(include_str!("../data/diffusion.json")).unwrap()
}

/// The numbers of the script's `wave`.
fn wave(count: usize, phase: f64) -> Vec<f32> {
    (0..count).map(|index| (index as f64 * 0.7 + phase).sin() as f32).collect()
}

fn process(steps: usize, prediction: Prediction) -> Process {
    Process { schedule: Schedule::new(Noising::Cosine, steps).unwrap(), prediction }
}

#[test]
fn schedules_and_posteriors_are_those_of_the_papers() {
    for (name, noising, steps) in [("cosine", Noising::Cosine, 10), ("linear", Noising::Linear, 20)] {
        let schedule = Schedule::new(noising, steps).unwrap();
        let expected = &golden()[name];
        let each = |value: &dyn Fn(usize) -> f64| -> Vec<f32> {
            (1..=steps).map(|step| value(step) as f32).collect()
        };
        let posterior = |step: usize| schedule.transition(step, step - 1, 1.0);
        let found: [(&str, &dyn Fn(usize) -> f64); 5] = [
            ("beta", &|step| schedule.beta(step)),
            ("kept", &|step| schedule.kept(step)),
            ("x0", &|step| posterior(step).x0),
            ("xk", &|step| posterior(step).xk),
            ("std", &|step| posterior(step).std),
        ];
        for (part, value) in found {
            assert_close(&each(value), &numbers(expected, part), 1e-6);
        }
    }
    assert!(Schedule::new(Noising::Cosine, 0).is_err());
}

#[test]
fn longer_steps_are_those_of_ddim() {
    let schedule = Schedule::new(Noising::Cosine, 10).unwrap();
    for case in golden()["implicit"].as_array().unwrap() {
        let number = |name: &str| case[name].as_f64().unwrap();
        let step = schedule.transition(number("late") as usize, number("early") as usize, number("eta"));
        assert!((step.x0 * -0.4 + step.xk * 0.7 - number("mean")).abs() < 1e-9);
        assert!((step.std - number("std")).abs() < 1e-9);
    }
    assert_eq!(schedule.course(10), (1..=10).rev().collect::<Vec<_>>());
    assert_eq!(schedule.course(99).len(), 10);
    assert_eq!(schedule.course(4), [10, 8, 5, 3]);
    assert_eq!(schedule.course(1), [10]);
}

#[test]
fn convolution_and_normalisation_agree_with_numpy() {
    let device = Device::flex();
    let map = tensor(wave(24, 0.1), [4, 3, 2], &device);
    for (name, stride) in [("convolution", 1), ("strided", 2)] {
        let layer = Convolution1d::new([3, 2], 5, stride, &device, &mut seeded(0));
        let array =
            |name: &str, shape: Vec<usize>, values| NamedArray { name: name.to_owned(), shape, values };
        let arrays =
            named(vec![array("weight", vec![2, 15], wave(30, 0.2)), array("bias", vec![2, 1], wave(2, 0.3))]);
        let layer = import(layer, "", &arrays).unwrap();
        assert_close(&values(&layer.forward(map.clone())), &numbers(&golden(), name), 1e-5);
    }
    let norm = GroupNorm::new(4, 2, &device);
    let array = |name: &str, shape: Vec<usize>, values| NamedArray { name: name.to_owned(), shape, values };
    let arrays =
        named(vec![array("gamma", vec![2, 2, 1], wave(4, 0.5)), array("beta", vec![4, 1], wave(4, 0.6))]);
    let norm = import(norm, "", &arrays).unwrap();
    let map = tensor(wave(24, 0.4), [3, 4, 2], &device);
    assert_close(&values(&norm.forward(map)), &numbers(&golden(), "group_norm"), 1e-5);
    let steps = tensor(vec![1.0, 7.0], [2], &device);
    assert_close(&values(&sinusoids(steps, 8)), &numbers(&golden(), "sinusoids"), 1e-5);
}

#[test]
fn gradients_of_the_pieces_agree_with_differences() {
    let device = training();
    for (kernel, stride) in [(5, 1), (3, 2), (1, 1)] {
        let layer = Convolution1d::new([2, 3], kernel, stride, &device, &mut seeded(1));
        let map = tensor(wave(24, 0.3), [6, 2, 2], &device);
        let rows = 6_usize.div_ceil(stride);
        let weight = tensor(wave(rows * 6, 1.3), [rows, 3, 2], &device);
        check_input(map.clone(), 5e-3, |map| (layer.forward(map) * weight.clone()).sum());
        check_parameters(&layer, 5e-3, |layer| (layer.forward(map.clone()) * weight.clone()).sum());
    }
    let norm = GroupNorm::new(4, 2, &device);
    let map = tensor(wave(24, 0.7), [3, 4, 2], &device);
    let weight = tensor(wave(24, 1.9), [3, 4, 2], &device);
    check_input(map.clone(), 5e-3, |map| (norm.forward(map) * weight.clone()).sum());
    check_parameters(&norm, 5e-3, |norm| (norm.forward(map.clone()) * weight.clone()).sum());
    let block = ResidualBlock::new([2, 4], 3, [5, 2], &device, &mut seeded(2));
    let (map, told) = (tensor(wave(16, 0.2), [4, 2, 2], &device), tensor(wave(6, 0.9), [2, 3], &device));
    let weight = tensor(wave(32, 1.1), [4, 4, 2], &device);
    let loss = |block: &ResidualBlock, map| (block.forward(map, &told) * weight.clone()).sum();
    check_input(map.clone(), 1e-2, |map| loss(&block, map));
    check_parameters(&block, 1e-2, |block| loss(block, map.clone()));
}

fn network(device: &Device) -> TemporalUnet {
    UnetConfig::new(8, 3, 2, 8, &[1, 2]).init(device, &mut seeded(3)).unwrap()
}

#[test]
fn gradients_of_the_network_agree_with_differences() {
    let device = training();
    let network = network(&device);
    let input = tensor(wave(48, 0.4), [2, 8, 3], &device);
    let steps = tensor(vec![3.0, 11.0], [2], &device);
    let condition = Condition {
        values: tensor(wave(4, 0.6), [2, 2], &device),
        kept: tensor(vec![1.0, 0.0], [2, 1], &device),
    };
    let weight = tensor(wave(48, 2.0), [2, 8, 3], &device);
    let loss = |network: &TemporalUnet| {
        (network.forward(input.clone(), steps.clone(), Some(&condition)) * weight.clone()).sum()
    };
    check_parameters(&network, 2e-2, loss);
}

#[test]
fn samples_are_independent_and_the_null_condition_is_one_whatever_its_values() {
    let device = Device::flex();
    let network = network(&device);
    let input = tensor(wave(48, 0.4), [2, 8, 3], &device);
    let told = |phase: f64, kept: f32| Condition {
        values: tensor(wave(4, phase), [2, 2], &device),
        kept: tensor(vec![kept; 2], [2, 1], &device),
    };
    let predict = |condition: Option<&Condition>| values(&network.predict(input.clone(), 5, condition));
    let null = predict(None);
    assert_eq!(null, predict(Some(&told(0.5, 0.0))));
    assert_eq!(null, predict(Some(&Condition::null(2, 2, &device))));
    assert_ne!(null, predict(Some(&told(0.5, 1.0))));
    let alone = network.predict(input.clone().narrow(0, 1, 1), 5, None);
    assert_close(&values(&alone), &null[24..], 1e-5);
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let device = Device::flex();
    let refuse = |config: UnetConfig| config.init(&device, &mut seeded(0)).unwrap_err().to_string();
    let good = UnetConfig::new(8, 3, 0, 8, &[1, 2]);
    assert!(refuse(UnetConfig { rows: 9, ..good.clone() }).contains("`horizon` is 9"));
    assert!(refuse(UnetConfig { base: 12, ..good.clone() }).contains("`base width` is 12"));
    assert!(refuse(UnetConfig { multipliers: vec![], ..good }).contains("multipliers"));
}

/// Predicts the noise of independent normal data exactly.
struct Normal {
    process: Process,
    mean: f64,
    std: f64,
}

impl Denoiser<2> for Normal {
    fn predict(&self, noised: Tensor<2>, step: usize, _condition: Option<&Condition>) -> Tensor<2> {
        let (signal, spread) = (self.process.schedule.signal(step), self.process.schedule.noise(step));
        let variance = (signal * self.std).powi(2) + spread * spread;
        (noised - signal * self.mean).mul_scalar(spread / variance)
    }
}

#[test]
fn a_sampler_reproduces_normal_data() {
    let process = process(100, Prediction::Eps);
    let normal = Normal { process: process.clone(), mean: 0.4, std: 0.3 };
    for (eta, steps, temperature) in [(1.0, 100, 1.0), (0.0, 100, 1.0), (1.0, 25, 0.5), (0.5, 10, 1.0)] {
        let sampler = Sampler { steps, eta, temperature, clip: None };
        let start = Start::Noise { shape: [20_000, 1], device: Device::flex() };
        let guidance = Guidance::unconditional();
        let samples = sampler.sample(&process, &normal, &guidance, None, start, &mut seeded(9));
        let samples: Vec<f64> = host(samples).into_iter().map(f64::from).collect();
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / samples.len() as f64;
        // The whole chain is linear: mean and variance follow exactly.
        let (mut center, mut square) = (0.0, temperature * temperature);
        let course = process.schedule.course(steps);
        for (index, &from) in course.iter().enumerate() {
            let to = course.get(index + 1).copied().unwrap_or(0);
            let (signal, spread) = (process.schedule.signal(from), process.schedule.noise(from));
            let gain = spread / ((signal * 0.3).powi(2) + spread * spread);
            let step = process.schedule.transition(from, to, eta);
            let slope = (1.0 - spread * gain) / signal * step.x0 + step.xk;
            let offset = spread * gain * 0.4 * step.x0;
            center = slope * center + offset;
            square = slope * slope * square + (step.std * temperature).powi(2);
        }
        assert!((mean - center).abs() < 0.01, "{eta} {steps}: {mean}, not {center}");
        assert!((variance.sqrt() - square.sqrt()).abs() < 0.01, "{eta} {steps}: {}", variance.sqrt());
        assert!((mean - 0.4).abs() < 0.02, "{eta} {steps}: {mean}");
        if steps == 100 {
            assert!((variance.sqrt() - 0.3).abs() < 0.02, "{eta} {steps}: {}", variance.sqrt());
        }
    }
}

/// Predicts the sum of its condition, and -1 without one; counts rows.
struct Sums(std::cell::Cell<usize>);

impl Denoiser<3> for Sums {
    fn predict(&self, noised: Tensor<3>, _step: usize, condition: Option<&Condition>) -> Tensor<3> {
        self.0.set(noised.dims()[0]);
        let rows = noised.dims()[0];
        let value: Tensor<2> = match condition {
            Some(Condition { values, kept }) => {
                values.clone().sum_dim(1) * kept.clone() + kept.clone().sub_scalar(1.0)
            }
            None => Tensor::full([rows, 1], -1.0, &noised.device()),
        };
        noised.zeros_like() + value.unsqueeze_dim::<3>(2)
    }
}

#[test]
fn guidance_adds_up_scores() {
    let device = Device::flex();
    let noised: Tensor<3> = Tensor::zeros([2, 2, 1], &device);
    let condition = |left: f32, right: f32| tensor(vec![left, right, left, right], [2, 2], &device);
    let sums = Sums(std::cell::Cell::new(0));
    let guided = |terms: Vec<(Tensor<2>, f64)>| {
        let terms = terms.into_iter().map(|(condition, weight)| Term { condition, weight }).collect();
        values(&Guidance::new(terms, 2, &device).predict(&sums, noised.clone(), 1))[0]
    };
    // eps(null) = -1, eps(y1) = 3, eps(y2) = 5.
    let (first, second) = (condition(1.0, 2.0), condition(1.0, 4.0));
    assert!((guided(vec![(first.clone(), 1.2)]) - (-1.0 + 1.2 * 4.0)).abs() < 1e-5);
    assert_eq!(sums.0.get(), 4);
    // The plain conditional prediction needs no other.
    assert_eq!(guided(vec![(first.clone(), 1.0)]), 3.0);
    assert_eq!(sums.0.get(), 2);
    let both = guided(vec![(first.clone(), 1.5), (second.clone(), 1.5)]);
    assert!((both - (-1.0 + 1.5 * (4.0 + 6.0))).abs() < 1e-5);
    let without = guided(vec![(first.clone(), 1.5), (second, -1.5)]);
    assert!((without - (-1.0 + 1.5 * (4.0 - 6.0))).abs() < 1e-5);
    assert_eq!(guided(vec![(first, 0.0)]), -1.0);
    assert_eq!(guided(vec![]), -1.0);
}

#[test]
fn known_rows_stay_exactly_as_they_are() {
    let device = Device::flex();
    let (network, process) = (network(&device), process(6, Prediction::Eps));
    let mut mask = vec![false; 48];
    let known = wave(48, 0.123);
    [0, 1, 2, 24, 25, 26, 27].iter().for_each(|index| mask[*index] = true);
    let clamp = Clamp {
        known: Tensor::<3, Bool>::from_data(TensorData::new(mask.clone(), [2, 8, 3]), &device),
        values: tensor(known.clone(), [2, 8, 3], &device),
    };
    for (eta, warm) in [(1.0, false), (0.0, false), (1.0, true)] {
        let sampler = Sampler { steps: 6, eta, temperature: 0.5, clip: Some(1.0) };
        let start = match warm {
            false => Start::Noise { shape: [2, 8, 3], device: device.clone() },
            true => Start::Warm { sample: tensor(wave(48, 0.8), [2, 8, 3], &device), step: 2 },
        };
        let draw = |seed| {
            let random = &mut seeded(seed);
            let guidance = Guidance::unconditional();
            values(&sampler.sample(&process, &network, &guidance, Some(&clamp), start.clone(), random))
        };
        let samples = draw(4);
        for (index, (sample, known)) in samples.iter().zip(&known).enumerate() {
            match mask[index] {
                true => assert_eq!(sample.to_bits(), known.to_bits()),
                false => assert!(sample.abs() <= 1.0),
            }
        }
        assert_eq!(samples, draw(4));
        assert_ne!(samples, draw(5));
    }
}

#[test]
fn predictions_are_turned_into_each_other() {
    let device = Device::flex();
    let clean = noise::normal([5, 3], &device, &mut seeded(1));
    let eps = noise::normal([5, 3], &device, &mut seeded(2));
    for prediction in [Prediction::Eps, Prediction::X0, Prediction::V] {
        let process = process(20, prediction);
        let steps = [9; 5];
        let noised = process.noised(clean.clone(), eps.clone(), &steps);
        let target = process.target(clean.clone(), eps.clone(), &steps);
        assert_close(&values(&process.clean(noised, target, 9)), &values(&clean), 1e-4);
    }
}
