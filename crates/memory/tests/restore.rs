//! A restored replay is the saved one.

mod script;

use memory::{Draw, MemoryError, Position, Prioritised, PriorityConfig, Replay, Span};
use memory::{ReplayConfig, TransitionBatch};
use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Script, config};

const PRIORITY: PriorityConfig = PriorityConfig { alpha: 0.6, floor: 1e-6, stratified: true };

/// Draws by priority and uniformly, with everything that comes of them.
fn draws(replay: &Prioritised, seed: u64) -> Vec<(Vec<Position>, TransitionBatch)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let span = Span::transition(2);
    let mut out = Vec::new();
    let (mut draw, mut batch) = (Draw::default(), TransitionBatch::new());
    if replay.sample(20, span, 0.4, &mut random, &mut draw).is_ok() {
        replay.transitions(&draw, 2, 0.9, &mut batch).unwrap();
        out.push((draw.positions.clone(), batch.clone()));
    }
    let mut positions = Vec::new();
    if replay.replay().sample_uniform(20, span, &mut random, &mut positions).is_ok() {
        replay.replay().transitions(&positions, 2, 0.9, &mut batch).unwrap();
        out.push((positions, batch));
    }
    out
}

/// Random priorities for everything that can be drawn.
fn shuffle_priorities(replay: &mut Prioritised, random: &mut ChaCha8Rng) {
    let positions: Vec<Position> = replay.replay().valid_positions(Span::transition(1)).collect();
    let values: Vec<f32> = positions.iter().map(|_| random.random::<f32>() * 5.0).collect();
    replay.update(&positions, &values).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn restoring_is_exact(
        frames in 0usize..4, rows in 1usize..4, length in 6usize..30,
        parts in prop::collection::vec(0usize..40, 1..6), more in 1usize..30, seed: u64,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut script = Script::new(frames, true, rows, 9, seed);
        let config = config(&script.spec, rows, length);
        let mut replay = Prioritised::new(Replay::new(config.clone()).unwrap(), PRIORITY).unwrap();
        let mut segments = Vec::new();
        for pushes in parts {
            let mark = replay.replay().total_pushed();
            script.fill_prioritised(&mut replay, pushes);
            shuffle_priorities(&mut replay, &mut random);
            segments.push(replay.replay().segment(mark));
        }
        let needed = replay.replay().oldest_needed();
        segments.retain(|segment| Replay::segment_range(segment).unwrap().1 > needed);
        let ring = Replay::restore(config, &segments).unwrap();
        prop_assert_eq!(ring.total_pushed(), replay.replay().total_pushed());
        prop_assert_eq!(ring.episodes(), replay.replay().episodes());
        let mut restored =
            Prioritised::restore(ring, PRIORITY, &replay.save_priorities()).unwrap();
        prop_assert_eq!(draws(&restored, seed), draws(&replay, seed));
        for _ in 0..more {
            script.step(|seen, actions, outcome, extra| {
                replay.push(seen, actions, outcome, extra)?;
                restored.push(seen, actions, outcome, extra)
            });
        }
        prop_assert_eq!(draws(&restored, seed), draws(&replay, seed));
        prop_assert_eq!(restored.save_priorities(), replay.save_priorities());
        prop_assert_eq!(restored.replay().segment(0), replay.replay().segment(0));
    }

    #[test]
    fn damage_is_noticed(place: prop::sample::Index, bit in 0u32..8, cut: prop::sample::Index) {
        let (config, segments, priorities) = saved();
        let mut flipped = segments[1].clone();
        flipped[place.index(segments[1].len())] ^= 1 << bit;
        prop_assert!(Replay::restore(config.clone(), [&segments[0], &flipped]).is_err());
        let short = &segments[1][..cut.index(segments[1].len())];
        prop_assert!(Replay::restore(config.clone(), [segments[0].as_slice(), short]).is_err());
        let ring = Replay::restore(config, &segments).unwrap();
        let mut flipped = priorities.clone();
        flipped[place.index(priorities.len())] ^= 1 << bit;
        prop_assert!(Prioritised::restore(ring.clone(), PRIORITY, &flipped).is_err());
        let short = &priorities[..cut.index(priorities.len())];
        prop_assert!(Prioritised::restore(ring, PRIORITY, short).is_err());
    }
}

fn saved() -> (ReplayConfig, Vec<Vec<u8>>, Vec<u8>) {
    let mut script = Script::new(2, true, 2, 9, 3);
    let config = config(&script.spec, 2, 20);
    let mut replay = Prioritised::new(Replay::new(config.clone()).unwrap(), PRIORITY).unwrap();
    script.fill_prioritised(&mut replay, 15);
    let first = replay.replay().segment(0);
    script.fill_prioritised(&mut replay, 15);
    let segments = vec![first, replay.replay().segment(15)];
    (config, segments, replay.save_priorities())
}

fn reason<T>(result: Result<T, MemoryError>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn missing_foreign_and_disordered_segments_are_refused() {
    let (config, segments, priorities) = saved();
    let missing = reason(Replay::restore(config.clone(), &segments[1..]));
    assert!(missing.contains("steps 10 to 14 is missing"), "{missing}");
    let disordered = reason(Replay::restore(config.clone(), [&segments[1], &segments[0]]));
    assert!(disordered.contains("order"), "{disordered}");
    let foreign = reason(Replay::restore(script::config(&config.spec, 2, 21), &segments));
    assert!(foreign.contains("another world"), "{foreign}");
    let kind = reason(Replay::restore(config.clone(), [&priorities]));
    assert!(kind.contains("another kind"), "{kind}");
    let early = Replay::restore(config.clone(), &segments[..1]).unwrap();
    let early = reason(Prioritised::restore(early, PRIORITY, &priorities));
    assert!(early.contains("saved at step 30, the replay at 15"), "{early}");
    let mut odd = segments[0].clone();
    odd[32] = 3; // the age of the first entry
    let body = odd.len() - 4;
    let checksum = crc32fast::hash(&odd[..body]).to_le_bytes();
    odd[body..].copy_from_slice(&checksum);
    let odd = reason(Replay::restore(config.clone(), [odd]));
    assert!(odd.contains("contradict"), "{odd}");
    let mut later = segments[0].clone();
    later[8] = 9;
    let later = reason(Replay::restore(config, [later]));
    assert!(later.contains("version 9"), "{later}");
}
