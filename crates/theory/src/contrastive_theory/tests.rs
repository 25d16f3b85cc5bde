use learn::{contrastive::theory::Margin, probe::Labelled};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use run::{Method, Mode, Protocol, Scores, Task};
use settings::Config;
use worlds::data;

use super::{evaluation::bound, *};

/// Blocks of few points.
const SMALL_CONTRAST: &[&str] = &["block=2", "batch=16", "hidden=[8]"];

trials::small!("contrastive-theory", "", &[SMALL_CONTRAST]);
trials::small!("contrastive-theory", "", &[&["variant=supervised", "batch=16", "hidden=[8]"]]);

fn build(config: ContrastiveTheoryConfig, updates: u64) -> (Result<ContrastiveTheory>, Run) {
    let mut run = Run::new(1, updates, "cpu");
    (ContrastiveTheory::build(config, &Task::new(), &mut run), run)
}

fn refusal(config: ContrastiveTheoryConfig) -> String {
    build(config, 10).0.err().map(|error| error.to_string()).unwrap()
}

fn scores(config: ContrastiveTheoryConfig, updates: u64) -> Scores {
    let (method, mut run) = build(config, updates);
    let mut method = method.unwrap();
    while run.steps() < updates {
        method.advance(&mut run).unwrap();
    }
    let protocol = Protocol { world: None, problems: None, episodes: 1, seed: 3, mode: Mode::Greedy };
    method.evaluate(&protocol, &mut run).unwrap()
}

#[test]
fn the_bounds_hold_for_every_arm_loss_and_prior() {
    let data = "latent-classes,classes=4,rho=zipf,train=200,test=200".to_owned();
    let variants =
        [FeatureKind::Contrastive, FeatureKind::Supervised, FeatureKind::Raw, FeatureKind::ShuffledPairs];
    for (variant, loss) in variants.into_iter().flat_map(|v| [(v, Margin::Logistic), (v, Margin::Hinge)]) {
        let config = ContrastiveTheoryConfig { variant, loss, data: data.clone(), ..Default::default() };
        let found = scores(config, 60);
        let at = |name: &str| found[name].mean;
        assert!(
            at("diag/bound_margin") > 0.0 && at("diag/bound_margin_random") > 0.0,
            "{variant:?} {loss:?}"
        );
        assert!(at("diag/intraclass_slack") > 0.0, "{variant:?} {loss:?}");
        assert!((at("diag/tau") - (144.0 + 36.0 + 16.0 + 9.0) / 625.0).abs() < 1e-9);
    }
}

#[test]
fn drawn_and_enumerated_losses_agree() {
    // Two classes of two one-dimensional features, of unequal probability.
    let features = [1.0f32, 2.0, -1.0, 0.5];
    let data = Labelled::new(&features, 1, &[0, 0, 1, 1], 2).unwrap();
    let prior = [0.7, 0.3];
    let mut total = 0.0;
    for (class, other) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for (x, p, n) in (0..8).map(|code| (code & 1, code >> 1 & 1, code >> 2)) {
            let at = |class: usize, which: usize| f64::from(features[2 * class + which]);
            let margin = at(class, x) * (at(class, p) - at(other, n));
            total += prior[class] * prior[other] * (1.0 + (-margin).exp()).log2() / 8.0;
        }
    }
    let classes = [data.class(0), data.class(1)];
    let exact = evaluation::enumerated(&classes, &prior, Margin::Logistic);
    assert!((exact.all - total).abs() < 1e-12 && exact.error == 0.0);
    let random = &mut ChaCha8Rng::seed_from_u64(4);
    let drawn = evaluation::sampled(&classes, &prior, Margin::Logistic, 100_000, random);
    assert!((drawn.all - total).abs() < 4.0 * drawn.error && drawn.error > 0.0);
    assert!((drawn.distinct - exact.distinct).abs() < 0.05);
    let found = bound(&data, &prior, Margin::Logistic, 100, random).unwrap();
    let expected = (total - 0.58) / 0.42;
    assert!((found.unsupervised - expected).abs() < 1e-9 && found.supervised <= expected);
}

#[test]
fn pairs_are_of_one_class_unless_shuffled() {
    let data = data::load("digits8", 2).unwrap();
    let sampler = Sampler::new(&data.train, &data.prior, 2).unwrap();
    let random = &mut ChaCha8Rng::seed_from_u64(5);
    let share = |shuffled: bool, random: &mut ChaCha8Rng| {
        let tuples = sampler.draw(2_000, Recipe { block: 2, negatives: 1, shuffled }, random);
        assert_eq!((tuples.positives.len(), tuples.negatives.len()), (4_000, 4_000));
        let label = |index: usize| data.train.labels[index];
        // The two of a block are different points of one class.
        assert!(tuples.negatives.chunks_exact(2).all(|n| n[0] != n[1] && label(n[0]) == label(n[1])));
        let same = |list: &[usize]| {
            let pairs = tuples.anchors.iter().zip(list.chunks_exact(2));
            pairs.filter(|(x, other)| label(**x) == label(other[0])).count() as f64 / 2_000.0
        };
        (same(&tuples.positives), same(&tuples.negatives))
    };
    let (positives, negatives) = share(false, random);
    // Negatives are drawn from all classes, the positive's included.
    assert!(positives == 1.0 && (negatives - 0.1).abs() < 0.03, "{negatives}");
    assert!((share(true, random).0 - 0.1).abs() < 0.03);
}

#[test]
fn what_the_theorems_do_not_cover_is_refused() {
    let default = ContrastiveTheoryConfig::default;
    let warm = ContrastiveTheoryConfig { temperature: 0.5, ..default() };
    assert!(warm.validate().unwrap_err().contains("plain inner product"));
    let both = ContrastiveTheoryConfig { block: 2, negatives: 2, ..default() };
    let sentence = both.validate().unwrap_err();
    assert!(sentence.starts_with("`negatives` is 2: ") && sentence.contains("`block` is 2"), "{sentence}");
    assert!(sentence.contains("set one of them to 1"), "{sentence}");
    let prior = |prior: Vec<f64>| ContrastiveTheoryConfig {
        prior,
        data: "latent-classes,classes=2".to_owned(),
        ..default()
    };
    let sentence = refusal(prior(vec![0.5, 0.4]));
    assert!(sentence.starts_with("`prior` is [0.5, 0.4]: ") && sentence.contains("must be 1"), "{sentence}");
    assert!(refusal(prior(vec![1.0, 0.0])).contains("no negative is informative"));
    assert!(refusal(prior(vec![1.0])).contains("1 probabilities"));
    let few = |block| ContrastiveTheoryConfig {
        block,
        data: "latent-classes,classes=3,train=8".to_owned(),
        ..default()
    };
    assert!(refusal(few(2)).contains("class 2 has 2 examples"));
    assert!(build(few(1), 10).0.is_ok());
}

#[test]
fn unit_norm_is_allowed() {
    let config = ContrastiveTheoryConfig { normalise: true, ..Default::default() };
    let found = scores(config, 20);
    assert!((found["diag/radius"].mean - 1.0).abs() < 1e-3 && found["diag/bound_margin"].mean > 0.0);
}
