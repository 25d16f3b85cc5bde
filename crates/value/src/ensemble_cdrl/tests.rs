use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use run::{Method, Run, Task, task::World};
use settings::Config;

use super::{
    grid::{Grid, blend},
    report::Report,
    tabular::{Group, Sample},
    *,
};

trials::small!("ensemble-cdrl", "grid7-slip", &[&["atoms=21", "v_min=-1", "v_max=3"]]);
trials::small!("ensemble-cdrl", "grid7-slip", &[&["targets=own", "shared_buffer=true"]]);
trials::small!(
    "ensemble-cdrl",
    "cartpole",
    &[&["agents=2", "deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"]]
);

const GOLDEN: &str = include_str!("../../tests/data/ensemble_cdrl.txt");
const GRID: Grid = Grid { low: -1.0, high: 3.0, atoms: 11 };

fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn distribution(random: &mut ChaCha8Rng) -> Vec<f64> {
    let draws: Vec<f64> = (0..GRID.atoms).map(|_| random.random::<f64>()).collect();
    let sum: f64 = draws.iter().sum();
    draws.into_iter().map(|draw| draw / sum).collect()
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12, "{found} instead of {expected}");
    }
}

#[test]
fn the_projection_follows_the_reference() {
    for line in GOLDEN.lines() {
        let numbers: Vec<f64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let (next, rest) = numbers[2..].split_at(GRID.atoms);
        let mut out = vec![0.0; GRID.atoms];
        let clipped = GRID.target(numbers[0], numbers[1], Some(next), &mut out);
        close(&out, &rest[..GRID.atoms]);
        close(&[clipped], &rest[GRID.atoms..]);
    }
}

#[test]
fn the_projection_keeps_mass_and_inside_the_grid_the_mean() {
    let mut random = random(0);
    for _ in 0..50 {
        let next = distribution(&mut random);
        let (reward, discount) = (random.random::<f64>(), 0.5);
        let mut out = vec![0.0; GRID.atoms];
        assert_eq!(GRID.target(reward, discount, Some(&next), &mut out), 0.0);
        let mean = reward + discount * GRID.expectation(&next);
        close(&[out.iter().sum(), GRID.expectation(&out)], &[1.0, mean]);
        let clipped = GRID.target(reward + 2.0, discount, Some(&next), &mut out);
        assert!(clipped > 0.0);
        close(&[out.iter().sum()], &[1.0]);
    }
}

#[test]
fn an_end_puts_all_mass_at_the_reward() {
    let mut out = vec![0.0; GRID.atoms];
    assert_eq!(GRID.target(3.0, 0.9, None, &mut out), 0.0);
    assert_eq!(out[GRID.atoms - 1], 1.0);
    assert_eq!(GRID.target(4.0, 0.9, None, &mut out), 1.0);
    assert_eq!(out[GRID.atoms - 1], 1.0);
}

fn group(targets: Targets, agents: usize) -> Group {
    Group::new(GRID, targets, (0.1, 0.95), agents, (6, 3), &mut random(1))
}

fn samples(random: &mut ChaCha8Rng) -> Sample {
    let next = (random.random::<f64>() < 0.9).then(|| random.random_range(0..6));
    let reward = random.random::<f64>() - 0.3;
    Sample { state: random.random_range(0..6), action: random.random_range(0..3), reward, next }
}

#[test]
fn equal_agents_with_equal_transitions_are_one_agent() {
    for targets in [Targets::Group, Targets::Own, Targets::Action] {
        // The first agent's initial values are the same in both.
        let (mut many, mut one) = (group(targets, 5), group(targets, 1));
        many.equalise();
        let mut random = random(2);
        for _ in 0..2_000 {
            let sample = samples(&mut random);
            many.learn(&[sample; 5]);
            one.learn(&[sample]);
        }
        for (state, action) in (0..6).flat_map(|state| (0..3).map(move |action| (state, action))) {
            for agent in 0..5 {
                assert_eq!(many.distribution(agent, state, action), one.distribution(0, state, action));
            }
            assert_eq!(many.mixture(state, action), one.distribution(0, state, action));
        }
    }
}

