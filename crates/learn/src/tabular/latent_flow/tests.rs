use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{super::spectral, *};
use crate::testing::numbers;

const GOLDEN: &str = include_str!("../../../tests/data/self_predictive.txt");

fn golden(name: &str) -> DMatrix<f64> {
    let rows = numbers(GOLDEN, name);
    DMatrix::from_row_iterator(rows.len(), rows[0].len(), rows.concat())
}

fn uniform(states: usize) -> DVector<f64> {
    DVector::from_element(states, 1.0 / states as f64)
}

const BEST: Rule = Rule { step_size: 0.2, predictor: PredictorRule::Best, stop_gradient: true };

fn gradient(ratio: f64) -> Rule {
    Rule { predictor: PredictorRule::Gradient { step_size: ratio * 0.2, updates: 1 }, ..BEST }
}

fn flow(bidirectional: bool) -> Flow {
    let backward =
        bidirectional.then(|| Backward { representation: golden("second"), predictor: golden("predictor") });
    Flow { representation: golden("start"), predictor: golden("predictor"), backward }
}

fn assert_near(name: &str, found: &DMatrix<f64>, expected: &DMatrix<f64>) {
    assert!((found - expected).amax() < 1e-9, "{name}: {found} instead of {expected}");
}

#[test]
fn trajectories_and_measures_follow_the_reference() {
    let free = Rule { stop_gradient: false, ..BEST };
    let skewed = || golden("skewed").transpose().column(0).into_owned();
    let trials = [
        ("optimal", "symmetric", uniform(6), false, BEST),
        ("weighted", "general", skewed(), false, BEST),
        ("full", "symmetric", uniform(6), false, free),
        ("slow", "symmetric", uniform(6), false, gradient(0.01)),
        ("fast", "symmetric", uniform(6), false, gradient(10.0)),
        ("bidirectional", "mixture", uniform(6), true, BEST),
        ("bidirectional-weighted", "general", skewed(), true, BEST),
        ("bidirectional-full", "general", skewed(), true, free),
    ];
    for (name, matrix, weights, bidirectional, rule) in trials {
        let transitions = golden(matrix);
        let directions = Directions::of(&Chain::new(transitions.clone(), weights).unwrap());
        let mut flow = flow(bidirectional);
        for _ in 0..golden(&format!("{name}.steps"))[0] as usize {
            flow.step(&directions, &rule);
        }
        assert_near(name, &flow.representation, &golden(&format!("{name}.phi")));
        assert_near(name, &flow.predictor, &golden(&format!("{name}.predictor")));
        if let Some(second) = &flow.backward {
            assert_near(name, &second.representation, &golden(&format!("{name}.psi")));
        }
        let (forward, backward) = flow.losses(&directions);
        let losses: Vec<f64> = [Some(forward), backward].into_iter().flatten().collect();
        assert_near(
            name,
            &DMatrix::from_row_slice(1, losses.len(), &losses),
            &golden(&format!("{name}.losses")),
        );
        let phi = &flow.representation;
        let measures = [
            spectral::gram_drift(phi, &golden("start")),
            spectral::smallest_eigenvalue(phi),
            spectral::column_cosine(phi),
            spectral::normalised_trace(&transitions, phi, flow.target()),
            spectral::svd_capture(&transitions, phi),
        ];
        assert_near(name, &DMatrix::from_row_slice(1, 5, &measures), &golden(&format!("{name}.measures")));
    }
}

fn positive(shape: (usize, usize), random: &mut ChaCha8Rng) -> DMatrix<f64> {
    DMatrix::from_fn(shape.0, shape.1, |_, _| random.random_range(0.01..1.0))
}

fn distributions(states: usize, random: &mut ChaCha8Rng) -> DMatrix<f64> {
    let mut matrix = positive((states, states), random);
    for mut row in matrix.row_iter_mut() {
        let sum = row.sum();
        row /= sum;
    }
    matrix
}

fn representation(states: usize, size: usize, random: &mut ChaCha8Rng) -> DMatrix<f64> {
    DMatrix::from_fn(states, size, |_, _| random.random_range(-1.0..1.0))
}

