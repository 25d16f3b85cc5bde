//! Transitions with new goals against a plain computation, from replays and data sets.

mod script;
mod walk;

use memory::relabel::{Arrived, GoalReward, Origin, Reached};
use memory::{Dataset, GoalRule, Hindsight, Position, Relabel, Replay, Shares, Span, TransitionBatch};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::numbers;
use walk::Episode;
use worlds::Array;

const GAMMA: f32 = 0.5;

fn relabels() -> impl Strategy<Value = Relabel> {
    prop_oneof![
        Just(Relabel::Future),
        Just(Relabel::Within { steps: 2 }),
        Just(Relabel::Geometric { gamma: 0.7 }),
        Just(Relabel::Final),
        Just(Relabel::Current),
        Just(Relabel::Random),
        Just(Relabel::WindowEnd { length: 3, gamma: 0.5 }),
    ]
}

fn reached() -> impl Strategy<Value = GoalReward> {
    prop_oneof![Just(GoalReward::Success), Just(GoalReward::Cost), Just(GoalReward::Distance)]
}

/// What a transition should be.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    reward: [f32; 2],
    discount: f32,
    steps: u32,
}

/// Follows the episode step by step towards the goal.
fn follow(episode: &Episode, start: usize, n: usize, goal: i32, reward: GoalReward, ends: bool) -> Expected {
    let mut expected = Expected { discount: 1.0, ..Expected::default() };
    for step in start..episode.length().min(start + n) {
        let place = episode.places[step + 1];
        let reached = place == goal;
        let earned = match reward {
            GoalReward::Success => i32::from(reached),
            GoalReward::Cost => i32::from(reached) - 1,
            GoalReward::Distance => -(place - goal).abs(),
        };
        expected.reward[0] += expected.discount * earned as f32;
        expected.reward[1] += expected.discount * episode.rewards[step][1];
        expected.discount *= GAMMA;
        expected.steps += 1;
        let fell = step + 1 == episode.length() && episode.terminated && place != episode.goal;
        if fell || ends && reached {
            return Expected { discount: 0.0, ..expected };
        }
    }
    expected
}

