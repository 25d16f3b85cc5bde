//! Batches: autoreset, threads, saving and restoring, checks of actions.

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use worlds::bench::RandomActions;
use worlds::registry::make_on_threads;
use worlds::{
    Action, ActionSpace, Actions, Array, Canvas, Environment, Field, Layout, Outcome, Role, Spec, Step,
    Vectorised, WorldError, Worlds, catalogue, make, seed,
};

/// Every world as it is, and some with options and modifiers.
fn names() -> Vec<String> {
    let more = [
        "cartpole+pixels=16,grey=true+stack=3+repeat=2",
        "pendulum+distractors=4,kind=ar,scale=0.5+stack=2",
        "reacher2,target=hidden+pixels=12+sticky=0.5",
        "point-mass,task=gates,order=1+timelimit=7+repeat=3",
        "mountain-car-continuous,reward=sparse1,horizon=20",
        "minatar-breakout+stack=2+repeat=2",
        "four-rooms,noise_dims=2+distractors=3",
        "deep-sea,world_seed=5,slip=auto+pixels=20",
        "four-rooms+tile+stack=2",
        "maze-levels,generator=random,size=6,levels=3,split=test+repeat=2",
        "line-world,start=uniform,horizon=1",
        "minigrid-doorkey,obs=onehot,levels=3,layouts=2,split=test,horizon=20+stack=2",
        "minigrid-keycorridor,obs=full,first=7,prevent=open+pixels=20",
        "minigrid-multiroom,obs=tile,view=ego,horizon=15+repeat=2",
        "t-maze,length=2,wrong=-0.1,bump=-0.1,horizon=9+stack=3",
    ];
    let base = catalogue().iter().map(|entry| entry.name.to_owned());
    base.chain(more.map(str::to_owned)).collect()
}

/// All outcomes of `calls` steps of random actions after a reset.
fn roll(worlds: &mut dyn Worlds, calls: usize, seed: u64) -> Vec<Outcome> {
    let mut out = Outcome::new(worlds.spec(), worlds.rows());
    let mut policy = RandomActions::new(&worlds.spec().action, worlds.rows());
    let mut random = seed::stream(seed, "actions", 0);
    (0..calls)
        .map(|_| {
            worlds.step(policy.draw(&mut random), &mut out).unwrap();
            out.clone()
        })
        .collect()
}

/// Counts its steps, ends really after `length`, has a horizon of 5, and gives what it is told.
struct Counter {
    spec: Spec,
    length: u32,
    count: u32,
    last: f32,
}

impl Counter {
    fn new(length: u32, action: ActionSpace) -> Self {
        let layout = Layout::Vector { size: 2 };
        let spec = Spec {
            name: "counter".to_owned(),
            summary: String::new(),
            fields: vec![Field { name: "count".to_owned(), role: Role::Input, layout }],
            action,
            rewards: vec!["reward".to_owned()],
            horizon: Some(5),
            reference: None,
        };
        Self { spec, length, count: 100, last: 0.0 }
    }

    fn batch(rows: usize, action: ActionSpace) -> Vectorised<Counter> {
        let mut length = 2;
        let build = || {
            length += 1;
            Ok(Counter::new(length, action.clone()))
        };
        Vectorised::new(rows, 0, build).unwrap()
    }
}

