//! Decisions of several steps against direct sums, with partial last ones.

mod script;

use memory::{
    Decision, DecisionDiscount, MemoryError, Position, Replay, Span, TransitionBatch, TwoLevel,
    TwoLevelConfig,
};
use proptest::prelude::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use script::{Entry, Script, action_numbers, numbers};
use worlds::{ActionSpace, Actions, Observations, Outcome, Spec};

/// An upper level that holds skills for up to `longest` steps.
struct Upper {
    longest: u32,
    left: Vec<u32>,
    skills: Vec<[f32; 2]>,
    /// Whether a skill was chosen and which ran, for every call of every row.
    log: Vec<Vec<(bool, [f32; 2])>>,
    random: ChaCha8Rng,
}

impl Upper {
    fn new(rows: usize, longest: u32, seed: u64) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self { longest, left: vec![0; rows], skills: vec![[0.0; 2]; rows], log: vec![vec![]; rows], random }
    }

    /// Whether each row chooses, and the skills that they act by.
    fn choose(&mut self, outcome: &Outcome) -> (Vec<bool>, Vec<f32>) {
        let mut chosen = Vec::new();
        for row in 0..self.left.len() {
            let chooses = self.left[row] == 0;
            if chooses {
                self.left[row] = self.random.random_range(1..=self.longest);
                self.skills[row] = [self.random.random_range(0..9) as f32, self.random.random()];
            }
            self.left[row] -= 1;
            if outcome.reset[row] || outcome.ended(row) {
                self.left[row] = 0;
            }
            chosen.push(chooses);
            self.log[row].push((chooses, self.skills[row]));
        }
        (chosen, self.skills.concat())
    }
}

fn skill(discrete: bool) -> ActionSpace {
    match discrete {
        true => ActionSpace::Discrete { count: 9 },
        false => ActionSpace::Box { low: vec![-9.0; 2], high: vec![9.0; 2] },
    }
}

fn skills(discrete: bool, values: &[f32]) -> Actions {
    match discrete {
        true => Actions::Discrete(values.iter().step_by(2).map(|value| *value as u32).collect()),
        false => Actions::Continuous(values.to_vec()),
    }
}

/// One call of the world, with what the upper level says of it.
fn push(script: &mut Script, upper: &mut Upper, discrete: bool, memories: &mut [&mut TwoLevel]) {
    script.step(|seen, actions, outcome, _| {
        let (chosen, values) = upper.choose(outcome);
        let skills = skills(discrete, &values);
        let decision = Decision { skills: &skills, chosen: &chosen };
        memories.iter_mut().try_for_each(|memory| memory.push(seen, actions, outcome, &decision))
    });
}

/// A decision as it should be.
#[derive(Debug, PartialEq)]
struct Decided {
    seen: Vec<f32>,
    skill: Vec<f32>,
    reward: [f32; 2],
    next: Vec<f32>,
    steps: u32,
    terminated: bool,
}

/// The decisions of a row that are over, each with the call that showed its end: an ended episode shows
/// it at once, another choice at the next call. The log goes on for a call more than the choices.
fn decided(log: &[Entry], choices: &[(bool, [f32; 2])], gamma: f32, discrete: bool) -> Vec<(usize, Decided)> {
    let mut all = Vec::new();
    let chosen = |step: usize| choices.get(step).is_some_and(|choice| choice.0);
    for start in (0..choices.len()).filter(|&step| chosen(step) && !log[step].boundary) {
        let (mut reward, mut factor) = ([0.0; 2], 1.0);
        for step in start..choices.len() {
            let entry = &log[step];
            (0..2).for_each(|channel| reward[channel] += factor * entry.reward[channel]);
            factor *= gamma;
            if entry.ended || chosen(step + 1) {
                let [index, number] = choices[start].1;
                let decided = Decided {
                    seen: log[start].observation.clone(),
                    skill: if discrete { vec![index] } else { vec![index, number] },
                    reward,
                    next: log[step + 1].observation.clone(),
                    steps: (step + 1 - start) as u32,
                    terminated: entry.terminated,
                };
                all.push((if entry.ended { step } else { step + 1 }, decided));
                break;
            }
        }
    }
    all
}

