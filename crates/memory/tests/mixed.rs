//! Mixtures hold their ratio in every batch and over time, and are batches like those of their sources.

mod script;
mod walk;

use memory::replay::nstep::n_step;
use memory::{Batch, Boundary, MemoryError, Mixed, Position, Ratio, Span, TransitionBatch, WindowBatch};
use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{action_numbers, numbers};

proptest! {
    #[test]
    fn the_ratio_holds_in_every_batch_and_over_time(
        share in prop_oneof![0.0f64..=1.0, Just(0.0), Just(1.0), Just(0.5), Just(1.0 / 3.0)],
        sizes in prop::collection::vec(0usize..300, 1..200),
    ) {
        let mut ratio = Ratio::new(share).unwrap();
        let (mut rows, mut second) = (0, 0);
        for size in sizes {
            let parts = ratio.part(size);
            prop_assert_eq!(parts[0] + parts[1], size);
            let wanted = share * size as f64;
            prop_assert!((parts[1] as f64 - wanted).abs() < 1.0, "{:?} of {}", parts, size);
            (rows, second) = (rows + size, second + parts[1]);
            // 2^-53 of a row is what the share itself may be off by.
            prop_assert!((second as f64 - share * rows as f64).abs() <= 0.5 + 1e-9);
        }
        prop_assert!((ratio.share() - share).abs() < 1e-15);
    }

    #[test]
    fn simple_ratios_are_exact(parts in 1usize..20, of in 1usize..20, size in 1usize..64) {
        prop_assume!(parts <= of);
        let mut ratio = Ratio::new(parts as f64 / of as f64).unwrap();
        let second: usize = (0..of * 50).map(|_| ratio.part(size)[1]).sum();
        prop_assert_eq!(second, parts * size * 50);
    }

    #[test]
    fn a_saved_ratio_goes_on(share in 0.0f64..=1.0, sizes in prop::collection::vec(0usize..50, 1..20)) {
        let mut ratio = Ratio::new(share).unwrap();
        sizes.iter().for_each(|&size| {
            ratio.part(size);
        });
        let mut restored = Ratio::new(share).unwrap();
        restored.restore(ratio.carry()).unwrap();
        prop_assert_eq!(restored, ratio);
        prop_assert_eq!(restored.part(7), ratio.part(7));
    }
}

#[test]
fn impossible_ratios_are_refused() {
    for share in [-0.1, 1.1, f64::NAN] {
        assert!(Ratio::new(share).unwrap_err().to_string().contains("not between 0 and 1"));
    }
    let mut ratio = Ratio::new(0.5).unwrap();
    assert!(ratio.set(2.0).is_err() && ratio.restore(u64::MAX).is_err());
    assert_eq!(ratio, Ratio::new(0.5).unwrap());
}

#[test]
fn rows_of_both_sources_are_their_own() {
    let (ours, theirs) = (walk::episodes(20, 12, 1), walk::episodes(9, 12, 2));
    let (replay, set) = (walk::replay(&ours, true), walk::data(&theirs, true));
    let starts = set.starts(Span::transition(3)).unwrap();
    let mut mixed = Mixed::<TransitionBatch>::new(0.3).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let (mut here, mut there) = (Vec::new(), Vec::new());
    let (mut batch, mut alone) = (TransitionBatch::new(), TransitionBatch::new());
    let mut second = 0;
    for size in (0..200).map(|_| 17) {
        mixed
            .draw::<MemoryError>(
                size,
                &mut random,
                |count, random, out| {
                    replay.sample_uniform(count, Span::transition(3), random, &mut here)?;
                    replay.transitions(&here, 3, 0.5, out)
                },
                |count, random, out| {
                    starts.draw(count, random, &mut there);
                    set.transitions(&there, 3, 0.5, out)
                },
                &mut batch,
            )
            .unwrap();
        let [first, rest] = mixed.parts();
        second += rest;
        assert_eq!((batch.rows, first + rest, here.len(), there.len()), (size, size, first, rest));
        assert_eq!(batch.positions, [here.clone(), there.clone()].concat());
        // The rows of the second source stand behind those of the first, as it gives them alone.
        set.transitions(&there, 3, 0.5, &mut alone).unwrap();
        let behind = |values: Vec<f32>, width: usize| values[first * width..].to_vec();
        assert_eq!(behind(numbers(&batch.observations), 2), numbers(&alone.observations));
        assert_eq!(behind(numbers(&batch.next), 2), numbers(&alone.next));
        assert_eq!(behind(action_numbers(&batch.actions), 1), action_numbers(&alone.actions));
        assert_eq!(behind(batch.reward.clone(), 2), alone.reward);
        assert_eq!(behind(batch.discount.clone(), 1), alone.discount);
        assert_eq!(behind(numbers(&batch.fields[1]), 1), numbers(&alone.fields[1]));
        assert_eq!(behind(numbers(&batch.next_fields[0]), 1), numbers(&alone.next_fields[0]));
        assert_eq!(behind(batch.extra[0].clone(), 1), alone.extra[0]);
        assert_eq!(batch.steps[first..], alone.steps);
        check_targets(&ours, walk::in_replay(&ours), &here, &batch, 0);
        check_targets(&theirs, walk::in_data, &there, &batch, first);
    }
    assert_eq!(second, 17 * 200 * 3 / 10);
}

