//! Trajectories, their order and what is drawn from them, against the episodes themselves.

mod laws;
mod script;
mod walk;

use laws::{assert_law, counted, laws, number, numbers};
use memory::trajectories::RankLaw;
use memory::{
    Boundary, MemoryError, RankConfig, Replay, SegmentPairs, Span, Trajectories, Trajectory, WindowBatch,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Script, config};

/// Row, first step, length, return and end of the complete episodes of a script that are stored whole,
/// the best first, of equal returns the one that ended first.
fn complete(script: &Script, replay: &Replay) -> Vec<(usize, u64, usize, f64, bool)> {
    let mut found = Vec::new();
    for (row, log) in script.log.iter().enumerate() {
        let mut start = 0;
        for (step, entry) in log.iter().enumerate() {
            if entry.boundary {
                let steps = &log[start..step];
                let returned: f64 = steps.iter().map(|entry| f64::from(entry.reward[0])).sum();
                if start as u64 >= replay.oldest() {
                    let terminated = log[step - 1].terminated;
                    found.push((step, (row, start as u64, steps.len(), returned, terminated)));
                }
                start = step + 1;
            }
        }
    }
    found.sort_by_key(|(end, episode)| (*end, episode.0));
    found.sort_by(|one, other| other.1.3.total_cmp(&one.1.3));
    found.into_iter().map(|(_, episode)| episode).collect()
}

