//! Drawing and filling allocate nothing once the buffers have grown.

mod script;
mod walk;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use memory::relabel::{GoalReward, Reached};
use memory::{
    Column, Decision, DecisionDiscount, Hindsight, MemoryError, Mixed, Position, RankConfig, Relabel,
    Reservoir, ReservoirBatch, SegmentPairs, Shares, Span, Trajectories, TransitionBatch, TwoLevel,
    TwoLevelConfig, Weighting,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use worlds::{ActionSpace, Actions, Observations, Outcome};

/// The system's allocator, counting what this thread asks for.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator; the counter is a plain number that needs no
// memory of its own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `once` a few times to let buffers grow, then asserts that it allocates nothing more.
fn assert_free(what: &str, mut once: impl FnMut()) {
    (0..50).for_each(|_| once());
    let before = COUNT.get();
    (0..50).for_each(|_| once());
    assert_eq!(COUNT.get() - before, 0, "{what}");
}

#[test]
fn hindsight_and_mixtures() {
    let episodes = walk::episodes(40, 12, 1);
    let (replay, set) = (walk::replay(&episodes, true), walk::data(&episodes, true));
    let starts = set.starts(Span::transition(3)).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let shares = [(Relabel::Future, 0.4), (Relabel::Geometric { gamma: 0.9 }, 0.2), (Relabel::Random, 0.2)];
    let rule = Reached { space: walk::goal_space(), reward: GoalReward::Cost };
    let mut hindsight = Hindsight::new(Shares::new(&shares).unwrap(), rule, true);
    let mut mixed = Mixed::<TransitionBatch>::new(0.3).unwrap();
    let (mut here, mut there): (Vec<Position>, Vec<Position>) = (Vec::new(), Vec::new());
    let mut batch = TransitionBatch::new();
    assert_free("a mixture of a replay in hindsight and a data set", || {
        let drawn = mixed.draw::<MemoryError>(
            64,
            &mut random,
            |count, random, out| {
                replay.sample_uniform(count, Span::transition(3), random, &mut here)?;
                replay.hindsight(&here, 3, 0.9, &mut hindsight, random, out)
            },
            |count, random, out| {
                starts.draw(count, random, &mut there);
                set.transitions(&there, 3, 0.9, out)
            },
            &mut batch,
        );
        drawn.unwrap();
    });
}

#[test]
fn trajectories_and_reservoirs() {
    let episodes = walk::episodes(40, 12, 3);
    let replay = walk::replay(&episodes, true);
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut all = Trajectories::new();
    let mut ranks = RankConfig::default().ranks().unwrap();
    let (mut steps, mut pairs) = (Vec::new(), SegmentPairs::default());
    let columns = vec![Column { name: "value".into(), width: 3 }];
    let mut reservoir = Reservoir::new(columns, 100).unwrap();
    let mut batch = ReservoirBatch::default();
    assert_free("trajectories and reservoirs", || {
        all.follow(&replay);
        all.steps(all.top(0.2), 32, &mut random, &mut steps).unwrap();
        all.pairs(40, 2, 8, &mut random, &mut pairs).unwrap();
        ranks.draw(40, &mut random);
        reservoir.offer(&[&[1.0, 2.0, 3.0]], 1, &mut random).unwrap();
        reservoir.sample(16, Weighting::Linear, &mut random, &mut batch).unwrap();
    });
}

#[test]
fn two_levels() {
    let spec = script::spec(2, true);
    let config = TwoLevelConfig { steps: 40, decisions: 8, inner_gamma: 0.9 };
    let skill = ActionSpace::Box { low: vec![-1.0; 2], high: vec![1.0; 2] };
    let mut memory = TwoLevel::new(&spec, 2, &[0, 1], &skill, &config).unwrap();
    let observations = Observations::zeros(&spec, 2);
    let (mut outcome, actions) = (Outcome::new(&spec, 2), Actions::Discrete(vec![0, 1]));
    let skills = Actions::Continuous(vec![0.5; 4]);
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let (mut positions, mut batch, mut call) = (Vec::new(), TransitionBatch::new(), 0);
    assert_free("two levels", || {
        let phase = call % 9;
        call += 1;
        outcome.truncated.fill(phase == 7);
        outcome.reset.fill(phase == 8);
        let chosen = [phase % 3 == 0, phase % 4 == 0];
        memory
            .push(&observations, &actions, &outcome, &Decision { skills: &skills, chosen: &chosen })
            .unwrap();
        if call > 9 {
            let span = Span::transition(1);
            memory.decisions().sample_uniform(8, span, &mut random, &mut positions).unwrap();
            memory.decided(&positions, DecisionDiscount::PerStep(0.9), &mut batch).unwrap();
        }
    });
}
