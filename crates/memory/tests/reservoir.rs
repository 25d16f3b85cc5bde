//! A reservoir keeps every row that was ever offered with the same probability.

mod laws;

use laws::{assert_below, assert_law, counted};
use memory::{Column, MemoryError, Reservoir, ReservoirBatch, Weighting};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn columns() -> Vec<Column> {
    let column = |name: &str, width| Column { name: name.into(), width };
    vec![column("information", 2), column("regret", 1)]
}

/// Offers the rows from `first` to `last - 1`, row n in iteration n + 1.
fn offer(reservoir: &mut Reservoir, first: usize, last: usize, random: &mut ChaCha8Rng) {
    for number in first..last {
        let value = number as f32;
        reservoir.offer(&[&[value, -value], &[2.0 * value]], number as u64 + 1, random).unwrap();
    }
}

#[test]
fn every_row_is_kept_with_the_same_probability() {
    let (capacity, rows, runs) = (6, 25, 20_000);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut counts = vec![0.0; rows];
    for _ in 0..runs {
        let mut reservoir = Reservoir::new(columns(), capacity).unwrap();
        offer(&mut reservoir, 0, rows, &mut random);
        reservoir.column(1).iter().for_each(|value| counts[*value as usize / 2] += 1.0);
    }
    // Rows are drawn without replacement: N / (N - 1) times the variance of independent ones, and N - 1
    // degrees of freedom, since the counts have a fixed sum.
    let share = capacity as f64 / rows as f64;
    let variance = f64::from(runs) * share * (1.0 - share) * rows as f64 / (rows - 1) as f64;
    let expected = f64::from(runs) * share;
    let statistic: f64 = counts.iter().map(|count: &f64| (count - expected).powi(2) / variance).sum();
    assert_below(statistic, rows - 1);
}

#[test]
fn draws_are_uniform_over_what_is_kept_and_weighted() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut reservoir = Reservoir::new(columns(), 8).unwrap();
    offer(&mut reservoir, 0, 500, &mut random);
    let mut batch = ReservoirBatch::default();
    reservoir.sample(40_000, Weighting::Linear, &mut random, &mut batch).unwrap();
    let mut rows = batch.rows.iter().map(|row| *row as usize);
    assert_law(&counted(40_000, 8, || rows.next().unwrap()), &[1.0 / 8.0; 8]);
    for (index, row) in batch.rows.iter().enumerate() {
        let kept = reservoir.column(1)[*row as usize];
        assert_eq!(batch.columns[0][2 * index..][..2], [kept / 2.0, -kept / 2.0]);
        assert_eq!(batch.columns[1][index], kept);
        // Iteration n + 1 of 500.
        assert!((batch.weight[index] - (kept / 2.0 + 1.0) / 500.0).abs() < 1e-6);
    }
    reservoir.sample(3, Weighting::Uniform, &mut random, &mut batch).unwrap();
    assert_eq!(batch.weight, [1.0; 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn restoring_is_exact(capacity in 1usize..12, first in 0usize..30, more in 0usize..30, seed: u64) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut reservoir = Reservoir::new(columns(), capacity).unwrap();
        offer(&mut reservoir, 0, first, &mut random);
        let mut restored = Reservoir::restore(columns(), capacity, &reservoir.save()).unwrap();
        prop_assert_eq!(&restored, &reservoir);
        offer(&mut reservoir, first, first + more, &mut random.clone());
        offer(&mut restored, first, first + more, &mut random);
        prop_assert_eq!(&restored, &reservoir);
        prop_assert_eq!((reservoir.len(), reservoir.offered()), (capacity.min(first + more), (first + more) as u64));
        prop_assert_eq!(restored.save(), reservoir.save());
    }

    #[test]
    fn damage_is_noticed(place: prop::sample::Index, bit in 0u32..8, cut: prop::sample::Index) {
        let mut reservoir = Reservoir::new(columns(), 4).unwrap();
        offer(&mut reservoir, 0, 9, &mut ChaCha8Rng::seed_from_u64(3));
        let saved = reservoir.save();
        let mut flipped = saved.clone();
        flipped[place.index(saved.len())] ^= 1 << bit;
        prop_assert!(Reservoir::restore(columns(), 4, &flipped).is_err());
        prop_assert!(Reservoir::restore(columns(), 4, &saved[..cut.index(saved.len())]).is_err());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let refused = |capacity| Reservoir::new(columns(), capacity).unwrap_err().to_string();
    assert!(refused(0).contains("not 0"));
    assert!(refused(usize::MAX).contains("from 1 to 4294967295 rows"));
    let huge = vec![Column { name: "huge".into(), width: usize::MAX / 8 }];
    assert!(Reservoir::new(huge, 1_000).unwrap_err().to_string().contains("lower the capacity"));
    let mut reservoir = Reservoir::new(columns(), 4).unwrap();
    let mut batch = ReservoirBatch::default();
    let empty = reservoir.sample(1, Weighting::Uniform, &mut random, &mut batch);
    assert_eq!(empty.unwrap_err(), MemoryError::Empty);
    assert!(reservoir.offer(&[&[0.0, 0.0]], 1, &mut random).is_err());
    let narrow = reservoir.offer(&[&[0.0], &[0.0]], 1, &mut random).unwrap_err().to_string();
    assert!(narrow.contains("column `information` has 1 elements"), "{narrow}");
    assert_eq!((reservoir.len(), reservoir.offered()), (0, 0));
    offer(&mut reservoir, 0, 9, &mut random);
    let saved = reservoir.save();
    let other = Reservoir::restore(columns(), 5, &saved).unwrap_err().to_string();
    assert!(other.contains("other columns or another capacity"), "{other}");
    assert!(Reservoir::restore(vec![columns()[0].clone()], 4, &saved).is_err());
}
