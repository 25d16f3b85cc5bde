//! Linear solves against independent iterations, for every table of the registry.

use rand::RngExt;
use worlds::tabular::{Model, Policy, Table};
use worlds::{catalogue, seed, table};

const TOLERANCE: f64 = 1e-8;
const DISCOUNTS: [f64; 2] = [0.6, 0.95];

/// Every world of the catalogue that has a table, and further kinds of some.
fn tables() -> Vec<(String, Table)> {
    let more = [
        "random-mdp,kind=garnet,states=7,actions=2,branching=7,world_seed=3",
        "random-mdp,kind=dirichlet,world_seed=1",
        "random-mdp,kind=permutation-mix,world_seed=2",
        "random-mdp,kind=permutation-mix,states=9,symmetric=true,world_seed=5",
        "chain,kind=cliff,states=12,world_seed=4",
        "chain,kind=swim,states=6",
        "four-rooms,size=7,wind=0.3,stay=true,reward=none",
        "four-rooms,size=9,starts=other-room",
        "deep-sea,size=6,slip=auto,world_seed=9",
        "tight-chain,discount=0.8,error=1",
        "frozen-lake,slippery=false",
    ];
    let names = catalogue().iter().map(|entry| entry.name).chain(more);
    let tables = names.filter_map(|name| Some((name.to_owned(), table(name).unwrap()?)));
    let tables: Vec<_> = tables.collect();
    assert_eq!(tables.len(), 10 + more.len());
    tables
}

/// The uniform policy and two random ones.
fn policies(model: &Model) -> Vec<Policy> {
    let (states, actions) = (model.states(), model.actions());
    let mut random = seed::stream(11, "policy", 0);
    let mut drawn = |temperature| {
        let preferences: Vec<f64> = (0..states * actions).map(|_| random.random::<f64>()).collect();
        Policy::softmax(&preferences, actions, temperature)
    };
    vec![Policy::uniform(states, actions), drawn(0.2), drawn(1.0)]
}

fn assert_close(name: &str, what: &str, left: &[f64], right: &[f64]) {
    assert_eq!(left.len(), right.len(), "{name}: {what}");
    let distance = left.iter().zip(right).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // Written so that numbers that are none are refused.
    assert!(distance <= TOLERANCE, "{name}: {what} differs by {distance}");
    assert!(left.iter().all(|value| value.is_finite()), "{name}: {what}");
}

/// Applies `step` until nothing changes any more.
fn fixed_point(mut point: Vec<f64>, tolerance: f64, step: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    for _ in 0..5_000_000 {
        let next = step(&point);
        let change = point.iter().zip(&next).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        point = next;
        if change <= tolerance {
            return point;
        }
    }
    panic!("no fixed point found");
}

/// One step of the policy from the distribution `states`, and the probability that it ends.
fn pushed(model: &Model, policy: &Policy, states: &[f64]) -> (Vec<f64>, f64) {
    let (mut next, mut ended) = (vec![0.0; states.len()], 0.0);
    for (state, share) in states.iter().enumerate() {
        for action in 0..model.actions() {
            for outcome in model.outcomes(state, action) {
                let flow = share * policy.probability(state, action) * outcome.probability;
                if outcome.terminal { ended += flow } else { next[outcome.state] += flow }
            }
        }
    }
    (next, ended)
}

fn averaged(policy: &Policy, state: usize, value: impl Fn(usize) -> f64) -> f64 {
    (0..policy.actions()).map(|action| policy.probability(state, action) * value(action)).sum()
}

