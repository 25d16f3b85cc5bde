//! The decision transformer learns, from data recorded on the spot.

use trials::Trial;

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
