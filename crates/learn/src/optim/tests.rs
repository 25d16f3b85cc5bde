use burn::module::{Module, Param};
use burn::tensor::Device;

use super::*;
use crate::testing::{numbers, random_tensor};

#[derive(Module, Debug)]
struct Pair {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

fn pair(seed: u64, inputs: usize, outputs: usize) -> Pair {
    Pair {
        weight: Param::from_tensor(random_tensor(seed, [inputs, outputs])),
        bias: Param::from_tensor(random_tensor(seed + 1, [outputs])),
    }
}

/// A loss whose gradient is `rows`, reshaped.
fn linear_loss(module: &Pair, row: &[f32]) -> Tensor<1> {
    let device = Device::flex();
    let weight = Tensor::<1>::from_floats(&row[..2], &device).reshape([1, 2]);
    let bias = Tensor::<1>::from_floats(&row[2..], &device);
    (module.weight.val() * weight).sum() + (module.bias.val() * bias).sum()
}

fn flat(module: &Pair) -> Vec<f32> {
    let weight = module.weight.val().into_data();
    let bias = module.bias.val().into_data();
    weight.iter::<f32>().chain(bias.iter::<f32>()).collect()
}

#[test]
fn adam_follows_the_reference() {
    let text = include_str!("../../tests/data/adam.txt");
    let settings = &numbers(text, "settings")[0];
    let start = &numbers(text, "start")[0];
    for (name, decay, decoupled) in
        [("plain", 0.0, false), ("penalty", settings[4], false), ("decoupled", settings[4], true)]
    {
        for tensors in [false, true] {
            let device = Device::flex();
            let module = Pair {
                weight: Param::from_data([[start[0] as f32, start[1] as f32]], &device),
                bias: Param::from_data([start[2] as f32, start[3] as f32], &device),
            };
            let mut trained = Trained::new(
                module,
                AdamSettings {
                    learning_rate: settings[0],
                    beta_1: settings[1],
                    beta_2: settings[2],
                    epsilon: settings[3],
                    weight_decay: decay,
                    decoupled,
                },
            );
            if tensors {
                trained.force_tensors();
            }
            for (gradient, expected) in numbers(text, "gradient").iter().zip(numbers(text, name)) {
                let row: Vec<f32> = gradient.iter().map(|&value| value as f32).collect();
                let loss = linear_loss(trained.module(), &row);
                update("test", loss, &mut [&mut trained], None).unwrap();
                for (found, expected) in flat(trained.inference()).iter().zip(&expected) {
                    assert!((f64::from(*found) - expected).abs() < 2e-6, "{name}");
                }
            }
        }
    }
}

#[test]
fn tables_follow_the_reference_too() {
    let text = include_str!("../../tests/data/adam.txt");
    let [learning_rate, beta_1, beta_2, epsilon, _] = numbers(text, "settings")[0][..] else { panic!() };
    let settings = AdamSettings { learning_rate, beta_1, beta_2, epsilon, ..AdamSettings::default() };
    let mut values = numbers(text, "start")[0].clone();
    let mut adam = TableAdam::new(values.len());
    for (gradient, expected) in numbers(text, "gradient").iter().zip(numbers(text, "plain")) {
        adam.step(&mut values, gradient, &settings);
        for (found, expected) in values.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
        }
    }
}

#[test]
fn the_clip_is_by_the_global_norm_over_all_parts() {
    let plain = AdamSettings {
        beta_1: 0.0,
        beta_2: 0.0,
        epsilon: 1e6,
        learning_rate: 1e6,
        ..AdamSettings::default()
    };
    // With these settings a step is the clipped gradient itself.
    let mut first = Trained::new(pair(1, 1, 2), plain);
    let mut second = Trained::new(pair(3, 1, 2), plain);
    let (before, other) = (flat(first.inference()), flat(second.inference()));
    let loss = linear_loss(first.module(), &[2.0, 0.0, 0.0, 0.0])
        + linear_loss(second.module(), &[0.0, 4.0, 4.0, 0.0]);
    let done = update("test", loss, &mut [&mut first, &mut second], Some(3.0)).unwrap();
    assert_eq!(done.gradient_norm, 6.0);
    let moved = before[0] - flat(first.inference())[0];
    assert!((moved - 1.0).abs() < 1e-4, "{moved}");
    let moved = other[1] - flat(second.inference())[1];
    assert!((moved - 2.0).abs() < 1e-4, "{moved}");
}