#[test]
fn values_are_fixed_points_of_the_bellman_operators() {
    for (name, Table { model, .. }) in tables() {
        let states = model.states();
        for discount in DISCOUNTS {
            for policy in policies(&model) {
                let values = fixed_point(vec![0.0; states], 1e-12, |values| {
                    let backed_up = |state| {
                        averaged(&policy, state, |action| model.action_value(state, action, discount, values))
                    };
                    (0..states).map(backed_up).collect()
                });
                assert_close(&name, "policy values", &model.policy_values(discount, &policy), &values);
                let pairs = (0..states * model.actions())
                    .map(|pair| (pair / model.actions(), pair % model.actions()));
                let action_values: Vec<f64> = pairs
                    .map(|(state, action)| model.action_value(state, action, discount, &values))
                    .collect();
                let solved = model.policy_action_values(discount, &policy);
                assert_close(&name, "action values", &solved, &action_values);
            }
        }
    }
}

#[test]
fn optimal_solutions_agree_with_value_iteration() {
    for (name, Table { model, .. }) in tables() {
        let (states, actions) = (model.states(), model.actions());
        for discount in DISCOUNTS {
            let best = |values: &[f64], state| {
                let choices = (0..actions).map(|action| model.action_value(state, action, discount, values));
                choices.fold(f64::NEG_INFINITY, f64::max)
            };
            let values = fixed_point(vec![0.0; states], 1e-12, |values| {
                (0..states).map(|state| best(values, state)).collect()
            });
            let solution = model.optimal(discount);
            assert_close(&name, "optimal values", &solution.values, &values);
            let reached = model.policy_values(discount, &Policy::greedy(&solution.policy, actions));
            assert_close(&name, "values of the optimal policy", &reached, &values);
            for (state, &choice) in solution.policy.iter().enumerate() {
                let value = |action: usize| solution.action_values[state * actions + action];
                assert!((value(choice) - values[state]).abs() <= TOLERANCE, "{name}");
                assert!(
                    (0..choice).all(|action| value(action) < value(choice)),
                    "{name}: lowest index on ties"
                );
            }
        }
    }
}

#[test]
fn occupancies_are_discounted_sums_of_distributions() {
    for (name, Table { model, .. }) in tables() {
        for discount in DISCOUNTS {
            for policy in policies(&model) {
                let (mut sum, mut states, mut weight) =
                    (vec![0.0; model.states()], model.start().to_vec(), 1.0);
                while weight > 1e-12 {
                    sum.iter_mut()
                        .zip(&states)
                        .for_each(|(sum, share)| *sum += (1.0 - discount) * weight * share);
                    states = pushed(&model, &policy, &states).0;
                    weight *= discount;
                }
                assert_close(&name, "occupancy", &model.occupancy(discount, &policy), &sum);
            }
        }
    }
}

/// Row-major numbers of a matrix.
fn flat(matrix: &nalgebra::DMatrix<f64>) -> Vec<f64> {
    matrix.transpose().as_slice().to_vec()
}

#[test]
fn successor_representations_are_fixed_points() {
    for (name, Table { model, .. }) in tables() {
        let size = model.states();
        for discount in DISCOUNTS {
            for policy in policies(&model) {
                // M(s, .) = 1(s) + discount E[M(s', .)].
                let iterated = fixed_point(vec![0.0; size * size], 1e-12, |visits| {
                    let mut next = vec![0.0; size * size];
                    for state in 0..size {
                        let row = &mut next[state * size..][..size];
                        row[state] = 1.0;
                        for action in 0..model.actions() {
                            for outcome in
                                model.outcomes(state, action).iter().filter(|outcome| !outcome.terminal)
                            {
                                let weight =
                                    discount * policy.probability(state, action) * outcome.probability;
                                let later = &visits[outcome.state * size..][..size];
                                row.iter_mut().zip(later).for_each(|(sum, visits)| *sum += weight * visits);
                            }
                        }
                    }
                    next
                });
                assert_close(&name, "successor", &flat(&model.successor(discount, &policy)), &iterated);
            }
        }
    }
}

