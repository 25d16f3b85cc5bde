//! Tables as ordinary worlds: golden values, frequencies against the model, learning, refusals.

use std::collections::HashMap;

use rand::RngExt;
use worlds::tabular::tight_chain::adversarial_errors;
use worlds::tabular::{Model, Policy, Table, Transition};
use worlds::{Action, Array, Canvas, Environment, Role, seed, single, table};

/// The numbers of a line of `tests/data/tables.txt`, which `reference/tables.py` wrote.
fn golden(name: &str) -> Vec<f64> {
    let path = format!("{}/tests/data/tables.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).expect(name);
    line.split(' ').map(|number| number.parse().unwrap()).collect()
}

fn check(name: &str, values: &[f64]) {
    let golden = golden(name);
    assert_eq!(values.len(), golden.len(), "{name}");
    let distance = values.iter().zip(golden).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(distance < 1e-10, "{name} differs by {distance}");
}

fn check_solutions(name: &str, model: &Model, policy: &Policy, discount: f64) {
    check(&format!("{name}-values"), &model.policy_values(discount, policy));
    check(&format!("{name}-occupancy"), &model.occupancy(discount, policy));
    check(&format!("{name}-successor"), model.successor(discount, policy).transpose().as_slice());
    check(&format!("{name}-future"), model.discounted_future(discount, policy).transpose().as_slice());
    check(&format!("{name}-stationary"), &model.stationary(policy));
}

fn table_of(name: &str) -> Table {
    table(name).unwrap().expect(name)
}

#[test]
fn a_small_process_is_solved_as_by_numpy() {
    let (transitions, rewards) = (golden("small-transitions"), golden("small-rewards"));
    let model = Model::new(3, vec![0.25, 0.75, 0.0, 0.0, 0.0], |state, action| {
        let pair = state * 3 + action;
        let row = transitions[pair * 5..][..5].iter().enumerate();
        let reward = rewards[pair];
        row.map(|(state, &probability)| Transition { state, probability, reward, terminal: false }).collect()
    });
    let solution = model.optimal(0.9);
    check("small-optimal-values", &solution.values);
    check("small-optimal-action-values", &solution.action_values);
    check_solutions("small", &model, &Policy::new(golden("small-policy"), 3).unwrap(), 0.9);
}

#[test]
fn worlds_are_solved_as_by_numpy() {
    let Table { model, discount, .. } = table_of("grid7-slip");
    let solution = model.optimal(discount);
    check("grid7-slip-optimal-values", &solution.values);
    check("grid7-slip-optimal-action-values", &solution.action_values);
    check("grid7-slip-uniform-values", &model.policy_values(discount, &Policy::uniform(49, 4)));
    let Table { model, discount, .. } = table_of("stochastic-corridor");
    let solution = model.optimal(discount);
    check("stochastic-corridor-optimal-action-values", &solution.action_values);
    let Table { model, discount, .. } = table_of("gridwalk-5x5");
    check_solutions("gridwalk-5x5", &model, &Policy::uniform(25, 5), discount);
}

/// The names under which the worlds' frequencies are counted.
const NAMES: [&str; 11] = [
    "bernoulli-bandit,p=0.1",
    "chain,kind=swim",
    "chain,kind=cliff,world_seed=3,obs=onehot",
    "frozen-lake",
    "grid7-slip",
    "gridwalk-5x5",
    "random-mdp,kind=garnet,world_seed=4",
    "random-mdp,kind=dirichlet,world_seed=4",
    "random-mdp,kind=permutation-mix,symmetric=true",
    "stochastic-corridor,obs=onehot",
    "tight-chain",
];

fn state_of(world: &dyn Environment) -> usize {
    let field = world.spec().fields.iter().position(|field| field.name == "state").unwrap();
    assert_eq!(world.spec().fields[field].role, Role::Truth);
    let mut array = world.spec().fields[field].layout.zeros(1);
    world.observe(field, 0, &mut array);
    match array {
        Array::Float(values) => values[0] as usize,
        Array::Byte(_) => panic!("a state is a number"),
    }
}

/// Within five standard errors of the expectation, and three more where it is tiny.
fn plausible(count: u32, total: u32, probability: f64) -> bool {
    let expected = probability * f64::from(total);
    (f64::from(count) - expected).abs() <= 5.0 * (expected * (1.0 - probability)).sqrt() + 3.0
}

#[test]
fn worlds_follow_their_tables() {
    for name in NAMES {
        let mut world = single(name).unwrap();
        let Table { model, horizon, .. } = table_of(name);
        assert_eq!(world.spec().horizon, horizon);
        let mut random = seed::stream(21, name, 0);
        let mut counts: HashMap<(usize, usize, usize), u32> = HashMap::new();
        let mut totals: HashMap<(usize, usize), u32> = HashMap::new();
        let (mut starts, mut episodes) = (vec![0; model.states()], 0);
        let mut left = 0;
        for _ in 0..400_000 {
            if left == 0 {
                world.reset(&mut random);
                starts[state_of(&*world)] += 1;
                episodes += 1;
                left = horizon.unwrap();
            }
            let (before, action) = (state_of(&*world), random.random_range(0..model.actions()));
            let step = world.step(Action::Discrete(action as u32), &mut random);
            let after = state_of(&*world);
            let same = |outcome: &Transition| {
                (outcome.state, outcome.reward as f32, outcome.terminal)
                    == (after, step.reward, step.terminated)
            };
            let outcome = model.outcomes(before, action).iter().position(same);
            let outcome = outcome.unwrap_or_else(|| panic!("{name}: an impossible outcome"));
            *counts.entry((before, action, outcome)).or_default() += 1;
            *totals.entry((before, action)).or_default() += 1;
            left = if step.terminated { 0 } else { left - 1 };
        }
        assert!((model.start().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (&(state, action), &total) in &totals {
            let probabilities = model.outcomes(state, action).iter().map(|outcome| outcome.probability);
            assert!((probabilities.sum::<f64>() - 1.0).abs() < 1e-12, "{name}: {state}, {action}");
            for (index, outcome) in model.outcomes(state, action).iter().enumerate() {
                let count = counts.get(&(state, action, index)).copied().unwrap_or(0);
                assert!(plausible(count, total, outcome.probability), "{name}: {state}, {action}, {index}");
            }
        }
        let started = starts.iter().zip(model.start());
        assert!(started.into_iter().all(|(&count, &start)| plausible(count, episodes, start)), "{name}");
    }
}

#[test]
fn references_are_the_returns_of_played_episodes() {
    for name in ["grid7-slip", "stochastic-corridor", "random-mdp,kind=dirichlet", "chain,kind=swim"] {
        let mut world = single(name).unwrap();
        let Table { model, horizon, .. } = table_of(name);
        let reference = world.spec().reference.unwrap();
        let mut random = seed::stream(22, name, 0);
        let returns: Vec<f64> = (0..20_000)
            .map(|_| {
                world.reset(&mut random);
                let mut total = 0.0;
                for _ in 0..horizon.unwrap() {
                    let action = random.random_range(0..model.actions()) as u32;
                    let step = world.step(Action::Discrete(action), &mut random);
                    total += f64::from(step.reward);
                    if step.terminated {
                        break;
                    }
                }
                total
            })
            .collect();
        let mean = returns.iter().sum::<f64>() / returns.len() as f64;
        let variance = returns.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / returns.len() as f64;
        let error = (variance / returns.len() as f64).sqrt();
        assert!((mean - reference.random).abs() <= 5.0 * error, "{name}: {mean}, {reference:?}");
        assert!(reference.expert > reference.random);
    }
    // Nothing to be gained: no scores.
    assert_eq!(single("gridwalk-5x5").unwrap().spec().reference, None);
    assert_eq!(single("tight-chain").unwrap().spec().reference.unwrap().expert, 0.0);
}

/// Tabular Q-learning under uniformly random actions, with the step size 1 / (1 + (1 - discount) n)
/// of a pair's n-th visit; the exact loss of its greedy policy from the start.
fn loss_of_q_learning(name: &str, steps: usize) -> f64 {
    let mut world = single(name).unwrap();
    let Table { model, discount, horizon } = table_of(name);
    let actions = model.actions();
    let mut random = seed::stream(23, "learning", 0);
    let mut values = vec![0.0; model.states() * actions];
    let mut visits = vec![0_u32; values.len()];
    let observed = |world: &dyn Environment| {
        let mut array = world.spec().input().zeros(1);
        world.observe(0, 0, &mut array);
        match array {
            Array::Float(values) => values[0] as usize,
            Array::Byte(_) => panic!("a state is a number"),
        }
    };
    let row = |state: usize| state * actions..(state + 1) * actions;
    let largest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut left = 0;
    for _ in 0..steps {
        if left == 0 {
            world.reset(&mut random);
            left = horizon.unwrap();
        }
        let (state, action) = (observed(&*world), random.random_range(0..actions));
        let step = world.step(Action::Discrete(action as u32), &mut random);
        let future = if step.terminated { 0.0 } else { largest(&values[row(observed(&*world))]) };
        let pair = state * actions + action;
        visits[pair] += 1;
        let rate = 1.0 / (1.0 + (1.0 - discount) * f64::from(visits[pair] - 1));
        values[pair] += rate * (f64::from(step.reward) + discount * future - values[pair]);
        left = if step.terminated { 0 } else { left - 1 };
    }
    let greedy: Vec<usize> = (0..model.states())
        .map(|state| {
            let values = &values[row(state)];
            values.iter().position(|value| *value == largest(values)).unwrap()
        })
        .collect();
    let reached = model.start_value(&model.policy_values(discount, &Policy::greedy(&greedy, actions)));
    model.start_value(&model.optimal(discount).values) - reached
}

#[test]
fn q_learning_comes_within_two_hundredths_of_the_optimum() {
    for name in ["grid7-slip", "four-rooms"] {
        let loss = loss_of_q_learning(name, 4_000_000);
        assert!((-1e-9..0.02).contains(&loss), "{name}: {loss}");
    }
}

#[test]
fn random_processes_are_what_their_kinds_say() {
    let Table { model, discount, .. } = table_of("random-mdp,world_seed=1,discount=0.97");
    assert_eq!((model.states(), model.actions(), discount), (30, 4, 0.97));
    for pair in 0..120 {
        let outcomes = model.outcomes(pair / 4, pair % 4);
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes.iter().all(|o| o.reward == outcomes[0].reward && o.reward.abs() <= 1.0));
    }
    for seed in 0..5 {
        let Table { model, horizon, .. } = table_of(&format!("random-mdp,kind=dirichlet,world_seed={seed}"));
        assert_eq!((model.states(), model.actions(), horizon), (40, 4, Some(5)));
        assert!((model.optimal_return(5) - 1.0).abs() < 1e-12);
        let paid = (0..40).filter(|&state| model.expected_reward(state, 0) > 0.0).count();
        assert_eq!(paid, 2);
        for symmetric in [false, true] {
            let name = format!("random-mdp,kind=permutation-mix,world_seed={seed},symmetric={symmetric}");
            let matrix = table_of(&name).model.transition_matrix(&Policy::uniform(12, 1));
            assert!((0..12).all(|state| (matrix.column(state).sum() - 1.0).abs() < 1e-12));
            assert_eq!((&matrix - matrix.transpose()).abs().max() < 1e-12, symmetric);
        }
    }
    assert_eq!(table_of("random-mdp,world_seed=7"), table_of("random-mdp,world_seed=7"));
    assert_ne!(table_of("random-mdp,world_seed=7"), table_of("random-mdp,world_seed=8"));
}

/// Scherrer and Lesner's bound: after K iterations with the adversarial errors, the greedy policy
/// of approximate value iteration loses 2 (gamma - gamma^K) eps / (1 - gamma)^2 in state K.
#[test]
fn the_tight_chain_is_tight() {
    let (size, discount) = (0.1, 0.9_f64);
    let Table { model, .. } = table_of("tight-chain,discount=0.9,error=0.1");
    let states = model.states();
    assert_eq!(states, 60);
    assert!(model.optimal(discount).values.iter().all(|value| value.abs() < 1e-12));
    let mut values = vec![0.0; states];
    let mut choices = vec![0; states];
    for iteration in 1..states {
        let action_values = model.action_values(discount, &values);
        let errors = adversarial_errors(states, iteration, size);
        values = action_values.chunks(2).zip(errors).map(|(row, error)| row[0].max(row[1]) + error).collect();
        let next = model.action_values(discount, &values);
        choices = next.chunks(2).map(|row| usize::from(row[1] > row[0])).collect();
    }
    let loss = -model.policy_values(discount, &Policy::greedy(&choices, 2))[states - 1];
    let expected = 2.0 * (discount - discount.powi(states as i32)) * size / (1.0 - discount).powi(2);
    assert!((loss / expected - 1.0).abs() < 1e-6, "{loss} is not {expected}");
}

#[test]
fn modifiers_keep_the_table_unless_they_change_what_actions_do() {
    for name in ["grid7-slip+pixels=16", "four-rooms+distractors=2", "gridwalk-5x5,obs=onehot+stack=2"] {
        assert!(table(name).unwrap().is_some(), "{name}");
    }
    assert_eq!(table_of("grid7-slip+timelimit=7").horizon, Some(7));
    for name in ["cartpole", "grid7-slip+sticky=0.1", "four-rooms+repeat=2", "minatar-breakout"] {
        assert!(table(name).unwrap().is_none(), "{name}");
    }
}

#[test]
fn policies_are_distributions_and_draw_by_them() {
    let policy = Policy::new(vec![0.2, 0.8, 1.0, 0.0], 2).unwrap();
    let mut random = seed::stream(24, "policy", 0);
    let ones = (0..10_000).filter(|_| policy.choose(0, &mut random) == 1).count();
    assert!(plausible(ones as u32, 10_000, 0.8));
    assert!((0..100).all(|_| policy.choose(1, &mut random) == 0));
    let soft = Policy::softmax(&[1_000.0, 1_000.0 + 3.0_f64.ln(), -1e300, 0.0], 2, 1.0);
    assert!((soft.probability(0, 1) - 0.75).abs() < 1e-12 && soft.probability(1, 1) == 1.0);
    assert_eq!(Policy::epsilon_greedy(&[1], 4, 0.5).probabilities(0), [0.125, 0.625, 0.125, 0.125]);
    let error =
        |probabilities: Vec<f64>, actions| Policy::new(probabilities, actions).unwrap_err().to_string();
    assert!(error(vec![0.5, 0.5, 0.5, 0.4], 2).contains("in state 1 must be at least 0 and sum to 1"));
    assert!(error(vec![1.5, -0.5], 2).contains("in state 0"));
    assert!(error(vec![f64::NAN, 1.0], 2).contains("in state 0"));
    assert!(error(vec![1.0], 2).contains("2 actions cannot be made of 1"));
}

#[test]
fn wrong_options_are_explained() {
    for (name, part) in [
        (
            "random-mdp,kind=garnett",
            "must be one of garnet, dirichlet, permutation-mix, not `garnett`; did you",
        ),
        ("random-mdp,states=0", "`states` of random-mdp must be a whole number from 1 to 1000, not `0`"),
        ("random-mdp,branching=0", "must be a whole number from 1 to 1000"),
        ("random-mdp,states=4,branching=5", "`branching` of random-mdp must be at most its 4 states, not 5"),
        ("random-mdp,symmetric=true", "`symmetric` of random-mdp goes with `kind=permutation-mix` only"),
        ("random-mdp,kind=dirichlet,branching=2", "goes with `kind=garnet` only, not with `kind=dirichlet`"),
        ("random-mdp,kind=permutation-mix,actions=2", "must be a whole number from 1 to 1, not `2`"),
        ("random-mdp,kind=dirichlet,horizon=1", "a whole number from 2 to 100"),
        ("random-mdp,world_seed=-1", "`world_seed` of random-mdp must be a whole number from 0"),
        ("random-mdp,sates=3", "unknown option of random-mdp `sates`; did you mean `states`?"),
        ("chain,states=1", "from 2 to 1000"),
        ("chain,kind=cliffs", "did you mean `cliff`?"),
        ("grid7-slip,discount=1", "`discount` of grid7-slip must be a number from 0 to 0.9999, not `1`"),
        ("bernoulli-bandit,p=0.6", "`p` of bernoulli-bandit must be a number from 0 to 0.5, not `0.6`"),
        ("frozen-lake,slippery=no", "must be `true` or `false`, not `no`"),
        ("gridwalk-5x5,obs=xy", "must be one of index, onehot, not `xy`"),
        ("tight-chain,discount=0.999", "a number from 0.5 to 0.995"),
        ("tight-chain,error=-1", "a number from 0 to 1000"),
        ("stochastic-corridor,states=3", "unknown option of stochastic-corridor `states`"),
        ("deep-sea,map=1", "unknown option of deep-sea `map`"),
    ] {
        let error = table(name).err().unwrap_or_else(|| panic!("{name} is fine")).to_string();
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[test]
fn states_are_seen_saved_and_drawn() {
    let mut random = seed::stream(25, "episode", 0);
    let mut world = single("stochastic-corridor,obs=onehot").unwrap();
    world.reset(&mut random);
    let state = state_of(&*world);
    let mut array = world.spec().input().zeros(1);
    world.observe(0, 0, &mut array);
    let hot = (0..10).map(|index| f32::from(u8::from(index == state))).collect();
    assert_eq!(array, Array::Float(hot));
    let saved = world.save();
    let mut copy = single("stochastic-corridor").unwrap();
    copy.restore(&saved).unwrap();
    assert_eq!(state_of(&*copy), state);
    let mut canvas = Canvas::new(10, 10);
    world.render(&mut canvas);
    let mut other = canvas.clone();
    copy.restore(&worlds::world::encode(&((state as u32 + 1) % 10))).unwrap();
    copy.render(&mut other);
    assert_ne!(canvas, other);
    let error = copy.restore(&worlds::world::encode(&10_u32)).unwrap_err();
    assert_eq!(error, "state 10 does not exist");
}
