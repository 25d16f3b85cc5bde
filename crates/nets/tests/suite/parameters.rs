use crate::support::{gradients, named, seeded, training, values};
use burn::module::Module;
use burn::tensor::Tensor;
use nets::NetsError;
use nets::dynamics::ConvTransition;
use nets::ema::{target_of, update};
use nets::mlp::{Mlp, MlpConfig};
use nets::noise;
use nets::parameters::{count, export, import};

fn perceptron(seed: u64) -> Mlp {
    MlpConfig::new(3, &[4], 2).init(&training(), &mut seeded(seed))
}

fn transition(seed: u64) -> ConvTransition {
    ConvTransition::new([2, 3, 3], 2, 4, &training(), &mut seeded(seed))
}

/// A forward pass that changes the running statistics.
fn train_once(model: &ConvTransition, seed: u64) -> Tensor<2> {
    let device = training();
    let latent = noise::normal([4, 18], &device, &mut seeded(seed));
    model.step(latent, Tensor::ones([4, 2], &device), true)
}

#[test]
fn arrays_are_named_by_their_path() {
    let names: Vec<String> = export(&perceptron(1), "actor").into_iter().map(|array| array.name).collect();
    let expected = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"];
    assert_eq!(names, expected.map(|name| format!("actor.{name}")));
    assert_eq!(export(&perceptron(1), "")[0].name, "layers.0.weight");
    assert_eq!(count(&perceptron(1)), 3 * 4 + 4 + 4 * 2 + 2);
}

#[test]
fn exported_arrays_restore_a_network_and_leave_it_trainable() {
    let (source, other) = (transition(1), transition(2));
    train_once(&source, 3);
    let mut arrays = named(export(&source, "model"));
    arrays.extend(named(export(&perceptron(1), "model2")));
    let identifier = |model: &ConvTransition| {
        let record = model.clone();
        burn::module::list_param_ids(&record)
    };
    let before = identifier(&other);
    let restored = import(other, "model", &arrays).unwrap();
    assert_eq!(export(&restored, "model"), export(&source, "model"));
    assert!(
        export(&restored, "model")
            .iter()
            .any(|array| array.name == "model.norm.running_mean"
                && array.values.iter().any(|&mean| mean != 0.0))
    );
    assert_eq!(identifier(&restored), before);
    let found = gradients(&restored, &train_once(&restored, 4).sum().backward());
    assert!(found.contains_key("first.weight") && found.contains_key("norm.gamma"));
    assert!(!found.contains_key("norm.running_mean"));
}

#[test]
fn a_plain_copy_can_be_loaded_too() {
    let arrays = named(export(&perceptron(1), "net"));
    let loaded = import(perceptron(2).valid(), "net", &arrays).unwrap();
    assert_eq!(named(export(&loaded, "net")), arrays);
}

#[test]
fn arrays_that_do_not_fit_are_refused_by_name() {
    let arrays = named(export(&perceptron(1), "net"));

    let mut missing = arrays.clone();
    missing.remove("net.layers.1.bias");
    let error = import(perceptron(2), "net", &missing).unwrap_err();
    assert!(matches!(&error, NetsError::MissingArray { name, .. } if name == "net.layers.1.bias"));

    let mut extra = arrays.clone();
    extra.insert("net.layers.2.bias".into(), arrays["net.layers.1.bias"].clone());
    let error = import(perceptron(2), "net", &extra).unwrap_err();
    assert!(error.to_string().contains("net.layers.2.bias"));

    let mut misshapen = arrays.clone();
    misshapen.get_mut("net.layers.0.weight").unwrap().shape = vec![4, 3];
    let error = import(perceptron(2), "net", &misshapen).unwrap_err();
    assert!(error.to_string().contains("[4, 3]") && error.to_string().contains("[3, 4]"));

    let mut short = arrays.clone();
    short.get_mut("net.layers.0.weight").unwrap().values.pop();
    assert!(import(perceptron(2), "net", &short).is_err());
}

#[test]
fn a_target_moves_by_the_share_of_the_new_value() {
    let online = perceptron(1);
    let target = target_of(&perceptron(2));
    let (old, new) = (export(&target, ""), export(&online, ""));
    let moved = export(&update(target, &online, 0.25), "");
    for ((old, new), moved) in old.iter().zip(&new).zip(&moved) {
        for ((old, new), moved) in old.values.iter().zip(&new.values).zip(&moved.values) {
            assert!((moved - (0.75 * old + 0.25 * new)).abs() < 1e-6);
        }
    }
    let copied = update(target_of(&perceptron(2)), &online, 1.0);
    assert_eq!(export(&copied, ""), new);
}

#[test]
fn a_target_is_not_recorded_and_does_not_follow_by_itself() {
    let online = transition(1);
    let target = target_of(&online);
    let before = export(&target, "");
    train_once(&online, 5);
    assert_eq!(export(&target, ""), before, "the target shares the online running statistics");

    let target = update(target, &online, 0.0);
    let statistics = |model: &ConvTransition| {
        let arrays = export(model, "").into_iter();
        arrays.filter(|array| array.name.contains("running_")).collect::<Vec<_>>()
    };
    assert_eq!(statistics(&target), statistics(&online), "statistics are copied at any rate");
    let plain = training().inner();
    let output = target.step(Tensor::ones([1, 18], &plain), Tensor::ones([1, 2], &plain), false);
    assert!(!output.is_autodiff());
}

#[test]
fn a_target_on_the_training_device_stays_without_gradients() {
    let online = perceptron(1);
    let target = update(perceptron(2).no_grad(), &online, 0.5);
    let output = target.forward(Tensor::ones([1, 3], &training()));
    assert!(output.is_autodiff() && !output.is_tracked());
    let expected = update(target_of(&perceptron(2)), &online, 0.5);
    let expected = expected.forward(Tensor::ones([1, 3], &training().inner()));
    assert_eq!(values(&output), values(&expected));
}