fn shown(trajectory: &Trajectory) -> (usize, u64, usize, f64, bool) {
    let Trajectory { first, length, returned, terminated, .. } = *trajectory;
    (first.row(), first.step(), length, returned, terminated)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn they_are_the_complete_episodes_in_order(
        rows in 1usize..4, length in 6usize..60, longest in 1u32..15,
        parts in prop::collection::vec(0usize..60, 1..5), seed: u64,
    ) {
        let mut script = Script::new(0, true, rows, longest, seed);
        let config = config(&script.spec, rows, length);
        let mut replay = Replay::new(config.clone()).unwrap();
        let mut followed = Trajectories::new();
        for pushes in parts {
            script.fill(&mut replay, pushes);
            followed.follow(&replay);
            let expected = complete(&script, &replay);
            prop_assert_eq!(followed.ranked().iter().map(shown).collect::<Vec<_>>(), expected);
        }
        // One who comes late, or again, sees the same.
        let restored = Replay::restore(config, [replay.segment(0)]).unwrap();
        let mut late = Trajectories::new();
        late.follow(&restored);
        prop_assert_eq!(late.ranked(), followed.ranked());
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let best = late.top(0.3);
        prop_assert_eq!(late.steps(best, 9, &mut random.clone(), &mut one).is_ok(), best > 0);
        prop_assert_eq!(followed.steps(best, 9, &mut random, &mut other).is_ok(), best > 0);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn the_best_are_those_of_the_highest_returns(
        count in 1usize..40, longest in 1usize..12, share in 0.001f64..=1.0, seed: u64,
    ) {
        let episodes = walk::episodes(count, longest, seed);
        let set = walk::data(&episodes, true);
        let returns = set.returns();
        let all = Trajectories::of(&set).unwrap();
        let best = all.top(share);
        prop_assert_eq!(best, (share * count as f64).ceil() as usize);
        let kept: Vec<usize> = all.ranked()[..best].iter().map(|one| one.first.row()).collect();
        for (episode, returned) in returns.iter().enumerate() {
            let better = returns.iter().enumerate().filter(|(other, value)| {
                *value > returned || *value == returned && *other < episode
            });
            prop_assert_eq!(kept.contains(&episode), better.count() < best);
        }
        let chosen = set.best(share).unwrap();
        let mut expected: Vec<usize> = kept;
        expected.sort_unstable();
        let lengths = |episode: &usize| episodes[*episode].length();
        let found: Vec<usize> = chosen.episodes().iter().map(|episode| episode.length).collect();
        prop_assert_eq!(found, expected.iter().map(lengths).collect::<Vec<_>>());
        for threshold in [-1.0, 0.5, 1.0, 2.0] {
            let expected = returns.iter().filter(|returned| **returned >= threshold).count();
            prop_assert_eq!(all.at_least(threshold), expected);
        }
    }

    #[test]
    fn segments_of_a_pair_differ_and_lie_inside_episodes(
        rows in 1usize..3, longest in 2u32..15, length in 1usize..8, seed: u64,
    ) {
        let mut script = Script::new(0, true, rows, longest, seed);
        let mut replay = Replay::new(config(&script.spec, rows, 100)).unwrap();
        script.fill(&mut replay, 150);
        let mut all = Trajectories::new();
        all.follow(&replay);
        let best = all.top(0.5);
        let starts = |one: &Trajectory| (one.length + 1).saturating_sub(length);
        let segments: usize = all.ranked()[..best].iter().map(starts).sum();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut pairs = SegmentPairs::default();
        let drawn = all.pairs(best, length, 20, &mut random, &mut pairs);
        prop_assert_eq!(drawn.is_ok(), segments >= 2);
        if drawn.is_ok() {
            prop_assert!(pairs.first.iter().zip(&pairs.second).all(|(first, second)| first != second));
            let span = Span::window(length, Boundary::Exclude);
            let mut windows = WindowBatch::new();
            for side in [&pairs.first, &pairs.second] {
                replay.windows(side, length, span, &mut windows).unwrap();
                prop_assert!(windows.mask.iter().all(|mask| *mask == 1.0));
                let inside = |at: &memory::Position| all.ranked()[..best].iter().any(|one| {
                    let last = one.first.step() + (one.length - length) as u64;
                    one.first.row() == at.row() && (one.first.step()..=last).contains(&at.step())
                });
                prop_assert!(side.iter().all(inside));
            }
        }
    }
}

#[test]
fn quantiles_are_those_of_numpy() {
    let laws = laws();
    let returns = numbers(&laws["returns"]);
    let mut episodes = walk::episodes(returns.len(), 1, 0);
    for (episode, returned) in episodes.iter_mut().zip(&returns) {
        episode.rewards[0][0] = *returned as f32;
    }
    let all = Trajectories::of(&walk::data(&episodes, true)).unwrap();
    for pair in laws["quantiles"].as_array().unwrap() {
        let [q, expected] = [number(&pair[0]), number(&pair[1])];
        assert!((all.quantile(q).unwrap() - expected).abs() < 1e-12, "{q}");
    }
    assert_eq!(Trajectories::new().quantile(0.5), None);
}

#[test]
fn a_share_that_only_rounding_lifts_is_not_rounded_up() {
    let all = Trajectories::of(&walk::data(&walk::episodes(100, 1, 0), true)).unwrap();
    assert_eq!((0.07_f64 * 100.0).ceil(), 8.0, "0.07 times 100 is a little more than 7");
    assert_eq!((all.top(0.07), all.top(0.071), all.top(0.0), all.top(1.0)), (7, 8, 1, 100));
}

#[test]
fn steps_of_the_best_are_drawn_uniformly() {
    let episodes = walk::episodes(30, 9, 1);
    let set = walk::data(&episodes, true);
    let all = Trajectories::of(&set).unwrap();
    let best = 6;
    let mut places = Vec::new();
    for trajectory in &all.ranked()[..best] {
        places.extend((0..trajectory.length).map(|step| (trajectory.first.row(), step)));
    }
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut drawn = Vec::new();
    all.steps(best, 30_000, &mut random, &mut drawn).unwrap();
    let mut found = drawn.iter().map(|at| (at.row(), at.step() as usize));
    let place = || {
        let at = found.next().unwrap();
        places.iter().position(|place| *place == at).expect("a step of the best")
    };
    assert_law(&counted(30_000, places.len(), place), &vec![1.0 / places.len() as f64; places.len()]);
}

#[test]
fn ranks_have_their_laws() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for case in laws()["ranks"].as_array().unwrap() {
        let law = match case["law"].as_str().unwrap() {
            "geometric" => RankLaw::Geometric,
            "power" => RankLaw::Power,
            _ => RankLaw::Linear,
        };
        let shares = numbers(&case["shares"]);
        let config = RankConfig { law, p: number(&case["p"]), alpha: number(&case["alpha"]) };
        let mut ranks = config.ranks().unwrap();
        // A longer list before, of which a table may be left.
        assert!(ranks.draw(100, &mut random) < 100);
        let count = shares.len();
        assert_law(&counted(100_000, count, || ranks.draw(count, &mut random)), &shares);
        assert_eq!(ranks.draw(1, &mut random), 0);
        assert_eq!(ranks.draw(0, &mut random), 0);
    }
    let always = RankConfig { p: 1.0, ..RankConfig::default() };
    assert_eq!(always.ranks().unwrap().draw(9, &mut random), 0);
    for wrong in [
        RankConfig { p: 1.5, ..RankConfig::default() },
        RankConfig { alpha: f64::NAN, ..RankConfig::default() },
    ] {
        assert!(wrong.ranks().is_err());
    }
}

#[test]
fn nothing_to_draw_from_says_why() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut none = Trajectories::new();
    let mut out = Vec::new();
    let error = none.steps(3, 1, &mut random, &mut out).unwrap_err();
    assert_eq!(error, MemoryError::NoTrajectory { stored: 0 });
    assert!(error.to_string().contains("none of the 0 complete episodes"), "{error}");
    let mut pairs = SegmentPairs::default();
    assert!(none.pairs(3, 1, 1, &mut random, &mut pairs).is_err());
    let set = walk::data(&walk::episodes(1, 1, 0), true);
    let mut one = Trajectories::of(&set).unwrap();
    let error = one.pairs(1, 1, 1, &mut random, &mut pairs).unwrap_err();
    assert_eq!(error, MemoryError::NoPair { length: 1, episodes: 1, longest: 1 });
    assert!(error.to_string().contains("the longest of 1 complete episodes has 1 steps"), "{error}");
    assert!(one.pairs(1, 0, 1, &mut random, &mut pairs).is_err());
    for share in [0.0, 1.1, f64::NAN] {
        let refused = set.best(share).unwrap_err().to_string();
        assert!(refused.contains("is not above 0 and at most 1"), "{refused}");
    }
}
