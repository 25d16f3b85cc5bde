//! Tests of the scheme on tables.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Method, Protocol, Run, Scores, Task, task::World};
use settings::Config;
use worlds::{noise, tabular::Table};

use super::{regulariser::Regulariser, tabular::*, *};

trials::small!("mdvi", "random-mdp", &[&["check_bound=true", "tau=0.1"]]);
trials::small!("mdvi", "cartpole", &[&["variant=md-direct", "learning_starts=200", "hidden=8", "batch=8"]]);
trials::small!(
    "mdvi",
    "cartpole",
    &[&["variant=md-indirect", "acting=epsilon", "learning_starts=200", "hidden=8", "batch=8"]]
);
trials::small!(
    "mdvi",
    "minatar-breakout",
    &[&["variant=da", "tau=0.01", "learning_starts=200", "hidden=8", "batch=8"]]
);

fn garnet(seed: u64, discount: f64) -> Table {
    let name = format!("random-mdp,kind=garnet,states=12,discount={discount},world_seed={seed}");
    worlds::table(&name).unwrap().unwrap()
}

fn scheme(lambda: f64, tau: f64, kind: Kind, form: PolicyForm) -> Scheme {
    Scheme { regulariser: Regulariser { lambda, tau }, kind, form }
}

fn trained(config: MdviConfig, world: &str, steps: u64, seed: u64) -> (Scores, Mdvi) {
    config.validate().unwrap();
    let task = Task::new().with(World::new(world).unwrap());
    let mut run = Run::new(seed, steps, "cpu");
    let mut method = Mdvi::build(config, &task, &mut run).unwrap();
    while run.steps() < steps {
        method.advance(&mut run).unwrap();
    }
    let protocol = Protocol { world: None, problems: None, episodes: 1, seed, mode: run::Mode::Greedy };
    (method.evaluate(&protocol, &mut run).unwrap(), method)
}

#[test]
fn mirror_descent_and_dual_averaging_give_the_same_policies() {
    for (lambda, tau) in [(1.0, 0.0), (0.05, 0.0), (1.0, 0.1), (0.1, 2.0), (0.0, 0.5), (0.0, 0.0)] {
        for kind in [Kind::Both, Kind::Greedy] {
            let table = garnet(3, 0.9);
            let mut random = ChaCha8Rng::seed_from_u64(1);
            let (mut mirror, mut dual) = (Iterate::start(&table), Iterate::start(&table));
            for iteration in 0..500 {
                let errors: Vec<f64> = (0..48).map(|_| noise::normal(&mut random)).collect();
                mirror.advance(&scheme(lambda, tau, kind, PolicyForm::Mirror), &table, &errors);
                dual.advance(&scheme(lambda, tau, kind, PolicyForm::Dual), &table, &errors);
                for (one, other) in mirror.log_policy.iter().zip(&dual.log_policy) {
                    let difference = (one.exp() - other.exp()).abs();
                    assert!(difference < 1e-9, "{lambda} {tau} {kind:?} {iteration}: {difference:e}");
                }
                for (one, other) in mirror.values.iter().zip(&dual.values) {
                    assert!((one - other).abs() < 1e-8, "{lambda} {tau} {kind:?} {iteration}");
                }
            }
        }
    }
}

/// <pi, q> - lambda KL(pi || previous) + tau H(pi), written down once more.
fn objective(policy: &[f64], previous: &[f64], values: &[f64], lambda: f64, tau: f64) -> f64 {
    let term = |((p, m), q): ((&f64, &f64), &f64)| p * q - lambda * p * (p / m).ln() - tau * p * p.ln();
    policy.iter().zip(previous).zip(values).map(term).sum()
}

#[test]
fn the_closed_form_is_the_maximum_of_the_regularised_objective() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for (lambda, tau) in [(1.0, 0.0), (0.3, 0.2), (0.0, 0.7), (2.0, 1.0)] {
        let values: Vec<f64> = (0..4).map(|_| noise::normal(&mut random)).collect();
        let raw: Vec<f64> = (0..4).map(|_| 0.1 + random.random::<f64>()).collect();
        let previous: Vec<f64> = raw.iter().map(|value| value / raw.iter().sum::<f64>()).collect();
        // Exponentiated gradient ascent from the uniform policy.
        let mut policy = vec![0.25; 4];
        for _ in 0..5_000 {
            let slope =
                |(p, (m, q)): (&f64, (&f64, &f64))| q - lambda * ((p / m).ln() + 1.0) - tau * (p.ln() + 1.0);
            let steps: Vec<f64> =
                policy.iter().zip(previous.iter().zip(&values)).map(slope).map(|slope| 0.1 * slope).collect();
            let moved: Vec<f64> = policy.iter().zip(&steps).map(|(p, step)| p * step.exp()).collect();
            policy = moved.iter().map(|p| p / moved.iter().sum::<f64>()).collect();
        }
        let logs: Vec<f64> = previous.iter().map(|p| p.ln()).collect();
        let regulariser = Regulariser { lambda, tau };
        let found = regulariser.greedy(&logs, &values, 4);
        for (log, p) in found.iter().zip(&policy) {
            assert!((log.exp() - p).abs() < 1e-9, "{found:?} {policy:?}");
        }
        let worth = regulariser.state_values(&found, &logs, &values, 4);
        assert!((worth[0] - objective(&policy, &previous, &values, lambda, tau)).abs() < 1e-9);
    }
}

