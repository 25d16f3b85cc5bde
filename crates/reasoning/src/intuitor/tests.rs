use agents::language::{
    codec::Codec,
    model::ModelConfig,
    rollout::{Answer, Rollouts},
    supervised::Corpus,
};
use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::Problems;
use worlds::text::{Split, Verdict};

use super::{method::support, *};

use crate::small::{REINFORCED, SUMS, TINY};

trials::small!(
    "intuitor",
    SUMS,
    &[TINY, REINFORCED, &["probe=2", "empty_limit=1.0", "schedule=cosine", "warm_up=0.1"]]
);

/// Answers of one and of three tokens to one prompt, and a model that reads them.
fn scene() -> (nets::lm::Decoder, Rollouts) {
    let random = &mut ChaCha8Rng::seed_from_u64(5);
    let problems = Problems::open("arith,m=5,n=1").unwrap();
    let codec = Codec::characters(&[&problems]).unwrap();
    let shape =
        ModelConfig { width: 16, layers: 1, heads: 2, hidden: 16, context: 32, ..ModelConfig::default() }
            .shape(codec.vocabulary());
    let problem = problems.world.draw(Split::Train, random);
    let answer = |text: &str| {
        let ids = codec.encode(text).unwrap();
        Answer {
            log_probs: vec![0.0; ids.len()],
            entropies: vec![0.0; ids.len()],
            ended: true,
            text: text.to_owned(),
            verdict: Verdict { correct: false, format: false, steps: vec![], first_wrong: None },
            ids,
        }
    };
    let answers = vec![answer("1"), answer("#2;")];
    let rollouts = Rollouts {
        prompts: vec![codec.prompt(&problem).unwrap()],
        problems: vec![problem],
        group: 2,
        answers,
    };
    (shape.init(&Device::flex(), random).unwrap(), rollouts)
}

/// Log-probabilities of every token at every position of an answer's own, unpadded pass.
fn log_probabilities(decoder: &nets::lm::Decoder, rollouts: &Rollouts, answer: usize) -> Vec<Vec<f64>> {
    let logits = rollouts.batch(&[answer]).logits(decoder).unwrap();
    let width = logits.dims()[2];
    let values: Vec<f64> = host(logits).into_iter().map(f64::from).collect();
    let normalised = |row: &[f64]| {
        let total = row.iter().map(|value| value.exp()).sum::<f64>().ln();
        row.iter().map(|value| value - total).collect()
    };
    values.chunks(width).map(normalised).collect()
}

#[test]
fn self_certainty_is_the_mean_divergence_of_p_from_uniform() {
    let (decoder, rollouts) = scene();
    let tokens = decoder.config().vocabulary;
    let mut used = vec![0.0; tokens];
    for token in [0, 2, 3] {
        used[token] = 1.0;
    }
    let found = Certainty::of(&decoder, &rollouts, &used).unwrap();
    for answer in 0..2 {
        let rows = log_probabilities(&decoder, &rollouts, answer);
        let mean = |measure: &dyn Fn(&[f64]) -> f64| {
            rows.iter().map(|row| measure(row)).sum::<f64>() / rows.len() as f64
        };
        // The definition, term by term: sum over v of 1/V log((1/V) / p(v)).
        let share = 1.0 / tokens as f64;
        let divergence = mean(&|row| row.iter().map(|p| share * (share.ln() - p)).sum());
        assert!((f64::from(found.vocabulary[answer]) - divergence).abs() < 1e-5);
        let restricted = mean(&|row| {
            let chosen = [row[0], row[2], row[3]];
            let total = chosen.iter().map(|p| p.exp()).sum::<f64>().ln();
            chosen.iter().map(|p| ((1.0f64 / 3.0).ln() - (p - total)) / 3.0).sum()
        });
        assert!((f64::from(found.support[answer]) - restricted).abs() < 1e-5);
        let top = mean(&|row| row.iter().copied().fold(f64::MIN, f64::max).exp());
        assert!((f64::from(found.top[answer]) - top).abs() < 1e-5);
        // The other direction, log V minus entropy, is another number.
        let other = mean(&|row| -share.ln() + row.iter().map(|p| p.exp() * p).sum::<f64>());
        assert!(divergence > 1e-6 && (divergence - other).abs() > 1e-3 * divergence);
    }
}

#[test]
fn empty_answers_are_allowed_up_to_a_limit() {
    let (_, mut rollouts) = scene();
    rollouts.answers[1].ids.truncate(1);
    rollouts.answers[1].ended = false;
    // One of two: the other was cut off, which is something else.
    assert_eq!(check_empty(&rollouts, 0.5).unwrap(), 0.5);
    let error = check_empty(&rollouts, 0.2).unwrap_err().to_string();
    assert!(error.contains("50 % of the answers are empty"), "{error}");
}

#[test]
fn tokens_in_use_are_those_of_solutions() {
    let problems = Problems::open("arith,m=5,n=1,ops=plus").unwrap();
    let codec = Codec::characters(&[&problems]).unwrap();
    let random = &mut ChaCha8Rng::seed_from_u64(0);
    let found = support(&Corpus::of(&problems), &codec, codec.vocabulary(), random).unwrap();
    let used = |text: &str| found[codec.encode(text).unwrap()[0] as usize] == 1.0;
    assert!("01234+=;#".chars().all(|sign| used(&sign.to_string())));
    assert!(!used("-") && !used("*") && !used("?"));
    assert_eq!(found[codec.end() as usize], 1.0);
}

#[test]
fn what_is_not_finite_is_refused_with_the_way_out() {
    let found = Certainty { vocabulary: vec![1.0, f32::INFINITY], support: vec![0.5, 0.25], top: vec![] };
    let error = found.rewards(Over::Vocabulary).unwrap_err().to_string();
    assert!(error.contains("whole vocabulary; set over=support"), "{error}");
    assert_eq!(found.rewards(Over::Support).unwrap(), [0.5, 0.25]);
}