/// Targets of several steps stay inside their episode.
fn check_targets(
    episodes: &[walk::Episode],
    at: impl Fn(Position) -> (usize, usize),
    positions: &[Position],
    batch: &TransitionBatch,
    first: usize,
) {
    for (row, &position) in (first..).zip(positions) {
        let (episode, step) = at(position);
        let of = &episodes[episode];
        let reward: Vec<f32> = of.rewards[step..].iter().map(|reward| reward[1]).collect();
        let last =
            |ends: bool| (step + 1..=of.length()).map(|at| ends && at == of.length()).collect::<Vec<_>>();
        let (sum, bootstrap) = n_step(&reward, &last(of.terminated), &last(!of.terminated), 3, 0.5);
        assert_eq!(batch.reward[2 * row + 1], sum);
        assert_eq!((batch.discount[row], batch.steps[row] as usize), (bootstrap.discount, bootstrap.steps));
        assert_eq!(numbers(&batch.next)[2 * row], episode as f32, "of the same episode");
    }
}

#[test]
fn windows_are_mixed_too() {
    let (ours, theirs) = (walk::episodes(20, 12, 4), walk::episodes(9, 12, 5));
    let (one, other) = (walk::replay(&ours, true), walk::replay(&theirs, true));
    let span = Span::window(3, Boundary::Mask);
    let mut mixed = Mixed::<WindowBatch>::new(0.5).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let (mut batch, mut alone) = (WindowBatch::new(), WindowBatch::new());
    let mut positions = Vec::new();
    let mut last = Vec::new();
    mixed
        .draw::<MemoryError>(
            9,
            &mut random,
            |count, random, out| {
                one.sample_uniform(count, span, random, &mut positions)?;
                one.windows(&positions, 3, span, out)
            },
            |count, random, out| {
                other.sample_uniform(count, span, random, &mut last)?;
                other.windows(&last, 3, span, out)
            },
            &mut batch,
        )
        .unwrap();
    let first = mixed.parts()[0];
    other.windows(&last, 3, span, &mut alone).unwrap();
    assert_eq!((batch.batch, batch.rows(), first), (9, 9, 4));
    assert_eq!(numbers(&batch.observations)[first * 8..], numbers(&alone.observations));
    assert_eq!(action_numbers(&batch.actions)[first * 3..], action_numbers(&alone.actions));
    assert_eq!(batch.reward[first * 6..], alone.reward);
    assert_eq!(
        (&batch.mask[first * 3..], &batch.discount[first * 3..]),
        (&alone.mask[..], &alone.discount[..])
    );
    assert_eq!(batch.extra[0][first * 3..], alone.extra[0]);
}

#[test]
fn sources_that_differ_are_refused_and_change_nothing() {
    let episodes = walk::episodes(5, 8, 7);
    let (replay, bare) = (walk::replay(&episodes, true), walk::data(&episodes, false));
    let alike = walk::data(&episodes, true);
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut mixed = Mixed::<TransitionBatch>::new(0.5).unwrap();
    let before = *mixed.ratio();
    let mut batch = TransitionBatch::new();
    let mut here = Vec::new();
    let mut draw = |set: &memory::Dataset, less: usize| {
        let starts = set.starts(Span::transition(1)).unwrap();
        let mut there = Vec::new();
        let result = mixed.draw::<MemoryError>(
            9,
            &mut random,
            |count, random, out| {
                replay.sample_uniform(count, Span::transition(1), random, &mut here)?;
                replay.transitions(&here, 1, 0.5, out)
            },
            |count, random, out| {
                starts.draw(count - less, random, &mut there);
                set.transitions(&there, 1, 0.5, out)
            },
            &mut batch,
        );
        (result.map_err(|error| error.to_string()), *mixed.ratio())
    };
    let (error, ratio) = draw(&bare, 0);
    let sentence = error.unwrap_err();
    assert!(
        sentence.contains("the list of further fields of the second source has 1 where the first has 2"),
        "{sentence}"
    );
    assert_eq!(ratio, before);
    let (error, ratio) = draw(&alike, 1);
    assert!(error.unwrap_err().contains("has 4 rows, but was declared with 5 rows"));
    assert_eq!(ratio, before);
    let narrow = alike.with_columns(&[0, 2], &[]).unwrap();
    assert!(draw(&narrow, 0).0.is_err());
    let same = alike.with_columns(&[0, 1, 2], &[0]).unwrap();
    assert!(draw(&same, 0).0.is_ok());
    assert!(alike.with_columns(&[1], &[]).unwrap_err().to_string().contains("field 0"));
    assert!(alike.with_columns(&[0, 9], &[]).unwrap_err().to_string().contains("no number 9"));
}

#[test]
fn a_share_of_none_or_all_asks_one_source() {
    let episodes = walk::episodes(5, 8, 9);
    let replay = walk::replay(&episodes, true);
    let mut random = ChaCha8Rng::seed_from_u64(10);
    for (share, asked) in [(0.0, [16, 0]), (1.0, [0, 16])] {
        let mut mixed = Mixed::<TransitionBatch>::new(share).unwrap();
        let (mut batch, mut counts) = (TransitionBatch::new(), [0; 2]);
        let [first, second] = counts.each_mut();
        let source = |asked: &mut usize, count, random: &mut ChaCha8Rng, out: &mut TransitionBatch| {
            *asked += count;
            let mut positions = Vec::new();
            replay.sample_uniform(count, Span::transition(1), random, &mut positions)?;
            replay.transitions(&positions, 1, 0.5, out)
        };
        let drawn = mixed.draw::<MemoryError>(
            16,
            &mut random,
            |count, random, out| source(first, count, random, out),
            |count, random, out| source(second, count, random, out),
            &mut batch,
        );
        drawn.unwrap();
        assert_eq!((counts, batch.rows), (asked, 16));
        let _: u32 = random.random();
    }
}
