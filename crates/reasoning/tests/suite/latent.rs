//! Reasoners in latent space learn, and refuse what makes no sense.

use run::{Problems, Task};
use trials::{Trial, refusals::refused};

/// A model that learns sums in two steps within seconds.
const SMALL: &[&str] = &["model.width=64", "model.layers=2", "model.heads=4", "model.hidden=192"];

#[test]
fn hybrid_reasoning_improves_a_half_trained_model() {
    let base = ["base.accuracy=0.4", "base.supervised.learning_rate=0.002", "base.every=10"];
    let settings = [SMALL, &base, &["update.learning_rate=0.0003"]].concat();
    let mut trial = Trial::new("hrpo", "arith,m=5,n=2", &settings, 80, 0);
    trial.train(80);
    let [before, after] =
        ["eval/base_sampled_accuracy", "eval/sampled_accuracy"].map(|name| trial.metric(name, 150));
    assert!(after > before + 0.06, "{before} to {after}");
}

/// Reinforcement opens the gate, whose start changes what the base says by little.
#[test]
fn a_hybrid_reasoner_opens_its_gate() {
    let base = ["base.accuracy=0.4", "base.supervised.learning_rate=0.003", "base.every=10"];
    let settings = [SMALL, &base, &["update.learning_rate=0.002", "evaluation.samples=0"]].concat();
    let mut trial = Trial::new("hrpo", "arith,m=7,n=1", &settings, 30, 0);
    assert_eq!(trial.metric("eval/hybrid_growth", 40), 0.0);
    trial.train(30);
    let found = ["eval/hybrid_ratio", "eval/hybrid_growth", "eval/start_gap", "eval/shut_gap"]
        .map(|name| trial.metric(name, 40));
    let [ratio, growth, start, shut] = found;
    assert!(ratio > 0.001 && ratio < 1.0 && growth != 0.0, "{found:?}");
    assert!(start.abs() < 0.03 && shut < 1e-5, "{found:?}");
}

#[test]
fn compressed_chains_teach_sums_and_reinforcement_goes_on() {
    let settings = [
        SMALL,
        &[
            "supervised.learning_rate=0.005",
            "supervised.batch=32",
            "updates=800",
            "rl.updates=20",
            "rl.pool=32",
            "rl.prompts=8",
            "max_latents=16",
        ],
    ]
    .concat();
    let mut trial = Trial::new("colar", "arith,m=5,n=2", &settings, 820, 0);
    trial.train(800);
    // Two steps have twelve tokens: six latents of two, three of five.
    let fitted = ["eval/accuracy_1", "eval/accuracy_2", "eval/length_2", "eval/length_5"];
    let [slow, fast, length_2, length_5] = fitted.map(|name| trial.metric(name, 100));
    // Chance is right once in five where the form is kept.
    assert!(slow > 0.5 && fast > 0.45, "{slow} and {fast}");
    assert!((5.5..6.5).contains(&length_2) && (2.5..3.5).contains(&length_5), "{length_2} and {length_5}");
    while !trial.method.advance(&mut trial.run).expect("reinforcement goes on").finished {}
    assert!(trial.metric("eval/accuracy", 100) > 0.4);
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let sums = || Task::new().with(Problems::open("arith,m=5,n=1").expect("it exists"));
    for (id, settings, task, words) in [
        ("hrpo", &["rollout.temperature=0.0"][..], sums(), "`rollout.temperature` is 0"),
        ("hrpo", &["rollout.group=1"], sums(), "`hrpo` compares the answers of a group"),
        ("hrpo", &["gate.r_max=1.0"], sums(), "`gate.r_max` is 1: it must be above 0 and below 1"),
        ("hrpo", &["gate.r_min=0.9995"], sums(), "`gate.r_min` is 0.9995: it must be at most `gate.r_max`"),
        (
            "colar",
            &["evaluation.speeds=[1, 6]"],
            sums(),
            "`evaluation.speeds` is 6: such a speed is never trained",
        ),
        ("colar", &["rl.speed=0"], sums(), "`rl.speed` is 0: such a speed is never trained"),
        (
            "colar",
            &["latent.loss=mse"],
            sums(),
            "`latent.loss` is mse: reinforcement needs a latent head with a variance",
        ),
        (
            "colar",
            &["compression.auto_text=#"],
            sums(),
            "colar: separator \"#\" occurs in `compression.speed_text`",
        ),
        ("colar", &["max_latents=300"], sums(), "but `model.context` is 256: raise it"),
    ] {
        let sentence = refused(id, &task, settings);
        assert!(sentence.contains(words), "{id}: {sentence}");
    }
}
