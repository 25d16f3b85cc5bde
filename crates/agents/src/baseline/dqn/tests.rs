use burn::tensor::{Device, TensorData};
use learn::schedule::Schedule;
use nets::host;
use run::{Method, Protocol, Task};
use settings::Config;

use super::*;
use crate::value_agent::config::{Copies, ValueSettings};

use crate::small::SMALL_VALUES;

trials::small!("dqn", "cartpole", &[SMALL_VALUES]);
trials::small!(
    "dqn",
    "cartpole",
    &[SMALL_VALUES, &["bonus.name=rnd", "bonus.hidden=[8]", "bonus.place=drawn"]]
);

fn run_for(config: DqnConfig, world: &str, steps: u64) -> (Dqn, Run, Task) {
    let mut run = Run::new(0, steps, "cpu");
    let task = Task::new().with(World::new(world).unwrap());
    let mut method = Dqn::build(config, &task, &mut run).unwrap();
    while run.steps() < steps {
        method.advance(&mut run).unwrap();
    }
    (method, run, task)
}

#[test]
fn dqn_crosses_the_deep_sea() {
    let agent = ValueAgentConfig {
        copies: Copies { worlds: 4, updates: 2 },
        values: ValueSettings {
            learning_starts: 100,
            train_every: 4,
            batch: 32,
            epsilon: Schedule::linear(1.0, 0.2, 3_000),
            target_every: 50,
            learning_rate: 2e-3,
            hidden: 32,
            ..ValueSettings::default()
        },
        n_step: 3,
        dueling: true,
        prioritised: true,
        ..ValueAgentConfig::default()
    };
    let config = DqnConfig { agent, anneal: false, ..DqnConfig::default() };
    let (mut method, mut run, task) = run_for(config, "deep-sea,size=4,world_seed=1", 4_000);
    let world = task.get::<World>().unwrap().clone();
    let protocol =
        Protocol { world: Some(world), problems: None, episodes: 4, seed: 1, mode: run::Mode::Greedy };
    let scores = method.evaluate(&protocol, &mut run).unwrap();
    assert!(scores["eval/return"].mean > 0.9, "{scores:?}");
}

/// The loss of one transition with reward 1 and discount one half, by values of two actions of which
/// the second was taken.
fn loss_of(delta: f32, output: [f32; 2], target: [f32; 2], chooser: [f32; 2]) -> Loss {
    let device = Device::flex();
    let values = |row: [f32; 2]| Tensor::from_data(TensorData::new(row.to_vec(), [1, 2, 1]), &device);
    let one = |value: f32| Tensor::from_data(TensorData::new(vec![value], [1]), &device);
    let action = Tensor::<1, Int>::from_data(TensorData::new(vec![1i64], [1]), &device);
    let outputs = [values(output).autodiff(), values(target), values(chooser)];
    loss(delta, outputs, action, one(1.0), one(0.5))
}

#[test]
fn losses_are_those_of_the_equations() {
    // Single: 1 + 0.5 * 10 = 6; the chooser prefers action 0: 1 + 0.5 * 4 = 3.
    let (output, target) = ([7.0, 2.0], [4.0, 10.0]);
    let single = loss_of(0.0, output, target, target);
    assert_eq!(host(single.loss.inner()), [16.0]);
    let double = loss_of(0.5, output, target, [1.0, 0.0]);
    assert_eq!(host(double.error), [1.0]);
    assert_eq!(host(double.loss.inner()), [0.5 * (1.0 - 0.25)]);
    assert_eq!(host(double.value), [2.0]);
}

#[test]
fn the_presets_are_valid_and_wrong_settings_are_named() {
    DqnConfig::default().validate().unwrap();
    DqnConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut ValueAgentConfig)| {
        let mut config = DqnConfig::default();
        change(&mut config.agent);
        config.validate().unwrap_err()
    };
    assert_eq!(wrong(|config| config.values.batch = 0), "`batch` is 0: it must be at least 1");
    assert!(wrong(|config| config.values.gamma = 1.5).contains("`gamma` is 1.5"));
    assert!(wrong(|config| config.values.learning_rate = 0.0).contains("`learning_rate` is 0"));
    assert!(wrong(|config| config.target_rate = 0.0).contains("`target_rate` is 0"));
    assert!(wrong(|config| config.values.epsilon = Schedule::Constant(2.0)).contains("`epsilon` is 2"));
    let error = wrong(|config| (config.values.capacity, config.n_step) = (40, 5));
    assert!(error.contains("`capacity` is 40") && error.contains("n = 5"), "{error}");
}