/// All decisions stored, with their discounts for gamma 0.5 per step.
fn stored(memory: &TwoLevel) -> Vec<(Decided, f32)> {
    let positions: Vec<Position> = memory.decisions().valid_positions(Span::transition(1)).collect();
    let mut batch = TransitionBatch::new();
    memory.decided(&positions, DecisionDiscount::PerStep(0.5), &mut batch).unwrap();
    let (seen, next) = (numbers(&batch.observations), numbers(&batch.next));
    let skill = action_numbers(&batch.actions);
    let count = positions.len().max(1);
    let row =
        |values: &[f32], row: usize| values[row * (values.len() / count)..][..values.len() / count].to_vec();
    let one = |index: usize| {
        let decided = Decided {
            seen: row(&seen, index),
            skill: row(&skill, index),
            reward: [batch.reward[2 * index], batch.reward[2 * index + 1]],
            next: row(&next, index),
            steps: batch.steps[index],
            terminated: batch.discount[index] == 0.0,
        };
        (decided, batch.discount[index])
    };
    (0..positions.len()).map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn decisions_are_direct_sums(
        frames in 0usize..4, discrete: bool, rows in 1usize..4, longest in 1u32..12, hold in 1u32..7,
        pushes in 1usize..100, gamma in prop_oneof![Just(1.0), Just(0.5)], seed: u64,
    ) {
        let mut script = Script::new(frames, true, rows, longest, seed);
        let mut upper = Upper::new(rows, hold, seed);
        let config = TwoLevelConfig { steps: rows * 120, decisions: 30, inner_gamma: gamma };
        let mut memory = TwoLevel::new(&script.spec, rows, &[0], &skill(discrete), &config).unwrap();
        (0..pushes).for_each(|_| push(&mut script, &mut upper, discrete, &mut [&mut memory]));
        script.step(|_, _, _, _| Ok(()));
        let mut expected = Vec::new();
        for row in 0..rows {
            let all = decided(&script.log[row], &upper.log[row], gamma as f32, discrete);
            expected.extend(all.into_iter().map(|(shown, decided)| ((shown, row), decided)));
        }
        expected.sort_by_key(|(shown, _)| *shown);
        let newest = &expected[expected.len().saturating_sub(30)..];
        let found = stored(&memory);
        prop_assert_eq!(found.len(), newest.len());
        for ((_, expected), (found, discount)) in newest.iter().zip(&found) {
            prop_assert_eq!(found, expected);
            let alive = if expected.terminated { 0.0 } else { 1.0 };
            prop_assert_eq!(*discount, alive * 0.5_f32.powi(expected.steps as i32));
        }
    }

    #[test]
    fn steps_know_their_skill_and_its_age(
        rows in 1usize..3, longest in 1u32..12, hold in 1u32..7, pushes in 2usize..80, seed: u64,
    ) {
        let mut script = Script::new(0, true, rows, longest, seed);
        let mut upper = Upper::new(rows, hold, seed);
        let config = TwoLevelConfig { steps: rows * 120, decisions: 30, inner_gamma: 1.0 };
        let mut memory = TwoLevel::new(&script.spec, rows, &[0, 1], &skill(false), &config).unwrap();
        (0..pushes).for_each(|_| push(&mut script, &mut upper, false, &mut [&mut memory]));
        let positions: Vec<Position> = memory.steps().valid_positions(Span::transition(1)).collect();
        let mut batch = TransitionBatch::new();
        memory.steps().transitions(&positions, 1, 0.9, &mut batch).unwrap();
        let age = |row: usize, step: usize| {
            let choices = &upper.log[row][..=step];
            choices.iter().rev().take_while(|(chosen, _)| !chosen).count() as f32
        };
        for (index, position) in positions.iter().enumerate() {
            let (row, step) = (position.row(), position.step() as usize);
            prop_assert_eq!(&batch.extra[TwoLevel::SKILL][2 * index..][..2], &upper.log[row][step].1[..]);
            prop_assert_eq!(batch.extra[TwoLevel::AGE][index], age(row, step));
            let next = &script.log[row][step + 1];
            let expected = if next.boundary { 0.0 } else { age(row, step + 1) };
            prop_assert_eq!(batch.next_extra[TwoLevel::AGE][index], expected);
            prop_assert_eq!(&batch.next_extra[TwoLevel::SKILL][2 * index..][..2], &upper.log[row][step + 1].1[..]);
        }
    }

    #[test]
    fn restoring_is_exact(
        frames in 0usize..3, discrete: bool, rows in 1usize..3, longest in 1u32..9, hold in 1u32..7,
        parts in prop::collection::vec(0usize..30, 1..4), more in 1usize..20, seed: u64,
    ) {
        let mut script = Script::new(frames, true, rows, longest, seed);
        let mut upper = Upper::new(rows, hold, seed);
        let config = TwoLevelConfig { steps: rows * 20, decisions: 7, inner_gamma: 0.5 };
        let (spec, skill) = (script.spec.clone(), skill(discrete));
        let mut memory = TwoLevel::new(&spec, rows, &[0, 1], &skill, &config).unwrap();
        let (mut steps, mut decisions) = (Vec::new(), Vec::new());
        for pushes in parts {
            let marks = [memory.steps(), memory.decisions()].map(Replay::total_pushed);
            (0..pushes).for_each(|_| push(&mut script, &mut upper, discrete, &mut [&mut memory]));
            steps.push(memory.steps().segment(marks[0]));
            decisions.push(memory.decisions().segment(marks[1]));
        }
        let replays = [
            Replay::restore(memory.steps().config().clone(), &steps).unwrap(),
            Replay::restore(memory.decisions().config().clone(), &decisions).unwrap(),
        ];
        let open = memory.save_open();
        let mut restored = TwoLevel::restore(&spec, &[0, 1], &skill, &config, replays, &open).unwrap();
        prop_assert_eq!(restored.save_open(), open);
        for _ in 0..more {
            push(&mut script, &mut upper, discrete, &mut [&mut memory, &mut restored]);
        }
        prop_assert_eq!(stored(&restored), stored(&memory));
        prop_assert_eq!(restored.save_open(), memory.save_open());
        prop_assert_eq!(restored.steps().segment(0), memory.steps().segment(0));
        prop_assert_eq!(restored.decisions().segment(0), memory.decisions().segment(0));
    }
}

