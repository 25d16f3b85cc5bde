//! Tests of the method on data.

use std::sync::Arc;

use memory::dataset::Builder;
use memory::{DataSpec, Dataset};
use run::{Method, Mode, Protocol, Run, Scores, Task, data::Data, task::World};
use settings::Config;
use worlds::{ActionSpace, Actions, Array, Field, Layout, Observations, Role};

use super::{Constraint, DocControl, DocControlConfig, Form, TabularConfig, cells::Cells, tabular::best_of};

trials::small!("doc-control", "data:frozen-lake/random,episodes=50 in frozen-lake", &[]);
trials::small!(
    "doc-control",
    "data:bernoulli-bandit/behaviour,episodes=50",
    &[&["constraint=exact", "tabular.bins=3"]]
);
trials::small!(
    "doc-control",
    "data:pendulum/random,episodes=2",
    &[&[
        "deep.context=3",
        "deep.future=2",
        "deep.width=8",
        "deep.layers=1",
        "deep.batch=4",
        "deep.dropout=0.1",
    ]]
);

/// Episodes of one step each: observation, action, reward.
fn bandit(pulls: &[(u32, f32)], rewards: bool) -> Data {
    let field =
        Field { name: "observation".to_owned(), role: Role::Input, layout: Layout::Vector { size: 1 } };
    let spec = DataSpec {
        world: None,
        fields: vec![field],
        action: Some(ActionSpace::Discrete { count: 2 }),
        rewards: if rewards { vec!["reward".to_owned()] } else { Vec::new() },
        extra: Vec::new(),
        horizon: Some(1),
        policy: "by hand".to_owned(),
        seed: None,
    };
    let mut builder = Builder::new(spec).unwrap();
    let seen = Observations { rows: 1, fields: vec![Array::Float(vec![0.0])] };
    for &(arm, reward) in pulls {
        builder.begin(&seen, 0);
        let reward: &[f32] = if rewards { &[reward] } else { &[] };
        builder.step(&Actions::Discrete(vec![arm]), reward, &[], &seen, 0).unwrap();
        builder.end(true);
    }
    let set: Dataset = builder.finish().unwrap();
    Data { name: "by hand".to_owned(), set: Arc::new(set) }
}

/// Arm 0 pulled 2 times of 10 and paid 8 of 10 times; arm 1 pulled 8 times and paid 2 of 10 times, so
/// that each was paid as often.
fn lucky() -> Data {
    let pulls = [(0, 1.0, 16), (0, 0.0, 4), (1, 1.0, 16), (1, 0.0, 64)];
    let pulls: Vec<_> = pulls.iter().flat_map(|&(arm, paid, times)| vec![(arm, paid); times]).collect();
    bandit(&pulls, true)
}

fn trained(variant: Form, lambda: f64, steps: u64) -> (Scores, DocControl) {
    let config = DocControlConfig { variant, lambda, ..DocControlConfig::default() };
    let mut run = Run::new(0, steps, "cpu");
    let mut method = DocControl::build(config, &Task::new().with(lucky()), &mut run).unwrap();
    while run.steps() < steps {
        method.advance(&mut run).unwrap();
    }
    let world = Some(World::new("bernoulli-bandit,p=0.2").unwrap());
    let protocol = Protocol { world, problems: None, episodes: 4, seed: 0, mode: Mode::Greedy };
    (method.evaluate(&protocol, &mut run).unwrap(), method)
}

#[test]
fn given_a_reward_both_arms_are_as_frequent() {
    // Exactly: P(arm 0 | paid) = 1/2, worth (0.8 + 0.2) / 2, where 1 was asked for.
    let (scores, _) = trained(Form::Dt, 0.0, 1);
    assert!((scores["eval/return"].mean - 0.5).abs() < 1e-12, "{scores:?}");
    assert!((scores["diag/consistency_gap"].mean - 0.5).abs() < 1e-12);
    let (scores, _) = trained(Form::Bc, 0.0, 1);
    assert!((scores["eval/return"].mean - (0.2 * 0.8 + 0.8 * 0.2)).abs() < 1e-12);
}

#[test]
fn control_is_separated_from_luck() {
    let (with, _) = trained(Form::Tabular, 2.0, 4_000);
    assert!(with["eval/return"].mean > 0.7, "{with:?}");
    assert!(with["diag/mutual_information"].mean < 0.02, "{with:?}");
    assert!(with["diag/consistency_gap"].mean < 0.1, "{with:?}");
    let (without, _) = trained(Form::Tabular, 0.0, 4_000);
    assert!((without["eval/return"].mean - 0.5).abs() < 0.1, "{without:?}");
    assert!(without["diag/mutual_information"].mean > 0.3, "{without:?}");
    assert!(without["diag/promised"].mean > 0.9, "{without:?}");
}

