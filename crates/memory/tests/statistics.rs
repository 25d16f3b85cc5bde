//! Frequencies of draws. The generators are seeded, so that the tests cannot fail by chance.

mod script;

use std::collections::HashMap;

use memory::{Boundary, Draw, Position, Prioritised, PriorityConfig, Replay, Span, SumTree};
use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Script, config};

/// Chi-square statistic of counts against expected counts, and its degrees of freedom.
fn chi_square(counts: &HashMap<Position, f64>, expected: &[(Position, f64)]) -> (f64, f64) {
    let statistic = expected.iter().map(|(position, expected)| {
        let count = counts.get(position).copied().unwrap_or(0.0);
        (count - expected).powi(2) / expected
    });
    (statistic.sum(), expected.len() as f64 - 1.0)
}

/// Whether the statistic lies below the 99.9 % quantile (normal approximation).
fn plausible((statistic, freedom): (f64, f64)) -> bool {
    statistic < freedom + 3.1 * (2.0 * freedom).sqrt() + 3.0
}

fn count(counts: &mut HashMap<Position, f64>, positions: &[Position]) {
    positions.iter().for_each(|&position| *counts.entry(position).or_default() += 1.0);
}

#[test]
fn uniform_draws_are_uniform() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    // The last span suits so few positions that they are listed.
    for (span, longest) in [
        (Span::transition(1), 9),
        (Span::transition(3), 9),
        (Span::window(4, Boundary::Exclude), 9),
        (Span { before: 1, after: 3, boundary: Boundary::Cross }, 9),
        (Span::window(36, Boundary::Exclude), 40),
    ] {
        let mut script = Script::new(3, true, 3, longest, 5);
        let mut replay = Replay::new(config(&script.spec, 3, 150)).unwrap();
        script.fill(&mut replay, 400);
        let valid: Vec<Position> = replay.valid_positions(span).collect();
        let (mut counts, mut drawn) = (HashMap::new(), Vec::new());
        let draws = 64 * 2000;
        for _ in 0..2000 {
            replay.sample_uniform(64, span, &mut random, &mut drawn).unwrap();
            count(&mut counts, &drawn);
        }
        assert!(counts.keys().all(|position| valid.contains(position)));
        let each = f64::from(draws) / valid.len() as f64;
        let expected: Vec<_> = valid.into_iter().map(|position| (position, each)).collect();
        let result = chi_square(&counts, &expected);
        assert!(plausible(result), "{span:?}: {result:?}");
    }
}

#[test]
fn prioritised_draws_follow_the_priorities() {
    for (alpha, stratified, span) in [
        (0.6, false, Span::transition(1)),
        (1.0, true, Span::transition(1)),
        (0.5, false, Span::window(5, Boundary::Exclude)),
        (0.0, false, Span::transition(2)),
        (1.0, false, Span::window(24, Boundary::Exclude)),
    ] {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut script = Script::new(0, true, 2, 25, 7);
        let replay = Replay::new(config(&script.spec, 2, 150)).unwrap();
        let config = PriorityConfig { alpha, floor: 1e-6, stratified };
        let mut replay = Prioritised::new(replay, config).unwrap();
        script.fill_prioritised(&mut replay, 400);
        let mut priorities = HashMap::new();
        let all: Vec<Position> = replay.replay().valid_positions(Span::transition(1)).collect();
        for &position in &all {
            let priority: f32 = random.random_range(0.2..4.0);
            replay.update(&[position], &[priority]).unwrap();
            priorities.insert(position, f64::from(priority));
        }
        let valid: Vec<Position> = replay.replay().valid_positions(span).collect();
        let share = |position: &Position| priorities.get(position).map_or(1.0, |p| p.powf(alpha));
        let total: f64 = valid.iter().map(share).sum();
        let (mut counts, mut draw) = (HashMap::new(), Draw::default());
        for _ in 0..2000 {
            replay.sample(64, span, 0.5, &mut random, &mut draw).unwrap();
            count(&mut counts, &draw.positions);
            let least = draw.positions.iter().map(share).fold(f64::INFINITY, f64::min);
            for (position, &weight) in draw.positions.iter().zip(&draw.weights) {
                let expected = (share(position) / least).powf(-0.5);
                assert!((f64::from(weight) - expected).abs() < 1e-6);
            }
        }
        assert!(counts.keys().all(|position| valid.contains(position)));
        let draws = 64.0 * 2000.0;
        let expected: Vec<_> = valid.into_iter().map(|p| (p, draws * share(&p) / total)).collect();
        let result = chi_square(&counts, &expected);
        assert!(plausible(result), "alpha {alpha} {span:?}: {result:?}");
    }
}

#[test]
fn new_entries_get_the_largest_priority_and_boundaries_none() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut script = Script::new(0, true, 1, 6, 7);
    let replay = Replay::new(config(&script.spec, 1, 60)).unwrap();
    let config = PriorityConfig { alpha: 1.0, floor: 1e-3, stratified: true };
    let mut replay = Prioritised::new(replay, config).unwrap();
    script.fill_prioritised(&mut replay, 30);
    let all: Vec<Position> = replay.replay().valid_positions(Span::transition(1)).collect();
    replay.update(&all, &vec![0.0; all.len()]).unwrap();
    replay.update(&all[..1], &[50.0]).unwrap();
    assert_eq!(replay.max_priority(), 50.0);
    script.fill_prioritised(&mut replay, 4);
    let newer = |position: &&Position| position.step() >= 30;
    let mut draw = Draw::default();
    let mut seen = 0;
    for _ in 0..200 {
        replay.sample(10, Span::transition(1), 1.0, &mut random, &mut draw).unwrap();
        seen += draw.positions.iter().filter(newer).count();
        assert!(draw.positions.iter().all(|&p| replay.replay().is_valid(p, Span::transition(1))));
        assert!(draw.weights.iter().all(|&weight| weight > 0.0 && weight <= 1.0));
    }
    assert!(seen > 500, "new entries were drawn {seen} times of 2000");
}

proptest! {
    #[test]
    fn the_tree_agrees_with_running_sums(
        values in prop::collection::vec(0u32..6, 1..700), targets in prop::collection::vec(0.0f64..1.0, 20),
    ) {
        prop_assume!(values.iter().any(|&value| value > 0));
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let tree = SumTree::from_values(&values);
        let mut set = SumTree::new(values.len());
        values.iter().enumerate().rev().for_each(|(index, &value)| set.set(index, value));
        prop_assert_eq!(&set, &tree);
        let total: f64 = values.iter().sum();
        prop_assert_eq!(tree.total(), total);
        for target in targets {
            let target = target * total;
            let mut sum = 0.0;
            let found = values.iter().position(|value| { sum += value; target < sum });
            prop_assert_eq!(Some(tree.find(target)), found);
        }
    }

    #[test]
    fn the_tree_never_finds_an_empty_share(
        values in prop::collection::vec(prop_oneof![Just(0.0), 1e-9f64..1e9], 1..300),
        share in 0.0f64..1.0,
    ) {
        let tree = SumTree::from_values(&values);
        prop_assume!(tree.total() > 0.0);
        for target in [share * tree.total(), tree.total(), 0.0] {
            prop_assert!(values[tree.find(target)] > 0.0);
        }
    }
}