#[test]
fn bad_numbers_change_nothing_and_name_the_term() {
    let mut first = Trained::new(pair(1, 1, 2), AdamSettings::default());
    let mut second = Trained::new(pair(3, 1, 2), AdamSettings::default());
    let before = (flat(first.inference()), flat(second.inference()));
    let bad = linear_loss(second.module(), &[0.0, f32::INFINITY, 0.0, 0.0]);
    let loss = linear_loss(first.module(), &[1.0; 4]) + bad.clone().abs().clamp(0.0, 1.0);
    let error = update("critic", loss, &mut [&mut first, &mut second], None);
    // Infinity clipped away in the loss still gives 0 * infinity in the gradient.
    assert!(matches!(&error, Err(LearnError::NotFinite { term, .. }) if term == "critic"));
    let loss = linear_loss(first.module(), &[f32::NAN; 4]);
    let error = update("actor", loss, &mut [&mut first], None).unwrap_err();
    assert!(error.to_string().contains("the loss of `actor`"), "{error}");
    assert_eq!(before, (flat(first.inference()), flat(second.inference())));
    let loss = linear_loss(first.inference(), &[1.0; 4]);
    let error = update("actor", loss, &mut [&mut first], None);
    assert!(matches!(error, Err(LearnError::NotTracked { .. })));
    // Nothing of the refused gradients is left for the next step.
    assert_eq!(first.squared_norm() + second.squared_norm(), 0.0);
}

#[test]
fn parts_outside_the_update_stay_and_parameters_without_gradient_too() {
    let mut actor = Trained::new(pair(1, 1, 2), AdamSettings::default());
    let critic = Trained::new(pair(3, 1, 2), AdamSettings::default());
    let (before, other) = (flat(actor.inference()), flat(critic.inference()));
    let weight = actor.module().weight.val() * critic.module().weight.val();
    update("actor", weight.sum(), &mut [&mut actor], None).unwrap();
    let after = flat(actor.inference());
    assert_ne!(before[..2], after[..2]);
    assert_eq!(before[2..], after[2..]);
    assert_eq!(other, flat(critic.inference()));
    assert!(actor.module().bias.val().is_require_grad());
    assert!(actor.module().weight.val().is_require_grad());
}

#[test]
fn a_loaded_optimiser_steps_like_the_saved_one() {
    let step = |trained: &mut Trained<Pair>, seed: u64| {
        let input = random_tensor::<2>(seed, [8, 5]);
        let bias = trained.module().bias.val().unsqueeze::<2>();
        let output = input.matmul(trained.module().weight.val()) + bias;
        let loss = output.tanh().square().mean();
        update("test", loss, &mut [trained], Some(0.1)).unwrap();
    };
    let settings = AdamSettings::new(0.01).with_weight_decay(0.1);
    let mut saved = Trained::new(pair(1, 5, 3), settings);
    for seed in 0..5 {
        step(&mut saved, seed);
    }
    let mut arrays = Vec::new();
    saved.save("critic", &mut arrays);
    let arrays: BTreeMap<_, _> = arrays.into_iter().map(|array| (array.name.clone(), array)).collect();
    let mut loaded = Trained::new(pair(7, 5, 3), settings);
    loaded.load("critic", &arrays).unwrap();
    assert_eq!(flat(saved.inference()), flat(loaded.inference()));
    for seed in 5..9 {
        step(&mut saved, seed);
        step(&mut loaded, seed);
        assert_eq!(flat(saved.inference()), flat(loaded.inference()));
    }

    let mut incomplete = arrays.clone();
    incomplete.remove("critic:adam.bias.moment_2");
    let before = flat(loaded.inference());
    let error = loaded.load("critic", &incomplete).unwrap_err();
    assert!(error.to_string().contains("critic:adam.bias.moment_2"), "{error}");
    assert_eq!(before, flat(loaded.inference()));

    let mut other = Trained::new(pair(7, 4, 3), settings);
    let error = other.load("critic", &arrays).unwrap_err();
    assert!(matches!(error, LearnError::ArrayShape { .. }), "{error}");
    let error = other.load("actor", &arrays).unwrap_err();
    assert!(error.to_string().contains("actor:adam.weight"), "{error}");
}

