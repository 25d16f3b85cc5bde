//! n-step sums, normalisers, and the sentences of errors.

mod script;

use memory::replay::nstep::n_step;
use memory::{
    Boundary, MemoryError, MinMax, Normaliser, Prioritised, PriorityConfig, Replay, ReplayConfig,
    ReturnScale, Span, TransitionBatch, WindowBatch,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Script, config, spec};
use worlds::{Actions, Layout, Observations, Outcome};

#[test]
fn n_step_sums_by_hand() {
    let reward = [1.0, 2.0, 4.0, 8.0];
    let no = [false; 4];
    let third = [false, false, true, false];
    let (sum, bootstrap) = n_step(&reward, &no, &no, 4, 0.5);
    assert_eq!((sum, bootstrap.discount, bootstrap.steps), (4.0, 0.0625, 4));
    let (sum, bootstrap) = n_step(&reward, &third, &no, 4, 0.5);
    assert_eq!((sum, bootstrap.discount, bootstrap.steps), (3.0, 0.0, 3));
    let (sum, bootstrap) = n_step(&reward, &no, &third, 4, 0.5);
    assert_eq!((sum, bootstrap.discount, bootstrap.steps), (3.0, 0.125, 3));
    let (sum, bootstrap) = n_step(&reward, &no, &no, 1, 0.5);
    assert_eq!((sum, bootstrap.discount, bootstrap.steps), (1.0, 0.5, 1));
}

proptest! {
    #[test]
    fn n_step_sums_are_the_recursion(
        steps in prop::collection::vec((-8i32..8, 0u8..6), 1..20), n in 1usize..12,
    ) {
        let reward: Vec<f32> = steps.iter().map(|step| step.0 as f32).collect();
        let terminated: Vec<bool> = steps.iter().map(|step| step.1 == 0).collect();
        let truncated: Vec<bool> = steps.iter().map(|step| step.1 == 1).collect();
        fn recursion(reward: &[f32], ends: &[u8], n: usize) -> (f32, f32) {
            match (n, reward) {
                (0, _) | (_, []) => (0.0, 1.0),
                (_, [first, rest @ ..]) => match ends[0] {
                    0 => (*first, 0.0),
                    1 => (*first, 0.5),
                    _ => {
                        let (sum, discount) = recursion(rest, &ends[1..], n - 1);
                        (first + 0.5 * sum, 0.5 * discount)
                    }
                },
            }
        }
        let ends: Vec<u8> = steps.iter().map(|step| step.1).collect();
        let (sum, bootstrap) = n_step(&reward, &terminated, &truncated, n, 0.5);
        prop_assert_eq!((sum, bootstrap.discount), recursion(&reward, &ends, n));
    }

    #[test]
    fn merged_statistics_are_those_of_all_data(
        data in prop::collection::vec(-1e3f32..1e3, 6..200), cut: prop::sample::Index,
    ) {
        let data = &data[..data.len() / 3 * 3];
        let cut = cut.index(data.len() / 3) * 3;
        let mut statistics = Normaliser::new(3, 1e-6, f32::INFINITY).unwrap();
        statistics.update(&data[..cut]).unwrap();
        statistics.update(&data[cut..]).unwrap();
        for (element, deviation) in statistics.deviation().enumerate() {
            let column: Vec<f64> = data.chunks(3).map(|row| f64::from(row[element])).collect();
            let count = column.len() as f64;
            let mean = column.iter().sum::<f64>() / count;
            let variance = column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            prop_assert!((statistics.mean()[element] - mean).abs() < 1e-9 * (1.0 + mean.abs()));
            prop_assert!((deviation - variance.sqrt().max(1e-6)).abs() < 1e-9 * (1.0 + deviation));
        }
    }
}

