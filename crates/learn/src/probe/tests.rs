use rand::SeedableRng;

use super::*;
use crate::testing::{assert_close, numbers, random_values};

/// Three classes around the corners of a triangle.
fn triangle(noise: f32) -> Labelled {
    let corners = [[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]];
    let labels: Vec<usize> = (0..300).map(|index| index % 3).collect();
    let jitter = random_values(1, 600);
    let features: Vec<f32> =
        (0..600).map(|index| corners[(index / 2) % 3][index % 2] + noise * jitter[index]).collect();
    Labelled::new(&features, 2, &labels, 3).unwrap()
}

#[test]
fn both_heads_separate_what_can_be_separated() {
    let data = triangle(0.3);
    let means = LinearHead::means(&data).unwrap();
    assert_eq!(means.accuracy(&data, &[0, 1, 2]).unwrap(), 1.0);
    let trained = LinearHead::logistic(&data, &[0, 2], 1e-3).unwrap();
    assert_eq!(trained.accuracy(&data, &[0, 2]).unwrap(), 1.0);
    let loss = |head: &LinearHead| head.loss(&data, &[0, 2], Margin::Logistic).unwrap();
    assert!(loss(&trained) < loss(&means));
}

#[test]
fn the_regression_is_at_its_minimum() {
    let data = triangle(3.0);
    let regression = Regression::new(&data, &[0, 1, 2], 1e-2);
    let head = regression.fit(3);
    let standardised: Vec<f64> = (0..3)
        .flat_map(|class| {
            let weights: Vec<f64> =
                head.weights[class].iter().zip(&regression.scale).map(|(w, s)| w * s).collect();
            let bias = head.biases[class] + dot(&head.weights[class], &regression.mean);
            std::iter::once(bias).chain(weights).collect::<Vec<f64>>()
        })
        .collect();
    let gradient = regression.gradient(&standardised);
    assert!(gradient.iter().all(|slope| slope.abs() < 1e-6), "{gradient:?}");
}

#[test]
fn missing_labels_and_classes_are_refused() {
    let error = |labels: &[usize]| Labelled::new(&[0.0; 4], 2, labels, 2).unwrap_err().to_string();
    assert!(error(&[]).contains("0 labels for 2 features"));
    assert!(error(&[0, 2]).contains("label 2 is not one of the 2 classes"));
    let data = Labelled::new(&[0.0; 4], 2, &[0, 0], 2).unwrap();
    assert!(LinearHead::means(&data).unwrap_err().to_string().contains("class 1 has no labelled example"));
    let few = triangle(0.1).few(5, &mut ChaCha8Rng::seed_from_u64(0));
    assert!((0..3).all(|class| few.class(class).len() == 5));
}

#[test]
fn tasks_have_the_probabilities_of_distinct_draws() {
    let prior = [0.5, 0.3, 0.2];
    let tasks = pairs(&prior);
    assert!((tasks[0].1 - 0.15 / 0.31).abs() < 1e-12);
    let random = &mut ChaCha8Rng::seed_from_u64(2);
    let mut counts = [0.0; 3];
    for _ in 0..20_000 {
        let drawn = distinct_classes(&prior, 2, random);
        counts[tasks.iter().position(|task| task.0 == drawn).unwrap()] += 1.0 / 20_000.0;
    }
    assert!(counts.iter().zip(&tasks).all(|(found, task)| (found - task.1).abs() < 0.02), "{counts:?}");
    assert_eq!(distinct_classes(&prior, 3, random), [0, 1, 2]);
}

const GOLDEN: &str = include_str!("../../tests/data/probe.txt");

fn golden(name: &str) -> Vec<f64> {
    numbers(GOLDEN, name).concat()
}

fn single(name: &str) -> Vec<f32> {
    golden(name).iter().map(|&value| value as f32).collect()
}

fn labels(name: &str) -> Vec<usize> {
    golden(name).iter().map(|&label| label as usize).collect()
}

fn settings() -> (usize, ProbeSettings) {
    let [width, ridge, seed, neighbours] = golden("settings")[..] else { panic!("four settings") };
    let settings = ProbeSettings { seed: seed as u64, ridge, neighbours: neighbours as usize, hidden: 0 };
    (width as usize, settings)
}

#[test]
fn probes_are_those_of_scikit_learn() {
    let (width, settings) = settings();
    let (values, classes, sides) = (single("numbers"), labels("classes"), labels("sides"));
    let targets = [
        ("numbers", Target::Numbers { values: &values, width: 2 }),
        ("classes", Target::Classes { labels: &classes, classes: 3 }),
        ("sides", Target::Classes { labels: &sides, classes: 2 }),
    ];
    let found = probe(&single("features"), width, &targets, &settings).unwrap();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["numbers", "numbers_nearest", "classes", "classes_nearest", "sides", "sides_nearest"];
    assert_eq!(names, expected.map(|name| format!("probe/{name}")));
    for (name, value) in &found {
        // Among three classes, votes can be equal, which scikit-learn settles otherwise.
        if name != "probe/classes_nearest" {
            assert!((value - golden(name)[0]).abs() < 1e-6, "{name}: {value} {}", golden(name)[0]);
        }
    }
}