#[test]
fn the_mean_is_one_of_probabilities_and_gives_group_targets() {
    let mut group = group(Targets::Group, 3);
    let mut random = random(3);
    for _ in 0..300 {
        let round = [samples(&mut random), samples(&mut random), samples(&mut random)];
        group.learn(&round);
    }
    let (state, action) = (2, group.joint_greedy(2));
    let mixture = group.mixture(state, action);
    let third = |atom| (0..3).map(|agent| group.distribution(agent, state, action)[atom]).sum::<f64>() / 3.0;
    close(&mixture, &(0..GRID.atoms).map(third).collect::<Vec<_>>());
    let before = group.distribution(1, 4, 0).to_vec();
    let mut target = vec![0.0; GRID.atoms];
    GRID.target(0.1, 0.95, Some(&mixture), &mut target);
    let idle = Sample { state: 0, action: 0, reward: 0.0, next: None };
    group.learn(&[idle, Sample { state: 4, action: 0, reward: 0.1, next: Some(state) }, idle]);
    let expected: Vec<f64> = before.iter().zip(&target).map(|(old, new)| 0.9 * old + 0.1 * new).collect();
    close(group.distribution(1, 4, 0), &expected);
}

#[test]
fn independent_agents_ignore_one_another() {
    let mut together = group(Targets::Own, 2);
    let mut alone = group(Targets::Own, 1);
    let mut random = random(4);
    for _ in 0..500 {
        let (first, second) = (samples(&mut random), samples(&mut random));
        together.learn(&[first, second]);
        alone.learn(&[first]);
    }
    assert_eq!(together.distribution(0, 3, 1), alone.distribution(0, 3, 1));
}

#[test]
fn a_running_mean_of_equals_is_exact() {
    let member = [0.1, 0.7, 1.0 / 3.0];
    let mut mean = [0.0; 3];
    (0..7).for_each(|before| blend(&mut mean, &member, before));
    assert_eq!(mean, member);
}

#[test]
fn wrong_settings_are_named() {
    EnsembleConfig::default().validate().unwrap();
    EnsembleConfig::paper().validate().unwrap();
    let wrong = |change: fn(&mut EnsembleConfig)| {
        let mut config = EnsembleConfig::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    let support = wrong(|config| (config.v_min, config.v_max) = (2.0, 1.0));
    assert!(support.contains("`v_max` is 1: it must be above `v_min`, 2"), "{support}");
    assert!(support.contains("51 atoms"), "{support}");
    assert_eq!(wrong(|config| config.atoms = 1), "`atoms` is 1: it must be at least 2");
    let single = wrong(|config| config.agents = 1);
    assert!(single.contains("`agents` is 1: an ensemble needs at least two agents"), "{single}");
    assert!(single.contains("use `targets = \"own\"` for one"), "{single}");
    assert!(wrong(|config| config.tabular.alpha = 0.0).contains("`tabular.alpha` is 0"));
    assert!(wrong(|config| config.tabular.epsilon = 2.0).contains("`tabular.epsilon` is 2"));
    assert!(wrong(|config| config.deep.batch = 0).contains("`deep.batch` is 0"));
    let single = EnsembleConfig { agents: 1, targets: Targets::Own, ..EnsembleConfig::default() };
    single.validate().unwrap();
}

#[test]
fn a_report_keeps_the_first_three_evaluations_and_the_window_of_clipping() {
    let mut run = Run::new(0, 10, "cpu");
    let mut report = Report::default();
    let mut early = Vec::new();
    for (value, clipped) in [(1.0, 0.0), (2.0, 0.5), (6.0, 0.0), (9.0, 0.1)] {
        report.clip(clipped, 1.0);
        let found = report.evaluated(&[value - 1.0, value + 1.0], value, &GRID, &mut run);
        assert_eq!((found[0].1, found[3].1, found[4].1), (value, 1.0, clipped));
        early.push(found[2].1);
    }
    assert_eq!(early, [1.0, 1.5, 3.0, 3.0]);
}

#[test]
fn a_continuous_world_is_refused() {
    let mut run = Run::new(0, 100, "cpu");
    let task = Task::new().with(World::new("pendulum").unwrap());
    let config = EnsembleConfig { variant: Form::Deep, ..EnsembleConfig::default() };
    let error = EnsembleCdrl::build(config, &task, &mut run).err().unwrap().to_string();
    assert!(error.contains("discrete actions"), "{error}");
}