#[test]
fn normalising_floors_clips_freezes_and_survives_saving() {
    let mut statistics = Normaliser::new(2, 0.5, 2.0).unwrap();
    let mut values = [3.0, 1.0];
    statistics.normalise(&mut values).unwrap();
    assert_eq!(values, [2.0, 1.0], "nothing known yet: only clipped");
    statistics.update(&[0.0, 7.0, 4.0, 7.0]).unwrap();
    let mut values = [4.0, 7.5, 100.0, -100.0];
    statistics.normalise(&mut values).unwrap();
    assert_eq!(values, [1.0, 1.0, 2.0, -2.0], "mean 2 and 7, deviation 2 and the floor 0.5");
    statistics.freeze(true);
    statistics.update(&[9.0, 9.0]).unwrap();
    assert_eq!((statistics.count(), statistics.mean()), (2, &[2.0, 7.0][..]));
    let saved = serde_json::to_string(&statistics).unwrap();
    assert_eq!(serde_json::from_str::<Normaliser>(&saved).unwrap(), statistics);
    assert!(statistics.update(&[1.0]).is_err() && statistics.normalise(&mut [1.0]).is_err());
    assert!(Normaliser::new(1, 0.0, 1.0).is_err() && Normaliser::new(1, 1.0, f32::NAN).is_err());
}

#[test]
fn ranges_map_to_one_and_back() {
    let range = MinMax::of(2, &[0.0, 5.0, 4.0, 5.0, 1.0, 5.0]).unwrap();
    let mut values = [0.0, 5.0, 4.0, 5.0, 1.0, 5.0];
    range.normalise(&mut values).unwrap();
    assert_eq!(values, [-1.0, 0.0, 1.0, 0.0, -0.5, 0.0]);
    range.restore(&mut values).unwrap();
    assert_eq!(values, [0.0, 5.0, 4.0, 5.0, 1.0, 5.0]);
    assert!(MinMax::of(2, &[]).is_err() && range.normalise(&mut [0.0; 3]).is_err());
}

#[test]
fn rewards_are_divided_by_the_deviation_of_returns() {
    let mut scale = ReturnScale::new(2, 0.5, 1e-3, 10.0).unwrap();
    scale.update(&[2.0, 0.0], &[false, false]).unwrap();
    scale.update(&[2.0, 0.0], &[false, true]).unwrap();
    // Returns taken in: 2, 0 and 3; their population variance is 14/9.
    let mut reward = [1.0, -1e6];
    scale.scale(&mut reward);
    assert!((reward[0] - (9.0f32 / 14.0).sqrt()).abs() < 1e-6);
    assert_eq!(reward[1], -10.0);
    scale.freeze(true);
    let frozen = scale.clone();
    scale.update(&[5.0, 5.0], &[true, true]).unwrap();
    let mut again = [1.0, -1e6];
    scale.scale(&mut again);
    assert_eq!(again, reward);
    assert_ne!(frozen, scale, "the running returns go on");
    assert!(scale.update(&[1.0], &[false, false]).is_err());
}

#[test]
fn nothing_to_draw_says_why() {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut script = Script::new(0, true, 2, 5, 0);
    let mut replay = Replay::new(config(&script.spec, 2, 50)).unwrap();
    let mut out = Vec::new();
    let span = Span::window(20, Boundary::Exclude);
    assert!(replay.sample_uniform(4, span, &mut random, &mut out).is_err());
    script.fill(&mut replay, 60);
    let error = replay.sample_uniform(4, span, &mut random, &mut out).unwrap_err();
    let longest = replay.longest_episode();
    assert!((1..=5).contains(&longest));
    let expected = MemoryError::NothingValid { before: 0, after: 20, entries: 100, longest };
    assert_eq!(error, expected);
    let sentence = error.to_string();
    assert!(sentence.contains("20 after") && sentence.contains(&format!("{longest} steps")));
}