#[test]
fn heads_predict_what_those_of_scikit_learn_do() {
    let (width, settings) = settings();
    let halves = Halves::new(&single("features"), width, settings.seed).unwrap();
    assert_eq!(halves.tested, labels("tested"));
    let [fitted, _] = halves.split(&single("numbers"), 2);
    let linear = Ridge::fit(&halves.fitted_features, width, &fitted, 2, settings.ridge).unwrap();
    assert_close(&linear.predict(&halves.tested_features), &golden("predictions"), 1e-5);
    for (name, classes) in [("classes", 3), ("sides", 2)] {
        let [fitted, tested] = halves.split(&labels(name), 1);
        let train = Labelled::new(&halves.fitted_features, width, &fitted, classes).unwrap();
        let task: Vec<usize> = (0..classes).collect();
        let head = LinearHead::logistic(&train, &task, settings.ridge).unwrap();
        let mut found = Vec::new();
        for row in halves.tested_features.chunks_exact(width) {
            let row: Vec<f64> = row.iter().map(|&value| f64::from(value)).collect();
            let scores: Vec<f64> = task.iter().map(|&class| head.score(&row, class)).collect();
            let total = scores.iter().map(|score| score.exp()).sum::<f64>().ln();
            found.extend(scores.iter().map(|score| (score - total) as f32));
        }
        assert_eq!(found.len(), tested.len() * classes);
        assert_close(&found, &golden(&format!("log_probability-{name}")), 1e-4);
    }
}

#[test]
fn a_perceptron_reads_what_no_straight_line_holds() {
    let features = random_values(4, 2 * 400);
    let product: Vec<f32> = features.chunks(2).map(|pair| pair[0] * pair[1]).collect();
    let sign: Vec<usize> = product.iter().map(|value| usize::from(*value > 0.0)).collect();
    let targets = [
        ("product", Target::Numbers { values: &product, width: 1 }),
        ("sign", Target::Classes { labels: &sign, classes: 2 }),
    ];
    let settings = ProbeSettings { hidden: 16, ..ProbeSettings::default() };
    let found = probe(&features, 2, &targets, &settings).unwrap();
    let [(_, linear), (_, bent), (_, guessed), (_, told)] = &found[..] else { panic!("{found:?}") };
    assert!(*linear < 0.1 && *bent > 0.8 && *guessed < 0.65 && *told > 0.85, "{found:?}");
    assert_eq!(probe(&features, 2, &targets, &settings).unwrap(), found);
}

#[test]
fn what_cannot_be_told_is_left_out_and_what_is_wrong_refused() {
    let features = random_values(5, 3 * 40);
    let settings = ProbeSettings::default();
    let still = [1.0; 40];
    let nothing = [
        ("still", Target::Numbers { values: &still, width: 1 }),
        ("alike", Target::Classes { labels: &[1; 40], classes: 2 }),
    ];
    assert!(probe(&features, 3, &nothing, &settings).unwrap().is_empty());
    let error =
        |features: &[f32], target| probe(features, 3, &[("it", target)], &settings).unwrap_err().to_string();
    let numbers = Target::Numbers { values: &still, width: 1 };
    assert!(error(&features[..39], numbers).contains("`target` has 40 values where 13 are expected"));
    assert!(error(&features[..3], numbers).contains("1 examples make no two halves"));
    let mut broken = features.clone();
    broken[5] = f32::INFINITY;
    assert!(error(&broken, numbers).contains("the features of example 1 hold inf"));
    let mut gaps = still;
    gaps[7] = f32::NAN;
    let gaps = Target::Numbers { values: &gaps, width: 1 };
    assert!(error(&features, gaps).contains("the target `it` of example 7 is NaN"));
    let far = Target::Classes { labels: &[2; 40], classes: 2 };
    assert!(error(&features, far).contains("label 2 is not one of the 2 classes"));
    assert!(Ridge::fit(&features, 3, &still, 1, 0.0).is_err());
}

#[test]
fn an_example_stays_on_its_side() {
    let all: Vec<bool> = (0..1000).map(|index| held_out(index, 3)).collect();
    let share = all.iter().filter(|side| **side).count();
    assert!((450..550).contains(&share), "{share}");
    assert_ne!(all, (0..1000).map(|index| held_out(index, 4)).collect::<Vec<bool>>());
    let features = random_values(6, 200);
    let (few, many) = (Halves::new(&features[..100], 2, 3).unwrap(), Halves::new(&features, 2, 3).unwrap());
    assert_eq!(few.fitted, many.fitted[..few.fitted.len()]);
}
