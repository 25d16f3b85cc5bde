//! Language models that are rewarded for their own confidence.

use run::{Preset, Problems, Run, Task, config};

use trials::Trial;

/// A half-trained model of small sums, made in seconds.
const SMALL: &[&str] = &[
    "model.width=32",
    "model.layers=2",
    "model.heads=2",
    "model.hidden=64",
    "base.accuracy=0.4",
    "base.supervised.learning_rate=0.003",
    "base.every=10",
    "probe=16",
];

fn trial(id: &str, settings: &[&str], updates: u64) -> Trial {
    let mut trial = Trial::new(id, "arith,m=7,n=1", &[SMALL, settings].concat(), updates, 0);
    trial.train(updates);
    trial
}

/// What is rewarded comes about. Whether right answers come with it is the claims' question.
#[test]
fn drawn_answers_become_surer() {
    let gain = |id, settings: &[&str]| {
        let settings = [SMALL, settings, &["base.accuracy=0.35", "update.learning_rate=0.0003"]].concat();
        let mut trial = Trial::new(id, "arith,m=7,n=2", &settings, 120, 0);
        trial.train(120);
        trial.metric("eval/gain_entropy", 40)
    };
    for id in ["rent", "intuitor"] {
        let [sure, random] = [gain(id, &[]), gain(id, &["reward=random"])];
        assert!(sure < -0.05 && sure < random - 0.05, "{id}: {sure} and {random}");
    }
}

/// The policy's parameters, without the optimiser's moments.
fn policy(trial: &Trial) -> Vec<Vec<f32>> {
    let snapshot = trial.snapshot();
    let decoder =
        snapshot.arrays().iter().filter(|(name, _)| name.starts_with("policy") && !name.contains(":adam"));
    decoder.map(|(_, array)| array.values.clone()).collect()
}

#[test]
fn no_gradient_passes_through_the_reward() {
    // Almost greedy, all answers to a prompt are the same, so their rewards are too and nothing is
    // reinforced, while the entropy of their tokens has a gradient all the same.
    let changed = |id: &str, settings: &[&str]| {
        let greedy = ["rollout.temperature=0.001", "rollout.prompts=4", "update.beta=0.0"];
        let mut trial = trial(id, &[&greedy, settings].concat(), 0);
        let before = policy(&trial);
        trial.train(1);
        before != policy(&trial)
    };
    assert!(!changed("rent", &[]));
    assert!(!changed("rent", &["subset=all"]));
    assert!(!changed("intuitor", &[]));
    assert!(changed("rent", &["objective=direct"]));
}

#[test]
fn a_pool_and_further_tests_are_scored_beside_the_start() {
    let mut first = trial("rent", &["setting=transductive", "pool=24"], 2);
    assert!(first.metric("eval/base_pool_majority", 20) > 0.0);
    let base = first.metric("eval/base_accuracy", 20);
    assert!((first.metric("eval/accuracy", 20) - base - first.metric("eval/gain_accuracy", 20)).abs() < 1e-9);
    let settings = [
        "evaluation.tests=[\"arith,m=7,n=2\",\"stack-code,lines=1\"]",
        "base.beside=[{problems=\"arith,m=7,n=2\",weight=1.0},{problems=\"stack-code,lines=1\",weight=0.5}]",
    ];
    let mut second = trial("intuitor", &settings, 2);
    // Twice as many steps need more tokens than any answer of training has.
    assert!(second.metric("eval/test1_length", 20) > 9.0);
    let tests = [1, 2].map(|test| second.metric(&format!("eval/test{test}_accuracy"), 20));
    assert!((second.metric("eval/tests_accuracy", 20) - (tests[0] + tests[1]) / 2.0).abs() < 1e-9);
}

/// The sentence with which a method refuses settings, at once or in training.
fn refused(id: &str, settings: &[&str]) -> String {
    let entry = run::registry::find(id).expect("the method is registered");
    let mut table = (entry.preset)(Preset::Laptop);
    for setting in [SMALL, settings].concat() {
        config::set(&mut table, setting).expect("the setting exists");
    }
    let task = Task::new().with(Problems::open("arith,m=7,n=1").expect("it exists"));
    let mut run = Run::new(0, 10, "cpu");
    let trained = (entry.build)(&table, &task, &mut run).and_then(|mut method| method.advance(&mut run));
    trained.expect_err("it is refused").to_string()
}

#[test]
fn what_would_reward_something_else_is_refused() {
    for (id, settings, words) in [
        ("rent", &["confidence=-1.0"][..], "`confidence` is -1: it must be at least 0"),
        ("rent", &["rollout.group=1"], "`rent` compares the answers of a group"),
        ("rent", &["rollout.temperature=0.0"], "`rollout.temperature` is 0"),
        ("rent", &["chunk=0.0"], "`chunk` is 0: it must be above 0 and at most 1"),
        ("rent", &["objective=direct", "reward=random"], "it has no reward but confidence"),
        ("rent", &["subset=answer", "rollout.max_new=2", "base.cap=10"], "answers have no marker"),
        ("rent", &["setting=transductive", "pool=2"], "`pool` is 2"),
        ("intuitor", &["reward=gold"], "to be rewarded for right answers use `grpo`"),
        ("intuitor", &["update.beta=-0.1"], "`update.beta` is -0.1"),
        ("intuitor", &["rollout.group=1"], "`intuitor` compares the answers of a group"),
        (
            "intuitor",
            &["base.beside=[{problems=\"stack-code\",weight=0.0}]"],
            "`stack-code` has the weight 0: it must be above 0",
        ),
    ] {
        let sentence = refused(id, settings);
        assert!(sentence.contains(words), "{id}: {sentence}");
    }
}