/// A memory of one row, whose steps earn 1.
struct Single {
    memory: TwoLevel,
    spec: Spec,
}

impl Single {
    const CONFIG: TwoLevelConfig = TwoLevelConfig { steps: 50, decisions: 9, inner_gamma: 0.5 };

    fn new() -> Self {
        let spec = script::spec(0, true);
        Self { memory: TwoLevel::new(&spec, 1, &[0], &skill(true), &Self::CONFIG).unwrap(), spec }
    }

    /// One call: what was seen, whether a skill is chosen, and whether the episode was reset or ends.
    fn push(&mut self, value: f32, chosen: bool, [reset, ended]: [bool; 2]) -> Result<(), MemoryError> {
        let mut seen = Observations::zeros(&self.spec, 1);
        seen.fields[0].write_floats(0, &[value; 3]);
        let mut outcome = Outcome::new(&self.spec, 1);
        outcome.observations.fields[0].write_floats(0, &[value + 1.0; 3]);
        outcome.reward.fill(if reset { 0.0 } else { 1.0 });
        (outcome.reset[0], outcome.terminated[0]) = (reset, ended);
        let skills = Actions::Discrete(vec![4]);
        let decision = Decision { skills: &skills, chosen: &[chosen] };
        self.memory.push(&seen, &Actions::Discrete(vec![0]), &outcome, &decision)
    }
}

