//! Data sets: batches against a plain computation, and agreement with replay on the same episodes.

use memory::{
    Boundary, DataSpec, Dataset, Fill, FrameBatch, Relabel, Replay, ReplayConfig, Span, TransitionBatch,
    Videos, WindowBatch,
    dataset::{Builder, FieldColumn},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;
use worlds::{ActionSpace, Actions, Array, Field, Layout, Observations, Outcome, Role, Spec};

fn spec() -> Spec {
    Spec {
        name: "test".to_owned(),
        summary: String::new(),
        fields: vec![Field {
            name: "state".to_owned(),
            role: Role::Input,
            layout: Layout::Vector { size: 2 },
        }],
        action: ActionSpace::Box { low: vec![-1.0], high: vec![1.0] },
        rewards: vec!["reward".to_owned()],
        horizon: None,
        reference: None,
    }
}

fn data_spec() -> DataSpec {
    let Spec { fields, action, rewards, .. } = spec();
    let (world, policy) = (None, "test".to_owned());
    DataSpec {
        world,
        fields,
        action: Some(action),
        rewards,
        extra: Vec::new(),
        horizon: None,
        policy,
        seed: None,
    }
}

fn seen(value: f32) -> Observations {
    Observations { rows: 1, fields: vec![Array::Float(vec![value, -value])] }
}

/// Episodes of these lengths, of which every other one terminates; observation `100 e + t`, action
/// `t / 10`, reward `t + 1`.
fn recorded(lengths: &[usize]) -> Dataset {
    let mut builder = Builder::new(data_spec()).unwrap();
    for (episode, &length) in lengths.iter().enumerate() {
        let at = |step: usize| seen((100 * episode + step) as f32);
        builder.begin(&at(0), 0);
        for step in 0..length {
            let action = Actions::Continuous(vec![step as f32 / 10.0]);
            builder.step(&action, &[step as f32 + 1.0], &[], &at(step + 1), 0).unwrap();
        }
        builder.end(episode % 2 == 0);
    }
    builder.finish().unwrap()
}

/// The same episodes in a replay of one row.
fn replayed(lengths: &[usize]) -> Replay {
    let spec = spec();
    let mut replay = Replay::new(ReplayConfig::new(&spec, 1, 1_000)).unwrap();
    let mut outcome = Outcome::new(&spec, 1);
    let mut before = seen(0.0);
    for (episode, &length) in lengths.iter().enumerate() {
        let at = |step: usize| seen((100 * episode + step) as f32);
        if episode > 0 {
            let ignored = Actions::Continuous(vec![0.0]);
            (outcome.observations, outcome.reset[0]) = (at(0), true);
            (outcome.terminated[0], outcome.truncated[0], outcome.reward[0]) = (false, false, 0.0);
            replay.push(&before, &ignored, &outcome, &[]).unwrap();
        }
        before = at(0);
        outcome.reset[0] = false;
        for step in 0..length {
            let last = step + 1 == length;
            outcome.observations = at(step + 1);
            outcome.reward[0] = step as f32 + 1.0;
            outcome.terminated[0] = last && episode % 2 == 0;
            outcome.truncated[0] = last && episode % 2 == 1;
            replay.push(&before, &Actions::Continuous(vec![step as f32 / 10.0]), &outcome, &[]).unwrap();
            before = at(step + 1);
        }
    }
    // One more entry, so that the last final observation is stored.
    (outcome.observations, outcome.reset[0]) = (seen(0.0), true);
    replay.push(&before, &Actions::Continuous(vec![0.0]), &outcome, &[]).unwrap();
    replay
}

#[test]
fn transitions_and_windows_are_those_of_replay() {
    let lengths = [3, 1, 5, 4];
    let (set, replay) = (recorded(&lengths), replayed(&lengths));
    let spans = [
        Span::window(2, Boundary::Exclude),
        Span::window(4, Boundary::Mask),
        Span { before: 2, after: 3, boundary: Boundary::Pad(Fill::Zero) },
        Span { before: 2, after: 3, boundary: Boundary::Pad(Fill::RepeatLast) },
        Span { before: 1, after: 2, boundary: Boundary::Exclude },
    ];
    for span in spans {
        let starts = set.starts(span).unwrap();
        let here: Vec<_> = (0..starts.len()).map(|number| starts.get(number)).collect();
        let there: Vec<_> = replay.valid_positions(span).collect();
        assert_eq!(here.len(), there.len(), "{span:?}");
        let length = span.before + span.after;
        let (mut ours, mut theirs) = (WindowBatch::new(), WindowBatch::new());
        set.windows(&here, length, span, &mut ours).unwrap();
        replay.windows(&there, length, span, &mut theirs).unwrap();
        assert_eq!(ours.observations, theirs.observations, "{span:?}");
        assert_eq!(
            (&ours.reward, &ours.discount, &ours.mask),
            (&theirs.reward, &theirs.discount, &theirs.mask)
        );
        let taken = |batch: &WindowBatch| match &batch.actions {
            Actions::Continuous(values) => values.clone(),
            Actions::Discrete(_) => Vec::new(),
        };
        assert_eq!(taken(&ours), taken(&theirs), "{span:?}");
    }
    for n in [1, 3, 10] {
        let span = Span::transition(n);
        let starts = set.starts(span).unwrap();
        let here: Vec<_> = (0..starts.len()).map(|number| starts.get(number)).collect();
        let there: Vec<_> = replay.valid_positions(span).collect();
        let (mut ours, mut theirs) = (TransitionBatch::new(), TransitionBatch::new());
        set.transitions(&here, n, 0.9, &mut ours).unwrap();
        replay.transitions(&there, n, 0.9, &mut theirs).unwrap();
        assert_eq!((&ours.observations, &ours.next), (&theirs.observations, &theirs.next));
        assert_eq!(
            (&ours.reward, &ours.discount, &ours.steps),
            (&theirs.reward, &theirs.discount, &theirs.steps)
        );
        assert_eq!(ours.actions, theirs.actions);
    }
}

#[test]
fn draws_are_uniform_over_the_valid_positions() {
    let set = recorded(&[3, 1, 5, 4]);
    let starts = set.starts(Span::window(3, Boundary::Exclude)).unwrap();
    assert_eq!(starts.len(), 1 + 3 + 2);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut drawn, mut counts) = (Vec::new(), std::collections::BTreeMap::new());
    starts.draw(60_000, &mut random, &mut drawn);
    drawn.iter().for_each(|position| *counts.entry(*position).or_insert(0) += 1);
    assert_eq!(counts.len(), 6);
    assert!(counts.values().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
}

#[test]
fn goals_come_from_the_same_episode_and_cover_it() {
    let set = recorded(&[3, 1, 5]);
    let starts = set.starts(Span::transition(1)).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let (mut positions, mut goals) = (Vec::new(), Vec::new());
    starts.draw(500, &mut random, &mut positions);
    for relabel in [Relabel::Future, Relabel::Final, Relabel::Geometric { gamma: 0.8 }] {
        set.goals(&positions, relabel, &mut random, &mut goals).unwrap();
        for (position, goal) in positions.iter().zip(&goals) {
            assert_eq!(position.row(), goal.row());
            assert!(goal.step() > position.step());
            if relabel == Relabel::Final {
                assert_eq!(goal.step(), [3, 1, 5][goal.row()]);
            }
        }
    }
    set.goals(&positions, Relabel::Random, &mut random, &mut goals).unwrap();
    let mut seen = Array::Float(Vec::new());
    set.observations(&goals, &mut seen).unwrap();
    let Array::Float(values) = seen else { panic!("vectors") };
    let distinct: std::collections::BTreeSet<i32> =
        values.iter().step_by(2).map(|value| *value as i32).collect();
    assert_eq!(distinct.len(), 3 + 1 + 5 + 3, "every observation can be a goal");
}

#[test]
fn videos_hold_observations_only() {
    let set = Arc::new(recorded(&[3, 5]));
    let videos = Videos::new(&set);
    let span = Span::window(3, Boundary::Exclude);
    let starts = videos.starts(span).unwrap();
    let positions: Vec<_> = (0..starts.len()).map(|number| starts.get(number)).collect();
    let mut batch = FrameBatch::new();
    videos.windows(&positions, 3, span, &mut batch).unwrap();
    let Array::Float(values) = batch.observations() else { panic!("vectors") };
    assert_eq!(values.iter().step_by(2).copied().collect::<Vec<f32>>()[..4], [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(batch.batch(), 4);
}

#[test]
fn statistics_and_returns_are_those_of_the_columns() {
    let set = recorded(&[2, 3]);
    assert_eq!(set.returns(), [3.0, 6.0]);
    let FieldColumn::Floats(values) = set.field(0) else { panic!("vectors") };
    let first: Vec<f64> = values.iter().step_by(2).map(|value| f64::from(*value)).collect();
    let mean = first.iter().sum::<f64>() / first.len() as f64;
    let deviation =
        (first.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / first.len() as f64).sqrt();
    let normaliser = set.normaliser(0, 1e-3).unwrap();
    assert!((normaliser.mean()[0] - mean).abs() < 1e-9);
    assert!((normaliser.deviation().next().unwrap() - deviation - 1e-3).abs() < 1e-9);
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let set = recorded(&[2, 3]);
    let short = set.starts(Span::window(4, Boundary::Exclude)).unwrap_err().to_string();
    assert!(short.contains("has 4 steps, the longest has 3"), "{short}");
    assert!(set.starts(Span::window(2, Boundary::Cross)).is_err());
    let mut builder = Builder::new(data_spec()).unwrap();
    assert!(builder.clone().finish().unwrap_err().to_string().contains("empty"));
    builder.begin(&seen(0.0), 0);
    let wrong = builder.step(&Actions::Continuous(vec![f32::NAN]), &[0.0], &[], &seen(1.0), 0);
    assert!(wrong.unwrap_err().to_string().contains("the action at step 1 of episode 0 is not finite"));
}

#[test]
fn an_episode_without_steps_is_forgotten() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut builder = Builder::new(data_spec()).unwrap();
    for _ in 0..20 {
        builder.begin(&seen(7.0), 0);
        for _ in 0..random.random_range(0..3) {
            builder.step(&Actions::Continuous(vec![0.5]), &[1.0], &[], &seen(8.0), 0).unwrap();
        }
        builder.end(true);
    }
    let set = builder.finish().unwrap();
    assert!(set.episodes().len() < 20);
    assert!(set.episodes().iter().all(|episode| episode.length > 0));
}
