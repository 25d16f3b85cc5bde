//! Tree, scan and plain sorting give the same rows in the same order.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::blocks::Columns;
use super::{Block, Fingerprint, IndexError, Knn, Neighbour, TREE_COLUMNS};
use crate::Normaliser;

const RAW: Fingerprint = Fingerprint::NONE;

/// Rows or queries of two blocks.
#[derive(Clone, Debug)]
struct Table {
    state: Vec<f32>,
    action: Vec<f32>,
    widths: [usize; 2],
}

impl Table {
    /// Multiples of a half, so that many distances are equal, or numbers far from zero that are
    /// close to each other.
    fn draw(count: usize, widths: [usize; 2], lattice: bool, random: &mut ChaCha8Rng) -> Self {
        let mut number = || match lattice {
            true => random.random_range(-2..=2) as f32 * 0.5,
            false => 100.0 + random.random_range(-1.0..1.0_f32),
        };
        let mut numbers = |width: usize| (0..count * width).map(|_| number()).collect();
        Self { state: numbers(widths[0]), action: numbers(widths[1]), widths }
    }

    fn blocks(&self, weights: [f32; 2]) -> [Block<'_>; 2] {
        [
            Block { name: "state", values: &self.state, width: self.widths[0], weight: weights[0] },
            Block { name: "action", values: &self.action, width: self.widths[1], weight: weights[1] },
        ]
    }

    fn values(&self) -> [&[f32]; 2] {
        [&self.state, &self.action]
    }
}

/// The nearest rows by sorting all of them.
fn sorted(rows: &Table, weights: [f32; 2], queries: &Table, neighbours: usize) -> Vec<Neighbour> {
    let (columns, rows) = Columns::of(&rows.blocks(weights)).expect("the rows are usable");
    let (_, queries) = Columns::of(&queries.blocks(weights)).expect("the queries are usable");
    let answer = |query: &[f32]| {
        let distances = rows.chunks_exact(columns.width()).map(|row| columns.squared_distance(query, row));
        let mut all: Vec<(f64, usize)> = distances.enumerate().map(|(row, squared)| (squared, row)).collect();
        all.sort_by(|left, right| left.partial_cmp(right).expect("distances are numbers"));
        all.truncate(neighbours);
        all.into_iter().map(|(squared, row)| Neighbour { row, distance: squared.sqrt() }).collect::<Vec<_>>()
    };
    queries.chunks_exact(columns.width()).flat_map(answer).collect()
}

fn found(index: &Knn, queries: &Table, neighbours: usize) -> Vec<Neighbour> {
    let mut found = Vec::new();
    index.nearest(&queries.values(), neighbours, RAW, &mut found).expect("the query fits");
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn both_searches_are_exact(
        seed in any::<u64>(),
        count in 5usize..400,
        state in 1usize..18,
        action in 1usize..4,
        weight in prop_oneof![Just(1.0f32), Just(0.5), Just(1000.0), Just(1e-3), 0.1f32..3.0],
        neighbours in 1usize..5,
        lattice in any::<bool>(),
    ) {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let widths = [state, action];
        let rows = Table::draw(count, widths, lattice, random);
        let queries = Table::draw(11, widths, lattice, random);
        let weights = [weight, 1.0];
        let expected = sorted(&rows, weights, &queries, neighbours);
        let scan = Knn::build(&rows.blocks(weights), RAW, false).expect("the rows are usable");
        prop_assert_eq!(found(&scan, &queries, neighbours), expected.clone());
        if state + action <= TREE_COLUMNS {
            let tree = Knn::build(&rows.blocks(weights), RAW, true).expect("the rows are usable");
            prop_assert_eq!(found(&tree, &queries, neighbours), expected);
        }
    }
}

#[test]
fn rows_that_are_all_alike_are_given_in_their_order() {
    for by_tree in [true, false] {
        let rows = Table { state: vec![0.25; 3_000], action: vec![-1.0; 1_000], widths: [3, 1] };
        let index = Knn::build(&rows.blocks([2.0, 1.0]), RAW, by_tree).expect("the rows are usable");
        let query = Table { state: vec![0.25; 3], action: vec![-0.5], widths: [3, 1] };
        let rows: Vec<usize> = found(&index, &query, 3).iter().map(|neighbour| neighbour.row).collect();
        assert_eq!(rows, [0, 1, 2]);
    }
}

