//! Tests of the tables' updates.

use rand::SeedableRng;
use settings::Config;

use super::*;
use crate::doc_control::TabularConfig;

/// Two states, two actions; in state 0 either action earns 0 or 1, in state 1 nothing is random.
fn cells() -> Cells {
    let sample = |state, action, cell, bin| Sample { state, action, cell, bin };
    Cells {
        states: 2,
        actions: 2,
        samples: vec![
            sample(0, 0, 0, 0),
            sample(0, 0, 1, 1),
            sample(0, 1, 2, 0),
            sample(0, 1, 2, 1),
            sample(0, 1, 3, 1),
            sample(1, 0, 4, 1),
        ],
        weights: vec![1.0 / 6.0, 1.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0],
        pairs: vec![0, 0, 1, 1, 2],
        members: vec![(0, 2), (2, 2), (4, 1), (0, 0)],
        bin_values: vec![0.0, 1.0],
    }
}

fn learner(change: impl FnOnce(&mut DocControlConfig)) -> Tabular {
    let mut config = DocControlConfig::default();
    change(&mut config);
    config.validate().unwrap();
    Tabular::new(&config, cells(), &mut Run::new(1, 100, "cpu"))
}

/// Cross-entropies and bound of one sample where the code is any vector `z`.
fn relaxed(tables: &Tables, cells: &Cells, sample: &Sample, z: &[f64]) -> [f64; 3] {
    let codes = z.len();
    let logits = |table: &Parameters, width: usize| -> Vec<f64> {
        let of = |class: usize| {
            (0..codes).map(|code| z[code] * table.row(sample.state * codes + code)[class]).sum::<f64>()
        };
        (0..width).map(of).collect()
    };
    let entropy = |logits: Vec<f64>, class: usize| {
        logits.iter().map(|logit| logit.exp()).sum::<f64>().ln() - logits[class]
    };
    let energy = |cell: usize| z.iter().zip(tables.energy.row(cell)).map(|(z, f)| z * f).sum::<f64>();
    let (first, count) = cells.alike(sample.cell);
    let total: f64 = cells.weights[first..first + count].iter().sum();
    let mean =
        (first..first + count).map(|cell| cells.weights[cell] / total * energy(cell).exp()).sum::<f64>();
    [
        entropy(logits(&tables.policy, cells.actions), sample.action),
        entropy(logits(&tables.value, 2), sample.bin),
        energy(sample.cell) - mean.ln(),
    ]
}

#[test]
fn gradients_are_those_of_the_straight_through_loss() {
    let lambda = 1.7;
    for index in 0..6 {
        let mut learner = learner(|config| config.lambda = lambda);
        let before = learner.tables.clone();
        let sample = learner.cells.samples[index];
        let mut random = ChaCha8Rng::seed_from_u64(9);
        learner.accumulate(&[index], &mut random);
        let mut q = Vec::new();
        softmax(before.posterior.row(sample.cell), &mut q);
        let code = chosen(&q, ChaCha8Rng::seed_from_u64(9).random());
        let hot: Vec<f64> = (0..4).map(|other| if other == code { 1.0 } else { 0.0 }).collect();
        let step = 1e-6;
        // The code is onehot + q - sg(q): it moves as q does.
        for logit in 0..4 {
            let loss = |step: f64| {
                let mut moved: Vec<f64> = before.posterior.row(sample.cell).to_vec();
                moved[logit] += step;
                let mut p = Vec::new();
                softmax(&moved, &mut p);
                let z: Vec<f64> = (0..4).map(|other| hot[other] + p[other] - q[other]).collect();
                let [policy, value, bound] = relaxed(&before, &learner.cells, &sample, &z);
                policy + value + lambda * bound
            };
            let expected = (loss(step) - loss(-step)) / (2.0 * step);
            let found = learner.tables.posterior.slope(sample.cell)[logit];
            assert!((found - expected).abs() < 1e-7, "posterior {index} {logit}: {found} {expected}");
        }
        // Policy and value descend their cross-entropies, the energy ascends its bound.
        type Pick = fn(&mut Tables) -> &mut Parameters;
        let tables: [(Pick, usize, f64); 3] = [
            (|tables| &mut tables.policy, 0, 1.0),
            (|tables| &mut tables.value, 1, 1.0),
            (|tables| &mut tables.energy, 2, -1.0),
        ];
        for (pick, term, sign) in tables {
            let (rows, width) = {
                let table = pick(&mut learner.tables);
                (table.values().len() / table.row(0).len(), table.row(0).len())
            };
            for number in 0..rows * width {
                let loss = |step: f64| {
                    let mut moved = before.clone();
                    let table = pick(&mut moved);
                    let mut values = table.values().to_vec();
                    values[number] += step;
                    *table = Parameters::new(values, width);
                    sign * relaxed(&moved, &learner.cells, &sample, &hot)[term]
                };
                let expected = (loss(step) - loss(-step)) / (2.0 * step);
                let found = pick(&mut learner.tables).slope(number / width)[number % width];
                assert!((found - expected).abs() < 1e-7, "{term} {index} {number}: {found} {expected}");
            }
        }
    }
}

#[test]
fn the_exact_penalty_descends_the_information() {
    let mut learner = learner(|config| (config.constraint, config.lambda) = (Constraint::Exact, 1e4));
    let before = learner.information();
    let mut run = Run::new(1, 2_000, "cpu");
    for _ in 0..2_000 {
        learner.advance(&mut run).unwrap();
    }
    let after = learner.information();
    assert!(before > 0.05 && after < 1e-3, "{before} {after}");
}

#[test]
fn without_the_constraint_codes_know_of_chance_and_with_it_they_do_not() {
    let information = |lambda| {
        let mut learner = learner(|config| config.lambda = lambda);
        let mut run = Run::new(1, 3_000, "cpu");
        for _ in 0..3_000 {
            learner.advance(&mut run).unwrap();
        }
        learner.information()
    };
    let (free, bound) = (information(0.0), information(2.0));
    assert!(free > 0.2 && bound < 0.05, "{free} {bound}");
}

#[test]
fn adam_moves_against_the_gradient_by_the_step_size() {
    let mut parameters = Parameters::new(vec![1.0, -1.0, 0.0, 0.5], 2);
    parameters.slope(1)[0] = 3.0;
    parameters.slope(0)[1] = -0.2;
    parameters.descend(0.1);
    let expected = [1.0, -0.9, -0.1, 0.5];
    assert!(parameters.values().iter().zip(expected).all(|(found, value)| (found - value).abs() < 1e-6));
    assert!(parameters.slope(1).iter().all(|slope| *slope == 0.0));
}

#[test]
fn bins_of_returns_need_two() {
    let config = DocControlConfig {
        tabular: TabularConfig { bins: 1, ..TabularConfig::default() },
        ..DocControlConfig::default()
    };
    assert!(config.validate().unwrap_err().contains("`tabular.bins` is 1"));
}