#[test]
fn the_best_of_some_draws() {
    let close = |found: Vec<f64>, expected: &[f64]| {
        let near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12);
        assert!(near && found.len() == expected.len(), "{found:?} {expected:?}");
    };
    // One draw: the prior. Two: the best is missed twice with probability 0.8².
    close(best_of(&[0.2, 0.3, 0.5], &[3.0, 1.0, 2.0], 1, 0.0), &[0.2, 0.3, 0.5]);
    close(best_of(&[0.2, 0.3, 0.5], &[3.0, 1.0, 2.0], 2, 0.0), &[0.36, 0.09, 0.55]);
    // Equally good codes share by their prior, and impossible ones are never drawn.
    close(best_of(&[0.2, 0.3, 0.5, 0.0], &[1.0, 1.005, 0.2, 9.0], 1_000, 0.01), &[0.4, 0.6, 0.0, 0.0]);
    assert!(best_of(&[], &[], 10, 0.0).is_empty());
}

#[test]
fn cells_are_what_was_recorded() {
    let data = bandit(&[(0, 1.0), (0, 0.0), (0, 1.0), (1, 0.0)], true);
    let cells = Cells::new(&data.set, None, &TabularConfig::default()).unwrap();
    assert_eq!((cells.states, cells.actions, cells.count()), (1, 2, 3));
    assert_eq!(cells.weights.iter().sum::<f64>(), 1.0);
    assert_eq!(cells.members, [(0, 2), (2, 1)]);
    assert_eq!(cells.bin_values, [0.0, 1.0]);
    let bins: Vec<usize> = cells.samples.iter().map(|sample| sample.bin).collect();
    assert_eq!(bins, [1, 0, 1, 0]);
    assert!(!cells.deterministic());
    let same = bandit(&[(0, 1.0), (0, 1.0), (1, 0.0)], true);
    assert!(Cells::new(&same.set, None, &TabularConfig::default()).unwrap().deterministic());
}

#[test]
fn bad_input_is_named() {
    DocControlConfig::default().validate().unwrap();
    DocControlConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut DocControlConfig)| {
        let mut config = DocControlConfig::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    assert!(wrong(|config| config.lambda = -1.0).contains("`lambda` is -1"));
    assert!(wrong(|config| config.tabular.batch = 1).contains("`tabular.batch` is 1: it must be at least 2"));
    assert!(wrong(|config| config.tabular.learning_rate = 0.0).contains("`tabular.learning_rate` is 0"));
    let bounds = wrong(|config| {
        (config.tabular.return_low, config.tabular.return_high) = (Some(2.0), Some(1.0));
    });
    assert_eq!(bounds, "`tabular.return_low` is 2: it must be below `tabular.return_high`, 1");
    let exact = wrong(|config| (config.variant, config.constraint) = (Form::Deep, Constraint::Exact));
    assert!(exact.contains("`constraint` is exact: it must be energy where `variant` is deep"), "{exact}");
    assert!(wrong(|config| config.deep.future = 0).contains("`deep.future` is 0"));
    assert!(wrong(|config| config.deep.heads = 3).contains("`deep.heads` is 3"));
    let mut run = Run::new(0, 10, "cpu");
    let mut refused = |config: DocControlConfig, data: Data| {
        let task = Task::new().with(data);
        let checked = DocControl::CARD.check(&task);
        checked.and_then(|()| DocControl::build(config, &task, &mut run).map(drop)).unwrap_err().to_string()
    };
    let tabular = DocControlConfig { variant: Form::Tabular, ..DocControlConfig::default() };
    let error = refused(tabular.clone(), bandit(&[(0, 1.0)], false));
    assert!(error.contains("needs rewards"), "{error}");
    let narrow = TabularConfig { return_high: Some(0.5), ..TabularConfig::default() };
    let error = refused(DocControlConfig { tabular: narrow, ..tabular }, lucky());
    assert!(
        error.contains("the bins of returns go from 0 to 0.5, but the data's returns go from 0 to 1"),
        "{error}"
    );
}

#[test]
fn certain_data_are_noted_and_learned_from() {
    let config = DocControlConfig { variant: Form::Tabular, ..DocControlConfig::default() };
    let data = bandit(&[(0, 1.0), (0, 1.0), (1, 0.0), (1, 0.0)], true);
    let mut run = Run::new(0, 10, "cpu");
    let mut method = DocControl::build(config, &Task::new().with(data), &mut run).unwrap();
    for _ in 0..2_000 {
        method.advance(&mut run).unwrap();
    }
    let world = Some(World::new("bernoulli-bandit,p=0").unwrap());
    let protocol = Protocol { world, problems: None, episodes: 1, seed: 0, mode: Mode::Greedy };
    let scores = method.evaluate(&protocol, &mut run).unwrap();
    assert_eq!(scores["diag/mutual_information"].mean, 0.0);
    assert!(scores["eval/return"].mean > 0.95, "{scores:?}");
}
