use rand::SeedableRng;
use serde_json::Value;

use super::*;

fn golden() -> Value {
    serde_json::from_str(include_str!("../../../tests/data/sampling.json")).expect("golden values")
}

fn numbers<T: serde::de::DeserializeOwned>(value: &Value) -> Vec<T> {
    serde_json::from_value(value.clone()).expect("a list")
}

/// The rules of transformers under their names here.
fn rules(golden: &Value, end: u32) -> Sampling {
    let number = |name: &str, default: f64| golden[name].as_f64().unwrap_or(default);
    let count = |name: &str| golden[name].as_u64().unwrap_or(0) as usize;
    let bias = golden["sequence_bias"].as_array().cloned().unwrap_or_default();
    Sampling {
        temperature: number("temperature", 1.0),
        top_k: count("top_k"),
        top_p: number("top_p", 1.0),
        min_p: number("min_p", 0.0),
        repetition_penalty: number("repetition_penalty", 1.0),
        min_new: count("min_new_tokens"),
        stop: vec![vec![end]],
        bias: bias
            .iter()
            .map(|entry| (numbers::<u32>(&entry[0])[0], entry[1].as_f64().unwrap_or(0.0) as f32))
            .collect(),
        ..Sampling::default()
    }
}

#[test]
fn distributions_are_those_of_transformers() {
    let golden = golden();
    let end = golden["end"].as_u64().expect("a token") as u32;
    for case in golden["cases"].as_array().expect("cases") {
        let (prompt, drawn) = (numbers::<u32>(&case["prompt"]), numbers::<u32>(&case["drawn"]));
        let found = rules(&case["rules"], end)
            .distribution(&numbers::<f32>(&case["logits"]), &prompt, &drawn)
            .expect("a distribution");
        for (id, (found, expected)) in found.iter().zip(numbers::<f32>(&case["probabilities"])).enumerate() {
            assert!((found - expected).abs() < 2e-6, "{}: {id}: {found}, {expected}", case["rules"]);
            // The golden values have eight decimals.
            assert_eq!(*found < 5e-9, expected == 0.0, "{}: {id}", case["rules"]);
        }
    }
}

/// Over an even grid of levels every token is drawn as often as its probability says.
#[test]
fn draws_have_the_probabilities_of_the_distribution() {
    const LEVELS: usize = 20_000;
    let logits = [0.3, -1.0, 2.0, 0.0, 1.1, f32::NEG_INFINITY];
    for sampling in [
        Sampling::default(),
        Sampling { temperature: 0.7, top_k: 3, ..Sampling::default() },
        Sampling { temperature: 2.0, top_p: 0.8, min_p: 0.1, ..Sampling::default() },
    ] {
        let expected = sampling.distribution(&logits, &[0], &[]).expect("a distribution");
        assert!((expected.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let mut scratch = Scratch::default();
        scratch.process(&sampling, &logits, &[], &[]).expect("finite");
        let mut counts = [0.0_f64; 6];
        for level in 0..LEVELS {
            counts[scratch.at((level as f64 + 0.5) / LEVELS as f64) as usize] += 1.0 / LEVELS as f64;
        }
        for (count, expected) in counts.iter().zip(&expected) {
            assert!((count - f64::from(*expected)).abs() <= 2.0 / LEVELS as f64, "{counts:?} {expected:?}");
        }
    }
}

#[test]
fn logs_and_entropies_are_those_of_the_whole_distribution() {
    let logits = [1.0_f32, 0.0, 1.0];
    let sampling = Sampling { temperature: 0.5, top_k: 1, bias: vec![(2, 3.0)], ..Sampling::default() };
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let choice = sampling.choose(&logits, &[0], &[], &mut random).expect("a token");
    assert_eq!(choice.id, 2);
    let total = 2.0 * 1_f64.exp() + 1.0;
    let entropy = -(2.0 * (1_f64.exp() / total) * (1.0 - total.ln()) - total.ln() / total);
    assert!((f64::from(choice.told.entropy) - entropy).abs() < 1e-6);
    let log_prob = 2.0 - (2.0 * 2_f64.exp() + 1.0).ln();
    assert!((f64::from(choice.told.log_prob) - log_prob).abs() < 1e-6);
}

#[test]
fn greedy_takes_the_first_of_the_largest_and_draws_nothing() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let before = random.clone();
    let choice = Sampling::greedy(5, None).choose(&[0.0, 2.0, 2.0, -1.0], &[0], &[], &mut random);
    let choice = choice.expect("a token");
    assert_eq!(choice.id, 1);
    assert!((choice.told.log_prob - (2.0 - (2.0 * 2_f32.exp() + 1.0 + (-1_f32).exp()).ln())).abs() < 1e-6);
    assert_eq!(random, before);
}

#[test]
fn a_stop_sequence_cannot_be_completed_too_early() {
    let sampling = Sampling { min_new: 3, stop: vec![vec![1, 2], vec![0]], ..Sampling::default() };
    let at = |drawn: &[u32]| sampling.distribution(&[0.0; 4], &[0], drawn).expect("a distribution");
    assert_eq!(at(&[1]).iter().filter(|p| **p == 0.0).count(), 2);
    assert_eq!(at(&[3]), [0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
    assert_eq!(at(&[3, 3, 1]), [0.25; 4]);
    assert!(sampling.stops(&[3, 1, 2]) && !sampling.stops(&[2, 1]));
}

#[test]
fn what_cannot_be_drawn_from_is_refused() {
    let sampling = Sampling::default();
    for logits in [[f32::NAN, 0.0], [f32::INFINITY, 0.0], [f32::NEG_INFINITY; 2]] {
        assert!(matches!(sampling.distribution(&logits, &[0], &[]), Err(NetsError::Logits { .. })));
    }
    let bad = [
        ("temperature", Sampling { temperature: -1.0, ..Sampling::default() }),
        ("top_p", Sampling { top_p: 0.0, ..Sampling::default() }),
        ("min_p", Sampling { min_p: 1.5, ..Sampling::default() }),
        ("repetition_penalty", Sampling { repetition_penalty: 0.0, ..Sampling::default() }),
        ("max_new", Sampling { max_new: 0, ..Sampling::default() }),
        ("min_new", Sampling { min_new: 65, ..Sampling::default() }),
        ("stop", Sampling { stop: vec![vec![]], ..Sampling::default() }),
        ("token 9", Sampling { stop: vec![vec![1, 9]], ..Sampling::default() }),
        ("token 9", Sampling { bias: vec![(9, 1.0)], ..Sampling::default() }),
        ("bias", Sampling { bias: vec![(1, f32::NAN)], ..Sampling::default() }),
    ];
    for (name, sampling) in bad {
        let error = sampling.validate(9).expect_err("out of range").to_string();
        assert!(error.contains(name), "{error}");
    }
}