#[test]
fn replaced_parameters_keep_the_moments_of_their_path() {
    let mut trained = Trained::new(pair(1, 1, 2), AdamSettings::default());
    let mut control = Trained::new(pair(1, 1, 2), AdamSettings::default());
    let row = [0.3, -0.2, 0.1, 0.7];
    for part in [&mut trained, &mut control] {
        let loss = linear_loss(part.module(), &row);
        update("test", loss, &mut [part], None).unwrap();
    }
    let copy = pair(9, 1, 2);
    let same = Pair {
        weight: copy.weight.map(|_| control.inference().weight.val().clone()),
        bias: copy.bias.map(|_| control.inference().bias.val().clone()),
    };
    trained.replace(same);
    for part in [&mut trained, &mut control] {
        let loss = linear_loss(part.module(), &row);
        update("test", loss, &mut [part], None).unwrap();
    }
    assert_eq!(flat(trained.inference()), flat(control.inference()));
}

#[test]
fn vectors_can_be_spared_from_decay() {
    let settings = AdamSettings { decoupled: true, weight_decay: 0.5, ..AdamSettings::new(0.1) };
    let spare = AdamSettings { weight_decay: 0.0, ..settings };
    let stepped = |mut trained: Trained<Pair>| {
        let loss = linear_loss(trained.module(), &[0.3, -0.2, 0.1, 0.7]);
        update("test", loss, &mut [&mut trained], None).unwrap();
        flat(trained.inference())
    };
    let all = stepped(Trained::new(pair(1, 1, 2), settings));
    let none = stepped(Trained::new(pair(1, 1, 2), spare));
    let matrices = stepped(Trained::new(pair(1, 1, 2), settings).sparing_vectors());
    assert_eq!(matrices[..2], all[..2]);
    assert_eq!(matrices[2..], none[2..]);
    assert_ne!(all, none);
}

#[test]
fn spectrally_normalised_weights_are_iterated_with_every_step_and_come_back_exactly() {
    use nets::{
        mlp::MlpConfig,
        norm::{is_state, spectral},
    };
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    let device = Device::flex().autodiff();
    let fresh = |seed| {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let network = MlpConfig::new(3, &[8], 2).init(&device, random);
        Trained::new(spectral(network, |_| true, random), AdamSettings::new(0.05))
    };
    let input = || random_tensor::<2>(3, [5, 3]).autodiff();
    let step = |trained: &mut Trained<_>| {
        let loss = nets::mlp::Mlp::forward(trained.module(), input()).square().mean();
        update("loss", loss, &mut [trained], None).unwrap();
    };
    let saved = |trained: &Trained<_>| {
        let mut arrays = Vec::new();
        trained.save("net", &mut arrays);
        arrays
    };
    let states = |arrays: &[NamedArray]| -> Vec<NamedArray> {
        arrays.iter().filter(|array| is_state(&array.name)).cloned().collect()
    };
    let mut trained = fresh(1);
    let before = saved(&trained);
    step(&mut trained);
    let middle = saved(&trained);
    assert_eq!(states(&before).len(), 2);
    assert_ne!(states(&before), states(&middle));
    let mut other = fresh(2);
    other.load("net", &middle.iter().map(|array| (array.name.clone(), array.clone())).collect()).unwrap();
    for trained in [&mut trained, &mut other] {
        for _ in 0..3 {
            step(trained);
        }
    }
    assert_eq!(saved(&trained), saved(&other));
    let plain = trained.inference().forward(input().inner());
    let recorded = trained.module().forward(input()).inner();
    assert_eq!(nets::host(plain), nets::host(recorded));
}
