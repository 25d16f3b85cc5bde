//! Language models learn, start alike, and refuse what makes no sense.

use run::{Preset, Problems, Run, Task, config, task::World};

use crate::harness::Trial;

/// A model that learns sums in two steps within seconds.
const SMALL: &[&str] = &["model.width=64", "model.layers=2", "model.heads=4", "model.hidden=192"];

#[test]
fn worked_solutions_teach_sums() {
    let settings = [SMALL, &["supervised.learning_rate=0.002"]].concat();
    let mut trial = Trial::new("sft", "arith,m=5,n=2", &settings, 500, 0);
    trial.train(500);
    // Chance is right once in five where the form is kept.
    let accuracy = trial.metric("eval/accuracy", 10);
    assert!(accuracy > 0.8, "{accuracy}");
    assert!(trial.metric("eval/base_accuracy", 10) < 0.3);
}

/// Accuracy of the base and after so many updates, drawn.
fn reinforced(id: &str, settings: &[&str], updates: u64) -> [f64; 2] {
    let base = ["base.accuracy=0.4", "base.supervised.learning_rate=0.002", "base.every=10"];
    let settings = [SMALL, &base, settings].concat();
    let mut trial = Trial::new(id, "arith,m=5,n=2", &settings, updates, 0);
    trial.train(updates);
    [trial.metric("eval/base_sampled_accuracy", 150), trial.metric("eval/sampled_accuracy", 150)]
}

#[test]
fn every_baseline_improves_a_half_trained_model() {
    for (id, settings, updates) in [
        ("grpo", &["update.learning_rate=0.0003"][..], 80),
        ("rloo", &["learning_rate=0.0002"], 80),
        ("ppo-lm", &["learning_rate=0.0002", "critic_rate=0.001"], 80),
        ("dpo", &["learning_rate=0.0002", "source=policy"], 80),
        ("hrpo", &["update.learning_rate=0.0003"], 80),
    ] {
        let [before, after] = reinforced(id, settings, updates);
        assert!(after > before + 0.06, "{id}: {before} to {after}");
    }
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
fn arms_of_one_seed_start_from_one_base() {
    let base = |id: &str, seed| {
        let settings = [SMALL, &["base.accuracy=0.3", "base.prompts=64"]].concat();
        let trial = Trial::new(id, "arith,m=5,n=1", &settings, 10, seed);
        let snapshot = trial.snapshot();
        let reference = snapshot.arrays().iter().filter(|(name, _)| name.starts_with("reference"));
        reference.map(|(_, array)| array.clone()).collect::<Vec<_>>()
    };
    let first = base("grpo", 1);
    assert!(!first.is_empty() && first == base("rloo", 1));
    assert!(first != base("grpo", 2));
}

/// The sentence with which a method refuses settings or a task.
fn refused(id: &str, settings: &[&str], task: &Task) -> String {
    let entry = methods::find(id).expect("the method is registered");
    let mut table = (entry.preset)(Preset::Laptop).expect("a preset has a TOML form");
    for setting in settings {
        config::set(&mut table, setting).expect("the setting exists");
    }
    let built = (entry.build)(&table, task, &mut Run::new(0, 10, "cpu"));
    built.err().expect("it is refused").to_string()
}

#[test]
fn what_makes_no_sense_is_refused_in_a_sentence() {
    let sums = || Task::new().with(Problems::open("arith,m=5,n=1").expect("it exists"));
    let world = || Task::new().with(World::new("cartpole").expect("it exists"));
    for (id, settings, task, words) in [
        (
            "grpo",
            &["rollout.group=1"][..],
            sums(),
            "`rollout.group` is 1: `grpo` compares the answers of a group",
        ),
        ("rloo", &["rollout.temperature=0.0"], sums(), "`rollout.temperature` is 0"),
        ("grpo", &["update.beta=-0.1"], sums(), "`update.beta` is -0.1: it must be at least 0"),
        ("hrpo", &["rollout.temperature=0.0"], sums(), "`rollout.temperature` is 0"),
        ("hrpo", &["rollout.group=1"], sums(), "`hrpo` compares the answers of a group"),
        ("hrpo", &["gate.r_max=1.0"], sums(), "`gate.r_max` is 1: it must lie between 0 and 1"),
        ("hrpo", &["gate.r_min=0.9995"], sums(), "`gate.r_min` is 0.9995, more than `gate.r_max`"),
        (
            "colar",
            &["evaluation.speeds=[1, 6]"],
            sums(),
            "`evaluation.speeds` is 6, a speed that is never trained",
        ),
        ("colar", &["rl.speed=0"], sums(), "`rl.speed` is 0, a speed that is never trained"),
        ("colar", &["latent.loss=mse"], sums(), "colar: RL needs a stochastic latent head"),
        (
            "colar",
            &["compression.auto_text=#"],
            sums(),
            "colar: separator \"#\" occurs in `compression.speed_text`",
        ),
        ("colar", &["max_latents=300"], sums(), "but `model.context` is 256: raise it"),
        ("sft", &["model.context=8"], sums(), "but `model.context` is 8: raise it"),
        ("grpo", &[], world(), "`grpo` works on problems in text, but `cartpole` gives actions"),
        ("ppo", &[], sums(), "`ppo` works on actions and observations, but `arith,m=5,n=1` gives problems"),
        ("sft", &[], Task::new(), "`sft` needs problems in text: give one with --world, such as arith"),
    ] {
        let sentence = refused(id, settings, &task);
        assert!(sentence.contains(words), "{id}: {sentence}");
    }
}