#[test]
fn neither_threads_nor_the_share_of_a_task_show() {
    let random = &mut ChaCha8Rng::seed_from_u64(3);
    // More rows than one task takes.
    let rows = Table::draw(70_000, [13, 2], false, random);
    let queries = Table::draw(9, [13, 2], false, random);
    let index = Knn::new(&rows.blocks([1.0, 1.0]), RAW).expect("the rows are usable");
    let expected = sorted(&rows, [1.0, 1.0], &queries, 4);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("there are threads");
        assert_eq!(pool.install(|| found(&index, &queries, 4)), expected);
    }
}

#[test]
fn weights_decide_what_is_near() {
    let rows = Table { state: vec![0.0, 1.0], action: vec![1.0, 0.0], widths: [1, 1] };
    let query = Table { state: vec![0.0], action: vec![0.0], widths: [1, 1] };
    let nearest = |weight: f32| {
        let index = Knn::new(&rows.blocks([weight, 1.0]), RAW).expect("the rows are usable");
        let found = found(&index, &query, 1)[0];
        (found.row, found.distance)
    };
    // A huge weight asks for the same state, a tiny one for the same action.
    assert_eq!(nearest(1000.0), (0, 1.0));
    assert_eq!(nearest(0.25), (1, 0.25));
}

#[test]
fn what_cannot_be_indexed_or_asked_is_refused() {
    let rows = Table { state: vec![0.0, 1.0, 2.0, 3.0], action: vec![1.0, 0.0], widths: [2, 1] };
    let index = Knn::new(&rows.blocks([1.0, 1.0]), RAW).expect("the rows are usable");
    assert_eq!((index.len(), index.row(1)), (2, &[2.0, 3.0, 0.0][..]));
    let mut out = Vec::new();
    let mut ask = |query: &[&[f32]], neighbours, normalised| {
        index.nearest(query, neighbours, normalised, &mut out).expect_err("it is refused").to_string()
    };
    let mut normaliser = Normaliser::new(2, 1e-3, f32::INFINITY).expect("the settings are right");
    normaliser.update(&rows.state).expect("whole rows");
    let other = Fingerprint::of(Some(&normaliser));
    assert!(ask(&[&[0.0, 0.0], &[0.0]], 1, other).contains("normalised with other statistics (none)"));
    assert!(ask(&[&[0.0, 0.0], &[0.0]], 3, RAW).starts_with("3 nearest rows were asked of an index of 2"));
    assert!(ask(&[&[0.0, 0.0]], 1, RAW).contains("1 blocks"));
    assert!(ask(&[&[0.0, 0.0], &[0.0, 1.0]], 1, RAW).contains("`action` has 2 numbers"));
    assert!(ask(&[&[0.0, f32::NAN], &[0.0]], 1, RAW).starts_with("column 1 of `state` is NaN in row 0"));
    let refused = |weights| Knn::new(&rows.blocks(weights), RAW).err().expect("it is refused");
    assert_eq!(refused([0.0, 1.0]), IndexError::Weight { block: "state".into(), weight: 0.0 });
    assert!(matches!(refused([1.0, 1e20]), IndexError::Value { .. }));
}

#[test]
fn fingerprints_tell_statistics_apart() {
    let fingerprint = |values: &[f32]| {
        let mut normaliser = Normaliser::new(1, 1e-3, f32::INFINITY).expect("the settings are right");
        normaliser.update(values).expect("whole rows");
        Fingerprint::of(Some(&normaliser))
    };
    assert_eq!(fingerprint(&[1.0, 2.0]), fingerprint(&[2.0, 1.0]));
    assert_ne!(fingerprint(&[1.0, 2.0]), fingerprint(&[1.0, 2.5]));
    assert_ne!(fingerprint(&[1.0, 2.0]), RAW);
}