impl Environment for Counter {
    fn spec(&self) -> &Spec {
        &self.spec
    }
    fn reset(&mut self, _random: &mut ChaCha8Rng) {
        self.count = 0;
    }
    fn step(&mut self, action: Action<'_>, _random: &mut ChaCha8Rng) -> Step {
        self.count += 1;
        self.last = match action {
            Action::Discrete(index) => index as f32,
            Action::Continuous(values) => values[0],
        };
        Step { reward: self.last + 0.5, terminated: self.count == self.length }
    }
    fn observe(&self, _field: usize, row: usize, array: &mut Array) {
        array.write_floats(row, &[self.count as f32, self.last]);
    }
    fn render(&self, _canvas: &mut Canvas) {}
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }
    fn restore(&mut self, _state: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn an_ended_row_is_reset_by_the_next_call() {
    // Row 0 really ends after 3 steps, row 2 and 3 on step 5, their horizon, or beyond it.
    let mut batch = Counter::batch(4, ActionSpace::Discrete { count: 3 });
    let mut out = Outcome::new(batch.spec(), 4);
    batch.reset(&mut out);
    assert_eq!(out.reset, [true; 4]);
    let mut seen = Vec::new();
    for _ in 0..8 {
        batch.step(&Actions::Discrete(vec![2; 4]), &mut out).unwrap();
        seen.push(out.clone());
    }
    let counts = |row: usize| -> Vec<f32> {
        seen.iter()
            .map(|out| match out.observations.input() {
                Array::Float(values) => values[2 * row],
                Array::Byte(_) => panic!("bytes"),
            })
            .collect()
    };
    let flags = |row: usize| -> Vec<char> {
        let letter = |out: &Outcome| match (out.terminated[row], out.truncated[row], out.reset[row]) {
            (true, false, false) => 'e',
            (false, true, false) => 't',
            (false, false, true) => 'r',
            (false, false, false) => '.',
            _ => '?',
        };
        seen.iter().map(letter).collect()
    };
    assert_eq!(counts(0), [1.0, 2.0, 3.0, 0.0, 1.0, 2.0, 3.0, 0.0]);
    assert_eq!(flags(0), ['.', '.', 'e', 'r', '.', '.', 'e', 'r']);
    assert_eq!(flags(2), ['.', '.', '.', '.', 'e', 'r', '.', '.']);
    assert_eq!(counts(3), [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 1.0, 2.0]);
    assert_eq!(flags(3), ['.', '.', '.', '.', 't', 'r', '.', '.']);
    for out in &seen {
        for row in 0..4 {
            assert_eq!(out.reward[row], if out.reset[row] { 0.0 } else { 2.5 });
        }
    }
}

#[test]
fn a_batch_that_was_never_reset_begins_with_resets() {
    let mut batch = Counter::batch(2, ActionSpace::Discrete { count: 3 });
    let mut out = Outcome::new(batch.spec(), 2);
    // The actions of such a call are ignored, out of range or not.
    batch.step(&Actions::Discrete(vec![77; 2]), &mut out).unwrap();
    assert_eq!((out.reset, out.reward), (vec![true; 2], vec![0.0; 2]));
}

#[test]
fn values_outside_the_box_are_clipped_and_counted() {
    let action = ActionSpace::Box { low: vec![-1.0, 0.0], high: vec![1.0, 2.0] };
    let mut batch = Counter::batch(2, action);
    let mut out = Outcome::new(batch.spec(), 2);
    batch.reset(&mut out);
    let values = vec![-3.0, 1.0, 0.5, f32::INFINITY];
    batch.step(&Actions::Continuous(values), &mut out).unwrap();
    assert_eq!(out.reward, [-0.5, 1.0]);
    assert_eq!(batch.clipped(), 2);
}

#[test]
fn wrong_actions_are_refused_in_one_sentence_and_change_nothing() {
    let cases = [
        ("cartpole", Actions::Discrete(vec![0, 2]), "copy 1 was given 2"),
        ("cartpole", Actions::Discrete(vec![0]), "was given 1 indices"),
        ("cartpole", Actions::Continuous(vec![0.0; 2]), "was given vectors"),
        ("pendulum", Actions::Discrete(vec![0; 2]), "was given indices"),
        ("pendulum", Actions::Continuous(vec![0.0; 3]), "was given 3 numbers"),
        ("pendulum", Actions::Continuous(vec![0.0, f32::NAN]), "copy 1 was given one that is not"),
    ];
    for (name, actions, part) in cases {
        let mut worlds = make(name, 2, 0).unwrap();
        let mut out = Outcome::new(worlds.spec(), 2);
        worlds.reset(&mut out);
        let (state, before) = (worlds.save(), out.clone());
        let error = worlds.step(&actions, &mut out).unwrap_err();
        assert!(matches!(error, WorldError::Action(_)));
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!((worlds.save(), out), (state, before));
    }
}

#[test]
fn numbers_that_are_not_finite_are_reported_with_their_copy() {
    let free = ActionSpace::Box { low: vec![f32::NEG_INFINITY], high: vec![f32::INFINITY] };
    let mut batch = Counter::batch(130, free);
    let mut out = Outcome::new(batch.spec(), 130);
    batch.reset(&mut out);
    let mut values = vec![0.0; 130];
    values[121] = f32::INFINITY;
    let error = batch.step(&Actions::Continuous(values), &mut out).unwrap_err();
    let expected = WorldError::NotFinite { world: "counter".to_owned(), what: "reward", row: 121 };
    assert_eq!(error, expected);
}

#[test]
fn buffers_of_another_size_are_replaced() {
    let mut worlds = make("cartpole", 3, 0).unwrap();
    let mut out = Outcome::new(make("pendulum", 1, 0).unwrap().spec(), 1);
    worlds.reset(&mut out);
    assert!(out.fits(worlds.spec(), 3));
}

#[test]
fn results_do_not_depend_on_threads_or_on_the_number_of_rows() {
    for name in names() {
        let one = roll(&mut *make_on_threads(&name, 7, 3, 1).unwrap(), 40, 1);
        for threads in [2, 3, 7, 50] {
            let many = roll(&mut *make_on_threads(&name, 7, 3, threads).unwrap(), 40, 1);
            assert_eq!(one, many, "{name} on {threads} threads");
        }
    }
    let constant = |worlds: &mut dyn Worlds, rows: usize| -> Vec<f32> {
        let mut out = Outcome::new(worlds.spec(), rows);
        (0..60)
            .flat_map(|_| {
                worlds.step(&Actions::Discrete(vec![1; rows]), &mut out).unwrap();
                match out.observations.input() {
                    Array::Float(values) => values[..4].to_vec(),
                    Array::Byte(_) => panic!("bytes"),
                }
            })
            .collect()
    };
    let few = constant(&mut *make("cartpole", 1, 8).unwrap(), 1);
    let many = constant(&mut *make("cartpole", 9, 8).unwrap(), 9);
    assert_eq!(few, many);
}

#[test]
fn seeds_and_rows_differ() {
    let first = |seed: u64| {
        let mut worlds = make("cartpole", 2, seed).unwrap();
        let mut out = Outcome::new(worlds.spec(), 2);
        worlds.reset(&mut out);
        out.observations.fields[0].clone()
    };
    assert_ne!(first(0), first(1));
    let Array::Float(values) = first(0) else { panic!("bytes") };
    assert_ne!(values[..4], values[4..]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..Default::default() })]
    #[test]
    fn a_restored_batch_continues_exactly(seed in 0_u64..1000, before in 0_usize..60) {
        for name in names() {
            let mut original = make(&name, 3, seed).unwrap();
            roll(&mut *original, before, seed);
            // Onto another thread count, another seed and another moment.
            let mut copy = make_on_threads(&name, 3, seed + 1, 3).unwrap();
            roll(&mut *copy, 5, seed + 1);
            copy.restore(&original.save()).unwrap();
            prop_assert_eq!(copy.save(), original.save(), "{}", &name);
            let mut seen = [Outcome::new(original.spec(), 3), Outcome::new(original.spec(), 3)];
            original.observe(&mut seen[0].observations);
            copy.observe(&mut seen[1].observations);
            prop_assert_eq!(&seen[0], &seen[1], "{}", &name);
            let (first, second) = (roll(&mut *original, 30, 7), roll(&mut *copy, 30, 7));
            prop_assert_eq!(first, second, "{}", &name);
        }
    }
}

