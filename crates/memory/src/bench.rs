//! What drawing a batch costs.

pub mod data;

use std::hint::black_box;
use std::time::Instant;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use worlds::{ActionSpace, Actions, Array, Field, Layout, Observations, Outcome, Role, Spec};

use crate::index::{Block, Fingerprint, IndexError, Knn};
use crate::{Draw, MemoryError, Prioritised, PriorityConfig, Replay, ReplayConfig, Span, TransitionBatch};

const ROWS: usize = 8;
const EPISODE: usize = 200;

/// Seconds to draw `batch` one-step transitions (four numbers, one action) uniformly from a ring
/// of about `entries` entries and copy them out, over `repeats`
/// draws.
///
/// # Errors
/// The ring does not fit in memory or is too small to draw from.
pub fn replay_sampling(
    entries: usize,
    batch: usize,
    repeats: usize,
    random: &mut ChaCha8Rng,
) -> Result<f64, MemoryError> {
    let mut replay = Replay::new(ReplayConfig::new(&spec(), ROWS, entries))?;
    fill(entries / ROWS, random, |observations, actions, outcome| {
        replay.push(observations, actions, outcome, &[])
    })?;
    let (mut positions, mut out) = (Vec::new(), TransitionBatch::new());
    let mut once = || {
        replay.sample_uniform(batch, Span::transition(1), random, &mut positions)?;
        replay.transitions(&positions, 1, 0.99, &mut out)?;
        black_box(&out);
        Ok(())
    };
    time(repeats, &mut once)
}

/// The same by priority (random ones, `alpha` 0.6), with importance weights.
///
/// # Errors
/// Those of [`replay_sampling`].
pub fn prioritised_sampling(
    entries: usize,
    batch: usize,
    repeats: usize,
    random: &mut ChaCha8Rng,
) -> Result<f64, MemoryError> {
    let config = PriorityConfig { alpha: 0.6, floor: 1e-6, stratified: true };
    let replay = Replay::new(ReplayConfig::new(&spec(), ROWS, entries))?;
    let mut replay = Prioritised::new(replay, config)?;
    fill(entries / ROWS, random, |observations, actions, outcome| {
        replay.push(observations, actions, outcome, &[])
    })?;
    let (mut draw, mut out) = (Draw::default(), TransitionBatch::new());
    let mut once = || {
        replay.sample(batch, Span::transition(1), 0.4, random, &mut draw)?;
        replay.transitions(&draw, 1, 0.99, &mut out)?;
        black_box(&out);
        Ok(())
    };
    time(repeats, &mut once)
}

/// Seconds to find the nearest of `rows` rows of `columns` standard normal numbers for `queries`
/// queries at once, over `repeats` rounds of new queries; building the index is not counted.
///
/// # Errors
/// There is no row or no column.
pub fn nearest_rows(
    rows: usize,
    columns: usize,
    queries: usize,
    repeats: usize,
    random: &mut ChaCha8Rng,
) -> Result<f64, IndexError> {
    // The sum of twelve uniform numbers less six is nearly normal.
    let mut draw = |count: usize| -> Vec<f32> {
        (0..count).map(|_| (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0).collect()
    };
    let values = draw(rows * columns);
    let block = Block { name: "row", values: &values, width: columns, weight: 1.0 };
    let index = Knn::new(&[block], Fingerprint::NONE)?;
    let asked: Vec<Vec<f32>> = (0..repeats.max(1)).map(|_| draw(queries * columns)).collect();
    let mut found = Vec::new();
    let start = Instant::now();
    for query in &asked {
        index.nearest(&[query], 1, Fingerprint::NONE, &mut found)?;
        black_box(&found);
    }
    Ok(start.elapsed().as_secs_f64() / asked.len() as f64)
}

/// Seconds per call: the fastest of ten blocks of `repeats / 10` calls, which other work on the
/// machine disturbs least.
fn time(repeats: usize, once: &mut impl FnMut() -> Result<(), MemoryError>) -> Result<f64, MemoryError> {
    let calls = repeats.div_ceil(10).max(1);
    let mut fastest = f64::INFINITY;
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..calls {
            once()?;
        }
        fastest = fastest.min(start.elapsed().as_secs_f64() / calls as f64);
    }
    Ok(fastest)
}

fn spec() -> Spec {
    Spec {
        name: "bench".into(),
        summary: "Four random numbers.".into(),
        fields: vec![Field {
            name: "observation".into(),
            role: Role::Input,
            layout: Layout::Vector { size: 4 },
        }],
        action: ActionSpace::Discrete { count: 2 },
        rewards: vec!["reward".into()],
        horizon: Some(EPISODE),
        reference: None,
    }
}

/// Pushes `steps` random steps in episodes of `EPISODE` steps.
fn fill(
    steps: usize,
    random: &mut ChaCha8Rng,
    mut push: impl FnMut(&Observations, &Actions, &Outcome) -> Result<(), MemoryError>,
) -> Result<(), MemoryError> {
    let spec = spec();
    let mut observations = Observations::zeros(&spec, ROWS);
    let mut actions = Actions::zeros(&spec.action, ROWS);
    let mut outcome = Outcome::new(&spec, ROWS);
    for step in 0..steps {
        if let Array::Float(values) = &mut observations.fields[0] {
            values.iter_mut().for_each(|value| *value = random.random());
        }
        if let Actions::Discrete(indices) = &mut actions {
            indices.iter_mut().for_each(|index| *index = random.random_range(0..2));
        }
        let phase = step % (EPISODE + 1);
        outcome.reward.fill(1.0);
        outcome.truncated.fill(phase == EPISODE - 1);
        outcome.reset.fill(phase == EPISODE);
        push(&observations, &actions, &outcome)?;
    }
    Ok(())
}