/// Everything of a batch against the episodes that its rows come from.
fn check<R: GoalRule>(
    episodes: &[Episode],
    at: impl Fn(Position) -> (usize, usize),
    hindsight: &Hindsight<R>,
    batch: &TransitionBatch,
    expect: impl Fn(&Episode, usize, i32) -> Expected,
) {
    let goals = numbers(hindsight.goals());
    let (inputs, next) = (numbers(&batch.observations), numbers(&batch.next));
    let (shown, later) = (numbers(&batch.fields[1]), numbers(&batch.next_fields[1]));
    for (row, &position) in batch.positions.iter().enumerate() {
        let (episode, step) = at(position);
        let of = &episodes[episode];
        let goal = match hindsight.last().origins[row] {
            Origin::Kept => of.goal,
            _ => {
                let (other, place) = at(hindsight.last().positions[row]);
                episodes[other].places[place]
            }
        };
        assert_eq!([goals[row], shown[row], later[row]], [goal as f32; 3]);
        let expected = expect(of, step, goal);
        let found = Expected {
            reward: [batch.reward[2 * row], batch.reward[2 * row + 1]],
            discount: batch.discount[row],
            steps: batch.steps[row],
        };
        assert_eq!(found, expected, "episode {episode}, step {step}, goal {goal}");
        let end = step + expected.steps as usize;
        assert_eq!(inputs[2 * row..][..2], [episode as f32, of.places[step] as f32]);
        assert_eq!(next[2 * row..][..2], [episode as f32, of.places[end] as f32]);
        assert_eq!(numbers(&batch.next_fields[0])[row], end as f32);
        assert_eq!(batch.extra[0][row], step as f32);
        if end < of.length() {
            assert_eq!(batch.next_extra[0][row], end as f32);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn rewards_and_ends_are_those_of_the_new_goals(
        first in relabels(), second in relabels(), reward in reached(), ends: bool,
        n in 1usize..6, longest in 1usize..14, seed: u64,
    ) {
        let episodes = walk::episodes(12, longest, seed);
        let (replay, set) = (walk::replay(&episodes, true), walk::data(&episodes, true));
        let rule = Reached { space: walk::goal_space(), reward };
        let shares = Shares::new(&[(first, 0.5), (second, 0.3)]).unwrap();
        let mut hindsight = Hindsight::new(shares, rule, ends);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut batch = TransitionBatch::new();
        let expect = |of: &Episode, step: usize, goal: i32| follow(of, step, n, goal, reward, ends);
        let positions: Vec<Position> = replay.valid_positions(Span::transition(n)).collect();
        replay.hindsight(&positions, n, GAMMA, &mut hindsight, &mut random, &mut batch).unwrap();
        check(&episodes, walk::in_replay(&episodes), &hindsight, &batch, expect);
        let starts = set.starts(Span::transition(n)).unwrap();
        let positions: Vec<Position> = (0..starts.len()).map(|number| starts.get(number)).collect();
        set.hindsight(&positions, n, GAMMA, &mut hindsight, &mut random, &mut batch).unwrap();
        check(&episodes, walk::in_data, &hindsight, &batch, expect);
    }

    #[test]
    fn an_observation_is_reached_where_it_was_made(
        scheme in relabels(), n in 1usize..6, longest in 1usize..14, seed: u64,
    ) {
        let episodes = walk::episodes(8, longest, seed);
        let replay = walk::replay(&episodes, false);
        let shares = Shares::new(&[(scheme, 1.0)]).unwrap();
        let mut hindsight = Hindsight::new(shares, Arrived { reached: 1.0, otherwise: 0.0 }, true);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut batch = TransitionBatch::new();
        let positions: Vec<Position> = replay.valid_positions(Span::transition(n)).collect();
        replay.hindsight(&positions, n, 1.0, &mut hindsight, &mut random, &mut batch).unwrap();
        let at = walk::in_replay(&episodes);
        for (row, &position) in positions.iter().enumerate() {
            let ((episode, step), (other, goal)) = (at(position), at(hindsight.last().positions[row]));
            let ahead = (other == episode).then(|| goal.checked_sub(step)).flatten();
            let steps = n.min(episodes[episode].length() - step);
            let arrives = ahead.filter(|&ahead| ahead > 0 && ahead <= steps);
            prop_assert_eq!(batch.steps[row] as usize, arrives.unwrap_or(steps));
            prop_assert_eq!(batch.reward[2 * row], if arrives.is_some() { 1.0 } else { 0.0 });
            let over = step + steps == episodes[episode].length() && episodes[episode].terminated;
            prop_assert_eq!(batch.discount[row] == 0.0, arrives.is_some() || over);
        }
        prop_assert_eq!(numbers(hindsight.goals()).len(), 2 * positions.len(), "goals are observations");
    }
}

#[test]
fn no_share_computes_what_the_world_said() {
    let episodes = walk::episodes(20, 10, 3);
    let replay = walk::replay(&episodes, true);
    let rule = Reached { space: walk::goal_space(), reward: GoalReward::Success };
    let mut hindsight = Hindsight::new(Shares::new(&[]).unwrap(), rule, true);
    let positions: Vec<Position> = replay.valid_positions(Span::transition(3)).collect();
    let (mut told, mut plain) = (TransitionBatch::new(), TransitionBatch::new());
    let mut random = ChaCha8Rng::seed_from_u64(0);
    replay.hindsight(&positions, 3, GAMMA, &mut hindsight, &mut random, &mut told).unwrap();
    replay.transitions(&positions, 3, GAMMA, &mut plain).unwrap();
    assert_eq!(told, plain);
}

/// A rule that changes between draws, as embeddings do.
struct Scaled(f32);

impl GoalRule for Scaled {
    fn achieved(&mut self, inputs: &Array, _: usize, out: &mut Array) -> Result<(), memory::MemoryError> {
        *out = Array::Float(numbers(inputs).chunks(2).map(|input| input[1] * self.0).collect());
        Ok(())
    }

    fn judge(&mut self, pairs: &memory::relabel::Pairs<'_>, out: &mut [memory::relabel::Verdict]) {
        let both = numbers(pairs.achieved).into_iter().zip(numbers(pairs.goals));
        for ((achieved, goal), verdict) in both.zip(out) {
            verdict.reward = -(achieved - goal).abs();
            verdict.reached = achieved == goal;
        }
    }
}

#[test]
fn rewards_are_recomputed_at_every_draw() {
    let episodes = walk::episodes(20, 10, 4);
    let set = walk::data(&episodes, false);
    let starts = set.starts(Span::transition(1)).unwrap();
    let positions: Vec<Position> = (0..starts.len()).map(|number| starts.get(number)).collect();
    let mut hindsight = Hindsight::new(Shares::new(&[(Relabel::Final, 1.0)]).unwrap(), Scaled(1.0), true);
    let (mut random, mut batch) = (ChaCha8Rng::seed_from_u64(0), TransitionBatch::new());
    let mut rewards = |scale: f32| {
        hindsight.rule_mut().0 = scale;
        set.hindsight(&positions, 1, GAMMA, &mut hindsight, &mut random, &mut batch).unwrap();
        batch.reward.iter().step_by(2).copied().collect::<Vec<f32>>()
    };
    let once: Vec<f32> = rewards(1.0).iter().map(|reward| 2.0 * reward).collect();
    assert_eq!(rewards(2.0), once);
    assert!(once.iter().any(|reward| *reward < 0.0));
}

#[test]
fn goals_that_do_not_fit_are_refused() {
    let episodes = walk::episodes(5, 5, 5);
    let bare: (Replay, Dataset) = (walk::replay(&episodes, false), walk::data(&episodes, false));
    let with_goals = walk::replay(&episodes, true);
    let rule = |achieved: Vec<usize>| {
        let mut space = walk::goal_space();
        space.achieved = achieved;
        Reached { space, reward: GoalReward::Success }
    };
    let (mut random, mut batch) = (ChaCha8Rng::seed_from_u64(0), TransitionBatch::new());
    let mut refused = |replay: &Replay, share: f64, achieved: Vec<usize>| {
        let shares = Shares::new(&[(Relabel::Future, share)]).unwrap();
        let mut hindsight = Hindsight::new(shares, rule(achieved), true);
        let positions: Vec<Position> = replay.valid_positions(Span::transition(1)).collect();
        let result = replay.hindsight(&positions, 1, GAMMA, &mut hindsight, &mut random, &mut batch);
        result.unwrap_err().to_string()
    };
    let kept = refused(&bare.0, 0.8, vec![1]);
    assert!(kept.contains("a share of 0.8 gets new goals, but the rest has none to keep"), "{kept}");
    let wide = refused(&with_goals, 0.8, vec![0, 1]);
    assert!(wide.contains("a goal as the rule has it"), "{wide}");
    let far = refused(&with_goals, 0.8, vec![7]);
    assert!(far.contains("has 2 elements, but was declared with 8"), "{far}");
}
