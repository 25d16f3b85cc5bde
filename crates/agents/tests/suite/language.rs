//! Language models learn, start alike, and refuse what makes no sense.

use run::{Problems, Task, task::World};
use trials::{Trial, refusals::refused};

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
        ("grpo", &["update.learning_rate=0.0003"][..], 120),
        ("rloo", &["learning_rate=0.0002"], 120),
        ("ppo-lm", &["learning_rate=0.0002", "critic_rate=0.001"], 120),
        ("dpo", &["learning_rate=0.0002", "source=policy"], 120),
    ] {
        let [before, after] = reinforced(id, settings, updates);
        assert!(after > before + 0.06, "{id}: {before} to {after}");
    }
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
        ("sft", &["model.context=8"], sums(), "but `model.context` is 8: raise it"),
        ("grpo", &[], world(), "`grpo` works on problems in text, but `cartpole` gives actions"),
        ("ppo", &[], sums(), "`ppo` works on actions and observations, but `arith,m=5,n=1` gives problems"),
        ("sft", &[], Task::new(), "`sft` needs problems in text: give one with --world, such as arith"),
    ] {
        let sentence = refused(id, &task, settings);
        assert!(sentence.contains(words), "{id}: {sentence}");
    }
}