#[test]
fn states_that_do_not_fit_are_refused() {
    for name in names() {
        let mut worlds = make(&name, 2, 0).unwrap();
        roll(&mut *worlds, 3, 0);
        let state = worlds.save();
        for end in [0, 1, state.len() / 2, state.len() - 1] {
            let error = worlds.restore(&state[..end]).unwrap_err();
            assert!(matches!(error, WorldError::State { .. }), "{name}: {error}");
        }
        assert!(worlds.restore(&[&state[..], &[0]].concat()).is_err(), "{name}");
        let other = if name == "pendulum" { "acrobot" } else { "pendulum" };
        assert!(make(other, 2, 0).unwrap().restore(&state).is_err(), "{name}");
        assert!(make(&name, 3, 0).unwrap().restore(&state).is_err(), "{name}");
        worlds.restore(&state).unwrap();
    }
}

#[test]
fn no_rows_are_refused() {
    assert!(matches!(make("cartpole", 0, 0), Err(WorldError::Invalid(_))));
}

#[test]
fn rendering_draws_something_at_any_size() {
    for name in names() {
        let mut worlds = make(&name, 2, 0).unwrap();
        roll(&mut *worlds, 2, 0);
        for (width, height) in [(8, 8), (64, 48), (65, 65)] {
            let mut canvas = Canvas::new(width, height);
            worlds.render(1, &mut canvas);
            let first = canvas.get(0, 0);
            let pixels = (0..width * height).map(|i| canvas.get(i % width, i / width));
            assert!(pixels.into_iter().any(|pixel| pixel != first), "{name} at {width}x{height}");
        }
    }
}

#[test]
fn random_actions_are_uniform_and_counted() {
    let mut random = seed::stream(1, "actions", 0);
    for count in [2, 3, 7] {
        let mut policy = RandomActions::new(&ActionSpace::Discrete { count }, 70_001);
        let Actions::Discrete(values) = policy.draw(&mut random) else { panic!("vectors") };
        for action in 0..count as u32 {
            let share = values.iter().filter(|value| **value == action).count() as f64 / 70_001.0;
            assert!((share - 1.0 / count as f64).abs() < 0.01, "{action} of {count}: {share}");
        }
    }
    let space = ActionSpace::Box { low: vec![-2.0, 1.0], high: vec![0.0, 1.5] };
    let mut policy = RandomActions::new(&space, 10_000);
    let Actions::Continuous(values) = policy.draw(&mut random) else { panic!("indices") };
    let mean = |start: usize| values.iter().skip(start).step_by(2).sum::<f32>() / 10_000.0;
    assert!((mean(0) + 1.0).abs() < 0.03 && (mean(1) - 1.25).abs() < 0.01);

    let measure = |threads| {
        let until = worlds::bench::Until::Calls(50);
        worlds::bench::random_actions("pendulum", 6, threads, until).unwrap()
    };
    assert_eq!((measure(1).steps, measure(2).steps), (300, 300));
    assert_eq!(measure(2).reward, measure(2).reward);
}