#[test]
fn discounted_futures_are_fixed_points() {
    for (name, Table { model, .. }) in tables() {
        let (size, actions) = (model.states(), model.actions());
        for discount in DISCOUNTS {
            for policy in policies(&model) {
                // F(s, a, .) = E[(1 - discount) 1(s') + discount F(s', a', .)].
                let iterated = fixed_point(vec![0.0; size * actions * size], 1e-12, |futures| {
                    let mut from_state = vec![0.0; size * size];
                    for (pair, future) in futures.chunks_exact(size).enumerate() {
                        let probability = policy.probability(pair / actions, pair % actions);
                        let row = &mut from_state[pair / actions * size..][..size];
                        row.iter_mut().zip(future).for_each(|(sum, share)| *sum += probability * share);
                    }
                    let mut next = vec![0.0; futures.len()];
                    for (pair, row) in next.chunks_exact_mut(size).enumerate() {
                        let outcomes = model.outcomes(pair / actions, pair % actions).iter();
                        for outcome in outcomes.filter(|outcome| !outcome.terminal) {
                            row[outcome.state] += (1.0 - discount) * outcome.probability;
                            let later = &from_state[outcome.state * size..][..size];
                            let weight = discount * outcome.probability;
                            row.iter_mut().zip(later).for_each(|(sum, share)| *sum += weight * share);
                        }
                    }
                    next
                });
                let solved = model.discounted_future(discount, &policy);
                assert_close(&name, "discounted future", &flat(&solved), &iterated);
                let endless = (0..size * actions)
                    .all(|pair| model.outcomes(pair / actions, pair % actions).iter().all(|o| !o.terminal));
                if endless {
                    assert!(solved.row_iter().all(|row| (row.sum() - 1.0).abs() < TOLERANCE), "{name}");
                }
            }
        }
    }
}

#[test]
fn stationary_distributions_agree_with_power_iteration() {
    for (name, Table { model, .. }) in tables() {
        for policy in policies(&model) {
            // Half a step at a time, so that periodic chains settle too.
            let shares = fixed_point(model.start().to_vec(), 1e-14, |states| {
                let (next, ended) = pushed(&model, &policy, states);
                let restarted = next.iter().zip(model.start()).map(|(share, start)| share + ended * start);
                states.iter().zip(restarted).map(|(old, new)| (old + new) / 2.0).collect()
            });
            assert_close(&name, "stationary distribution", &model.stationary(&policy), &shares);
        }
    }
}

/// A process that ends up in one of two closed classes, one of them periodic.
#[test]
fn several_closed_classes_are_mixed_by_how_often_they_are_entered() {
    let to =
        |state, probability| worlds::tabular::Transition { state, probability, reward: 0.0, terminal: false };
    let model = Model::new(1, vec![0.5, 0.0, 0.5, 0.0, 0.0], |state, _| match state {
        0 => vec![to(0, 0.2), to(1, 0.2), to(3, 0.6)],
        1 => vec![to(0, 1.0)],
        2 => vec![to(2, 1.0)],
        3 => vec![to(4, 1.0)],
        _ => vec![to(3, 1.0)],
    });
    let expected = [0.0, 0.0, 0.5, 0.25, 0.25];
    assert_close("two classes", "stationary", &model.stationary(&Policy::uniform(5, 1)), &expected);
    let split = Model::new(1, vec![1.0, 0.0, 0.0], |state, _| match state {
        0 => vec![to(0, 0.5), to(1, 0.1), to(2, 0.4)],
        _ => vec![to(state, 1.0)],
    });
    assert_close("split", "stationary", &split.stationary(&Policy::uniform(3, 1)), &[0.0, 0.2, 0.8]);
}

#[test]
fn a_discount_that_leaves_no_solution_gives_no_numbers() {
    let outcome = worlds::tabular::Transition { state: 0, probability: 1.0, reward: 1.0, terminal: false };
    let endless = Model::new(1, vec![1.0], |_, _| vec![outcome]);
    assert!(endless.policy_values(1.0, &Policy::uniform(1, 1))[0].is_nan());
    assert!(endless.optimal(1.0).values[0].is_nan());
    assert!((endless.optimal(0.5).values[0] - 2.0).abs() < 1e-12);
}