#[test]
fn stale_and_unsuitable_positions_are_refused() {
    let mut script = Script::new(0, true, 1, 5, 0);
    let mut replay = Replay::new(config(&script.spec, 1, 20)).unwrap();
    script.fill(&mut replay, 15);
    let position = replay.valid_positions(Span::transition(1)).next().unwrap();
    script.fill(&mut replay, 20);
    let mut batch = TransitionBatch::new();
    let error = replay.transitions(&[position], 1, 0.9, &mut batch).unwrap_err();
    assert!(error.to_string().contains("steps 15 to 35 are stored"), "{error}");
    let span = Span::window(3, Boundary::Mask);
    let error = replay.windows(&[], 4, span, &mut WindowBatch::new()).unwrap_err();
    assert_eq!(error, MemoryError::Length { length: 4, before: 0, after: 3 });
    assert!(replay.transitions(&[], 0, 0.9, &mut batch).is_err());
    let config = PriorityConfig { alpha: 0.5, floor: 1e-6, stratified: false };
    let mut replay = Prioritised::new(replay, config).unwrap();
    assert!(replay.update(&[position], &[f32::NAN]).is_err());
    assert!(replay.update(&[position], &[]).is_err());
    let before = replay.save_priorities();
    replay.update(&[position], &[0.5]).unwrap();
    assert_eq!(replay.save_priorities(), before, "a stale position changes nothing");
}

#[test]
fn wrong_pushes_store_nothing() {
    let spec = spec(0, true);
    let mut replay = Replay::new(ReplayConfig::new(&spec, 2, 20)).unwrap();
    let seen = Observations::zeros(&spec, 2);
    let actions = Actions::zeros(&spec.action, 2);
    let mut outcome = Outcome::new(&spec, 2);
    assert!(replay.push(&Observations::zeros(&spec, 3), &actions, &outcome, &[]).is_err());
    assert!(replay.push(&seen, &Actions::Discrete(vec![0]), &outcome, &[]).is_err());
    let error = replay.push(&seen, &Actions::Continuous(vec![0.0; 2]), &outcome, &[]).unwrap_err();
    assert!(error.to_string().contains("vectors"), "{error}");
    assert!(replay.push(&seen, &actions, &outcome, &[&[0.0]]).is_err());
    assert!(replay.is_empty());
    outcome.terminated[1] = true;
    replay.push(&seen, &actions, &outcome, &[]).unwrap();
    outcome.terminated[1] = false;
    let error = replay.push(&seen, &actions, &outcome, &[]).unwrap_err();
    assert_eq!(error, MemoryError::Order { row: 1 });
    outcome.reset[1] = true;
    replay.push(&seen, &actions, &outcome, &[]).unwrap();
    assert_eq!((replay.len(), replay.episodes().complete()), (4, 1));
}

#[test]
fn wrong_settings_are_refused() {
    let spec = spec(4, true);
    let refused = |change: &dyn Fn(&mut ReplayConfig)| {
        let mut config = ReplayConfig::new(&spec, 2, 100);
        change(&mut config);
        Replay::new(config).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refused(&|config| config.rows = 0).contains("at least one row"));
    assert!(refused(&|config| config.capacity = 9).contains("at least 10"));
    assert!(refused(&|config| config.capacity = usize::MAX).contains("at most"));
    assert!(refused(&|config| config.fields = vec![1]).contains("field 0"));
    assert!(refused(&|config| config.fields = vec![0, 2]).contains("no field 2"));
    assert!(refused(&|config| config.fields = vec![0, 0]).contains("twice"));
    let huge = Layout::Vector { size: usize::MAX / 64 };
    let sentence = refused(&|config| config.spec.fields[0].layout = huge.clone());
    assert!(sentence.contains("lower the capacity"), "{sentence}");
    let odd = Layout::Image { height: 2, width: 2, channels: 3, frames: 2, scale: 1.0 };
    assert!(refused(&|config| config.spec.fields[0].layout = odd.clone()).contains("equal frames"));
    let replay = || Replay::new(ReplayConfig::new(&spec, 2, 100)).unwrap();
    for (alpha, floor) in [(-1.0, 0.1), (f64::NAN, 0.1), (1.0, 0.0)] {
        let config = PriorityConfig { alpha, floor, stratified: false };
        assert!(Prioritised::new(replay(), config).is_err());
    }
}
