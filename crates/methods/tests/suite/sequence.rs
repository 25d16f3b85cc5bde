//! Methods that treat trajectories as sequences learn, from data recorded on the spot.

use crate::harness::Trial;

/// Balancing of every skill from none to an expert's.
const POLES: &str = "data:cartpole/scripted,skill=0-1,episodes=60,seed=1 in cartpole";

#[test]
fn the_decision_transformer_does_what_it_is_asked_for() {
    let score = |target: &str, steps: u64| {
        let mut trial = Trial::new("decision-transformer", POLES, &["dropout=0.0", target], 800, 0);
        trial.train(steps);
        trial.score(8)
    };
    let (asked, little) = (score("target_return=500", 800), score("target_return=30", 800));
    assert!(asked > 150.0 && little < 0.6 * asked, "{asked} {little}");
}

#[test]
fn the_decision_transformer_drives_with_continuous_actions() {
    let data = "data:pendulum/scripted,episodes=20,seed=1 in pendulum";
    let mut trial = Trial::new("decision-transformer", data, &["context=4", "width=32"], 600, 0);
    let before = trial.score(8);
    trial.train(600);
    let after = trial.score(8);
    assert!(after > before + 250.0, "{before} to {after}");
}

#[test]
fn control_is_separated_from_luck_on_a_table() {
    let data = "data:bernoulli-bandit,p=0.2/behaviour,steps=1000,seed=0 in bernoulli-bandit,p=0.2";
    let measured = |lambda: &str| {
        let mut trial = Trial::new("doc-control", data, &[lambda], 3_000, 0);
        trial.train(3_000);
        ["eval/return", "diag/mutual_information", "diag/consistency_gap"].map(|name| trial.metric(name, 1))
    };
    let [earned, information, gap] = measured("lambda=2.0");
    assert!(earned > 0.72 && information < 0.05 && gap < 0.1, "{earned} {information} {gap}");
    let [earned, information, gap] = measured("lambda=0.0");
    assert!((earned - 0.5).abs() < 0.1 && information > 0.2 && gap > 0.4, "{earned} {information} {gap}");
}

#[test]
fn control_is_separated_from_luck_by_networks() {
    let data = "data:bernoulli-bandit,p=0.2/behaviour,steps=1000,seed=0 in bernoulli-bandit,p=0.2";
    let measured = |lambda: &str| {
        let settings = [
            "variant=deep",
            "deep.context=1",
            "deep.future=1",
            "deep.width=16",
            "deep.layers=1",
            "deep.latent=2",
            "deep.batch=64",
            "deep.beta=0.1",
            lambda,
        ];
        let mut trial = Trial::new("doc-control", data, &settings, 1_500, 0);
        trial.train(1_500);
        ["eval/return", "diag/consistency_gap", "diag/promised"].map(|name| trial.metric(name, 400))
    };
    let with = measured("lambda=3.0");
    let without = measured("lambda=0.0");
    assert!(with[0] > without[0] + 0.1 && with[1] < without[1], "{with:?} {without:?}");
}
