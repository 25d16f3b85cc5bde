//! Methods that treat trajectories as sequences learn, from data recorded on the spot.

use crate::harness::Trial;

#[test]
fn the_decision_transformer_does_what_it_is_asked_for() {
    // Arm 0 always pays and arm 1 never.
    let data = "data:bernoulli-bandit,p=0/random,steps=200,seed=1 in bernoulli-bandit,p=0";
    for (target, earned) in [("target_return=1.0", 1.0), ("target_return=0.0", 0.0)] {
        let settings = ["context=1", "width=16", "layers=1", target];
        let mut trial = Trial::new("decision-transformer", data, &settings, 200, 0);
        trial.train(200);
        assert_eq!(trial.score(10), earned, "{target}");
    }
}

#[test]
fn the_decision_transformer_swings_up() {
    // With noise in the demonstrations, so that deviations from their path are seen too.
    let data = "data:pendulum/scripted,noise=0.5,episodes=40,seed=1 in pendulum";
    let settings = ["context=4", "dropout=0.0", "target_return=-150.0"];
    let mut trial = Trial::new("decision-transformer", data, &settings, 600, 0);
    trial.train(600);
    // Chance earns about -1230.
    let score = trial.score(8);
    assert!(score > -600.0, "{score}");
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
