//! Goals come from where they are said to come from, with the law they are said to have.

mod script;

use memory::relabel::geometric_offset;
use memory::{MemoryError, Position, Relabel, Replay, Span};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Script, config};
use worlds::Array;

/// Two rows of scripted episodes, of which the oldest have been overwritten.
fn filled() -> Replay {
    let mut script = Script::new(0, true, 2, 9, 1);
    let mut replay = Replay::new(config(&script.spec, 2, 64)).unwrap();
    (0..150).for_each(|_| {
        script
            .step(|observations, actions, outcome, extra| replay.push(observations, actions, outcome, extra));
    });
    replay
}

/// Row, episode and age of the observations at positions.
fn seen(replay: &Replay, positions: &[Position]) -> Vec<[f32; 3]> {
    let mut array = Array::Float(Vec::new());
    replay.observations(positions, &mut array).unwrap();
    let Array::Float(values) = array else { panic!("vectors") };
    values.as_chunks::<3>().0.to_vec()
}

#[test]
fn goals_lie_later_in_the_same_episode() {
    let replay = filled();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let anchors: Vec<Position> = replay
        .valid_positions(Span::transition(1))
        .filter(|anchor| anchor.step() + 1 < replay.total_pushed())
        .collect();
    let from = seen(&replay, &anchors);
    let mut goals = Vec::new();
    for relabel in [Relabel::Future, Relabel::Geometric { gamma: 0.9 }, Relabel::Final] {
        replay.goals(&anchors, relabel, &mut random, &mut goals).unwrap();
        let to = seen(&replay, &goals);
        for (from, to) in from.iter().zip(&to) {
            assert_eq!(from[..2], to[..2], "{relabel:?}");
            assert!(to[2] > from[2], "{relabel:?}");
        }
    }
    // The final goal is the last of its episode: no other anchor's goal lies behind it.
    let last = seen(&replay, &goals);
    replay.goals(&anchors, Relabel::Future, &mut random, &mut goals).unwrap();
    assert!(seen(&replay, &goals).iter().zip(&last).all(|(some, last)| some[2] <= last[2]));
}

#[test]
fn random_goals_are_any_stored_observation() {
    let replay = filled();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let anchors: Vec<Position> = replay.valid_positions(Span::transition(1)).take(1).collect();
    let anchors = vec![anchors[0]; 20_000];
    let mut goals = Vec::new();
    replay.goals(&anchors, Relabel::Random, &mut random, &mut goals).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    goals.iter().for_each(|goal| *counts.entry(*goal).or_insert(0) += 1);
    assert_eq!(counts.len(), replay.len());
    let expected = 20_000 / replay.len() as i32;
    assert!(counts.values().all(|count: &i32| (count - expected).abs() < 6 * 13), "{counts:?}");
}

#[test]
fn geometric_offsets_have_their_law() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let (left, gamma, draws) = (5, 0.7_f64, 100_000);
    let mut counts = [0.0; 5];
    (0..draws).for_each(|_| counts[geometric_offset(left, gamma, &mut random) - 1] += 1.0);
    let total: f64 = (1..=5).map(|step| gamma.powi(step)).sum();
    for (step, count) in (1..=5).zip(counts) {
        let expected = gamma.powi(step) / total;
        assert!((count / f64::from(draws) - expected).abs() < 0.006, "{step}");
    }
    assert_eq!(geometric_offset(1, 0.99, &mut random), 1);
}

#[test]
fn positions_without_a_successor_are_refused() {
    let replay = filled();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let anchors: Vec<Position> = replay.valid_positions(Span::transition(1)).take(1).collect();
    let mut script = Script::new(0, true, 2, 9, 1);
    let mut young = Replay::new(config(&script.spec, 2, 64)).unwrap();
    script.step(|observations, actions, outcome, extra| young.push(observations, actions, outcome, extra));
    let mut goals = Vec::new();
    let refused = young.goals(&anchors, Relabel::Future, &mut random, &mut goals);
    assert!(matches!(refused, Err(MemoryError::Unavailable { .. })));
}