/// For a random chain, weights and representations (not orthonormal), both Gram matrices keep their
/// value up to a growth that falls with the step size: half the step over the same time, half the
/// drift.
#[test]
fn gram_matrices_are_conserved_for_any_chain_and_weights() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for trial in 0..20 {
        let (states, size) = (random.random_range(3..9), random.random_range(1..4));
        let weights = positive((states, 1), &mut random).column(0).into_owned();
        let chain = Chain::new(distributions(states, &mut random), &weights / weights.sum()).unwrap();
        let start = representation(states, size, &mut random);
        let second = representation(states, size, &mut random);
        let predictor = DMatrix::zeros(size, size);
        let backward = Backward { representation: second.clone(), predictor: predictor.clone() };
        let backward = (trial % 2 == 0).then_some(backward);
        let begun = Flow { representation: start.clone(), predictor, backward };
        let drifts = |step_size: f64, steps: usize| {
            let mut flow = begun.clone();
            for _ in 0..steps {
                flow.step(&Directions::of(&chain), &Rule { step_size, ..BEST });
            }
            let right = flow
                .backward
                .as_ref()
                .map_or(0.0, |second_now| spectral::gram_drift(&second_now.representation, &second));
            (spectral::gram_drift(&flow.representation, &start), right)
        };
        let (wide, narrow) = (drifts(0.02, 200), drifts(0.01, 400));
        for (wide, narrow) in [(wide.0, narrow.0), (wide.1, narrow.1)] {
            assert!(wide < 0.02, "trial {trial}: {wide}");
            assert!(wide < 1e-12 || (wide / narrow - 2.0).abs() < 0.2, "trial {trial}: {wide}, {narrow}");
        }
        // A single step errs in the second order.
        let (one, half) = (drifts(0.02, 1), drifts(0.01, 1));
        assert!(one.0 < 1e-14 || (one.0 / half.0 - 4.0).abs() < 1e-2, "trial {trial}: {one:?}, {half:?}");
    }
}

#[test]
fn without_either_condition_it_collapses() {
    let chain = Chain::new(golden("symmetric"), uniform(6)).unwrap();
    let directions = Directions::of(&chain);
    let after = |rule: Rule| {
        let mut flow = flow(false);
        for _ in 0..400 {
            flow.step(&directions, &rule);
        }
        spectral::smallest_eigenvalue(&flow.representation)
    };
    assert!(after(Rule { stop_gradient: false, ..BEST }) < 1e-6);
    assert!(after(gradient(0.01)) < 1e-3);
    assert!(after(BEST) > 1.0);
    assert!(after(gradient(10.0)) > 0.9);
}

/// On a symmetric chain with uniform weights the objective never falls, and on one without negative
/// eigenvalues it ends at the top eigenspace; with them it can stay at another maximum, since no
/// small turn leads from an eigenvector to one of an eigenvalue of the other sign without loss.
#[test]
fn the_trace_objective_rises_to_the_top_eigenspace() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for trial in 0..10 {
        let (states, size) = (8, 1 + trial % 3);
        let permutations = (0..4).map(|_| {
            let mut order: Vec<usize> = (0..states).collect();
            (1..states).rev().for_each(|index| order.swap(index, random.random_range(0..=index)));
            DMatrix::from_fn(states, states, |row, column| f64::from(u8::from(order[row] == column)))
        });
        let mixture = permutations.fold(DMatrix::zeros(states, states), |sum, matrix| sum + matrix) / 4.0;
        let symmetric = (&mixture + mixture.transpose()) * 0.5;
        for matrix in [symmetric.clone(), (symmetric + DMatrix::identity(states, states)) * 0.5] {
            let lazy = matrix.trace() > 0.45 * states as f64;
            let directions = Directions::of(&Chain::new(matrix.clone(), uniform(states)).unwrap());
            let start = spectral::orthonormalised(&representation(states, size, &mut random));
            let mut flow =
                Flow { representation: start, predictor: DMatrix::zeros(size, size), backward: None };
            let objective =
                |flow: &Flow| spectral::trace_objective(&matrix, &flow.representation, &flow.representation);
            let mut last = objective(&flow);
            for _ in 0..8_000 {
                flow.step(&directions, &Rule { step_size: 0.1, ..BEST });
                let now = objective(&flow);
                assert!(now >= last - 1e-12, "trial {trial}: {last} falls to {now}");
                last = now;
            }
            let share = spectral::normalised_trace(&matrix, &flow.representation, &flow.representation);
            assert!(share <= 1.0 + 1e-9 && (!lazy || share > 0.98), "trial {trial}: {share}");
        }
    }
}

/// With one representation for each side, the objective rises to the top singular subspaces of a
/// doubly stochastic matrix that is not symmetric.
#[test]
fn both_directions_find_the_singular_subspaces() {
    let transitions = golden("mixture");
    let directions = Directions::of(&Chain::new(transitions.clone(), uniform(6)).unwrap());
    let mut flow = flow(true);
    let mut last = 0.0;
    for _ in 0..2_000 {
        flow.step(&directions, &BEST);
        let now = spectral::trace_objective(&transitions, &flow.representation, flow.target());
        assert!(now >= last - 1e-12, "{last} falls to {now}");
        last = now;
    }
    for side in [&flow.representation, flow.target()] {
        let matrix =
            if std::ptr::eq(side, flow.target()) { transitions.transpose() } else { transitions.clone() };
        let share = spectral::svd_capture(&matrix, side);
        assert!(share > 0.999, "{share}");
    }
}