#[test]
fn an_episode_broken_off_from_outside_leaves_a_partial_decision() {
    let mut single = Single::new();
    single.push(0.0, true, [false; 2]).unwrap();
    single.push(1.0, false, [false; 2]).unwrap();
    single.push(2.0, false, [true, false]).unwrap();
    single.push(9.0, true, [false; 2]).unwrap();
    let memory = single.memory;
    let found = stored(&memory);
    let expected = Decided {
        seen: vec![0.0; 3],
        skill: vec![4.0],
        reward: [1.5; 2],
        next: vec![2.0; 3],
        steps: 2,
        terminated: false,
    };
    assert_eq!(found, [(expected, 0.25)]);
    let positions: Vec<Position> = memory.decisions().valid_positions(Span::transition(1)).collect();
    let mut batch = TransitionBatch::new();
    memory.decided(&positions, DecisionDiscount::PerDecision(0.75), &mut batch).unwrap();
    assert_eq!(batch.discount, [0.75]);
}

#[test]
fn what_does_not_fit_is_refused_and_stores_nothing() {
    let mut single = Single::new();
    let undecided = single.push(0.0, false, [false; 2]).unwrap_err();
    assert_eq!(undecided, MemoryError::Undecided { row: 0 });
    assert!(undecided.to_string().contains("row 0 acts at the start of an episode without a decision"));
    assert!(single.memory.steps().is_empty() && single.memory.decisions().is_empty());
    single.push(0.0, true, [false, true]).unwrap();
    let order = single.push(1.0, false, [false; 2]).unwrap_err();
    assert_eq!(order, MemoryError::Order { row: 0 });
    let Single { mut memory, spec } = single;
    assert_eq!((memory.steps().len(), memory.decisions().len()), (1, 2));
    let (seen, outcome) = (Observations::zeros(&spec, 1), Outcome::new(&spec, 1));
    let mut wrong = |skills: &Actions, chosen: &[bool]| {
        let decision = Decision { skills, chosen };
        memory.push(&seen, &Actions::Discrete(vec![0]), &outcome, &decision).unwrap_err().to_string()
    };
    assert!(wrong(&Actions::Continuous(vec![0.0]), &[true]).contains("the skills"));
    assert!(wrong(&Actions::Discrete(vec![0, 1]), &[true]).contains("has 2 elements"));
    assert!(wrong(&Actions::Discrete(vec![0]), &[]).contains("`chosen` has 0 elements"));
    let config = TwoLevelConfig { decisions: 0, ..TwoLevelConfig::default() };
    let refused = TwoLevel::new(&spec, 1, &[0], &skill(true), &config).unwrap_err().to_string();
    assert!(refused.contains("`decisions` is 0: it must be at least 1"), "{refused}");
    let refused = TwoLevel::new(&spec, 1, &[0, 7], &skill(true), &TwoLevelConfig::default()).unwrap_err();
    assert!(refused.to_string().contains("no field 7"), "{refused}");
}

#[test]
fn running_decisions_of_other_memories_are_refused() {
    let mut single = Single::new();
    single.push(0.0, true, [false; 2]).unwrap();
    let Single { memory, spec } = &single;
    let replays = || [memory.steps().clone(), memory.decisions().clone()];
    let open = memory.save_open();
    let restore = |replays, open: &[u8]| {
        let restored = TwoLevel::restore(spec, &[0], &skill(true), &Single::CONFIG, replays, open);
        restored.map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(restore(replays(), &open), Ok(()));
    let mut late = Single { memory: memory.clone(), spec: spec.clone() };
    late.push(1.0, false, [false; 2]).unwrap();
    let Single { memory: late, .. } = late;
    let error = restore([late.steps().clone(), late.decisions().clone()], &open).unwrap_err();
    assert!(error.contains("saved at step 1, the replay at 2"), "{error}");
    let [steps, decisions] = replays();
    let error = restore([decisions, steps], &open).unwrap_err();
    assert!(error.contains("another world"), "{error}");
    for place in 0..open.len() {
        let mut flipped = open.clone();
        flipped[place] ^= 1;
        assert!(restore(replays(), &flipped).is_err(), "byte {place}");
        assert!(restore(replays(), &open[..place]).is_err(), "cut at {place}");
    }
}