#[test]
fn the_bounds_hold_along_random_runs() {
    for (lambda, tau) in [(1.0, 0.0), (0.1, 0.0), (1.0, 0.1), (0.1, 0.1), (5.0, 0.05), (0.0, 0.1), (0.0, 0.0)]
    {
        for seed in 0..3 {
            let config = MdviConfig { lambda, tau, check_bound: true, ..MdviConfig::default() };
            let discount = [0.5, 0.9, 0.97][seed as usize];
            let world = format!("random-mdp,kind=garnet,states=10,discount={discount},world_seed={seed}");
            let (scores, _) = trained(config, &world, 300, seed);
            let violations = scores["diag/bound_violations"].mean;
            assert_eq!(violations, 0.0, "lambda {lambda}, tau {tau}, seed {seed}");
            assert!(scores["diag/bound_slack"].mean > 0.0, "lambda {lambda}, tau {tau}, seed {seed}");
        }
    }
}

#[test]
fn adversarial_errors_mislead_value_iteration_as_far_as_the_theory_says() {
    for (discount, states) in [(0.9_f64, 60_u64), (0.95, 120)] {
        let world = format!("tight-chain,discount={discount}");
        let errors =
            MdviConfig { errors: Errors::Adversarial, noise: 0.1, measure_every: 0, ..MdviConfig::default() };
        let plain = MdviConfig { lambda: 0.0, ..errors.clone() };
        let (scores, _) = trained(plain, &world, states, 0);
        // The last policy acts on the values of the iteration before.
        let closed = 2.0 * (discount - discount.powi(states as i32 - 1)) * 0.1 / (1.0 - discount).powi(2);
        assert!((scores["diag/max_loss"].mean / closed - 1.0).abs() < 1e-6, "{scores:?} {closed}");
        let (scores, _) = trained(errors, &world, states, 0);
        assert!(scores["diag/max_loss"].mean <= 2.0 * 0.1 / (1.0 - discount), "{scores:?}");
    }
}

#[test]
fn the_scheme_matches_numpy() {
    let golden = include_str!("../../tests/data/mdvi.txt");
    let numbers = |name: &str| -> Vec<f64> {
        let line = golden.lines().find(|line| line.split(' ').next() == Some(name)).unwrap();
        line.split(' ').skip(1).map(|number| number.parse().unwrap()).collect()
    };
    let table = table_of(&numbers("transitions"), &numbers("rewards"));
    let errors = numbers("errors");
    for (name, lambda, tau, kind) in [
        ("type-1", 0.5, 0.0, Kind::Both),
        ("type-1-entropy", 0.5, 0.2, Kind::Both),
        ("type-2", 0.5, 0.2, Kind::Greedy),
        ("plain", 0.0, 0.0, Kind::Both),
    ] {
        for form in [PolicyForm::Mirror, PolicyForm::Dual] {
            let mut iterate = Iterate::start(&table);
            for errors in errors.chunks_exact(8) {
                iterate.advance(&scheme(lambda, tau, kind, form), &table, errors);
            }
            for (found, golden) in iterate.values.iter().zip(numbers(&format!("{name}-values"))) {
                assert!((found - golden).abs() < 1e-10, "{name} {form:?}: {found} {golden}");
            }
            for (found, golden) in iterate.log_policy.iter().zip(numbers(&format!("{name}-policy"))) {
                assert!((found.exp() - golden).abs() < 1e-10, "{name} {form:?}: {found} {golden}");
            }
        }
    }
}

/// Four states, two actions.
fn table_of(transitions: &[f64], rewards: &[f64]) -> Table {
    let model = worlds::tabular::Model::new(2, vec![0.25; 4], |state, action| {
        let pair = 2 * state + action;
        let outcome = |next| worlds::tabular::Transition {
            state: next,
            probability: transitions[4 * pair + next],
            reward: rewards[pair],
            terminal: false,
        };
        (0..4).map(outcome).collect()
    });
    Table { model, discount: 0.9, horizon: None }
}

#[test]
fn errors_average_out_with_the_divergence_and_not_without() {
    let world = "random-mdp,kind=garnet,world_seed=1";
    let loss = |lambda| {
        let (scores, _) = trained(MdviConfig { lambda, ..MdviConfig::default() }, world, 500, 1);
        scores["diag/late_loss"].mean
    };
    let (with, without) = (loss(1.0), loss(0.0));
    assert!(with < 0.1 * without, "{with} {without}");
}

#[test]
fn wrong_settings_are_named() {
    MdviConfig::default().validate().unwrap();
    MdviConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut MdviConfig)| {
        let mut config = MdviConfig::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    assert!(wrong(|config| config.lambda = -1.0).contains("`lambda` is -1: it must be at least 0"));
    assert!(wrong(|config| config.tau = -0.5).contains("`tau` is -0.5"));
    assert!(
        wrong(|config| config.values.gamma = 1.0).contains("`gamma` is 1: it must be at least 0 and below 1")
    );
    assert!(
        wrong(|config| config.lambda = 1e-9)
            .contains("`lambda` is 0.000000001: `lambda` + `tau` must be 0 or at least 1e-6")
    );
    assert!(wrong(|config| config.variant = Instantiation::Da).contains("`da` needs `tau` above 0"));
    let error = wrong(|config| (config.lambda, config.acting) = (0.0, Acting::Softmax));
    assert!(error.contains("no regulariser: the policy is greedy"), "{error}");
    let error = wrong(|config| (config.check_bound, config.kind) = (true, Kind::Greedy));
    assert!(error.contains("type-1"), "{error}");
    let task = Task::new().with(World::new("pendulum").unwrap());
    let error = Mdvi::CARD.check(&task).unwrap_err().to_string();
    assert!(error.contains("`md-direct` with a Gaussian policy"), "{error}");
}
