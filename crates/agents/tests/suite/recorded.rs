//! Methods that learn from recorded experience learn, score and refuse as they should.

use run::{Task, data::Data};
use trials::{Trial, refusals::refused};

fn trained(id: &str, task: &str, settings: &[&str], updates: u64) -> Trial {
    let mut trial = Trial::new(id, task, settings, updates, 0);
    trial.train(updates);
    trial
}

#[test]
fn cloning_an_expert_holds_the_rod_and_the_pole() {
    let mut trial = trained("bc", "data:pendulum/scripted,steps=4000 in pendulum", &[], 1_500);
    let score = trial.score(10);
    assert!(score > -500.0, "{score}");
    let mut trial = trained("bc", "data:cartpole/scripted,skill=0.8,steps=4000 in cartpole", &[], 1_000);
    let score = trial.score(10);
    assert!(score > 200.0, "{score}");
}

#[test]
fn the_best_episodes_are_better_to_clone() {
    // Half of the episodes push at random, so that cloning all of them halves the expert's torque.
    let data = "data:pendulum/mixed=0.5,steps=8000 in pendulum";
    let all = trained("bc", data, &[], 1_000).score(10);
    let best = trained("bc", data, &["top=0.4"], 1_000).score(10);
    assert!(best > all, "{best} and {all}");
}

#[test]
fn a_gaussian_is_fitted_too() {
    let task = "data:pendulum/scripted,noise=0.2,steps=4000 in pendulum";
    let score = trained("bc", task, &["fit=gaussian"], 1_500).score(10);
    assert!(score > -600.0, "{score}");
}

#[test]
fn implicit_values_serve_indices() {
    let task = "data:cartpole/scripted,skill=0-1,steps=6000 in cartpole";
    let score = trained("iql", task, &["gamma=0.95"], 1_500).score(10);
    // The data's own episodes are far shorter.
    assert!(score > 100.0, "{score}");
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    let refused = |id: &str, data: &str, settings: &[&str]| {
        refused(id, &Task::new().with(Data::open(data).expect("the data can be recorded")), settings)
    };
    let sentence = refused("td3-bc", "data:cartpole/random,steps=50", &[]);
    assert!(sentence.contains("`td3-bc` needs continuous actions"), "{sentence}");
    for id in ["bc", "iql"] {
        assert!(refused(id, "data:traj2d,paths=10,seed=0", &[]).contains(&format!("`{id}` needs ")), "{id}");
    }
    let flat = "data:line-world,start=uniform,horizon=1/scripted,steps=3";
    for id in ["iql", "td3-bc"] {
        let sentence = refused(id, flat, &["rewards.by_range=true"]);
        assert!(sentence.starts_with("`rewards.by_range` is true: it divides by"), "{sentence}");
        assert!(sentence.ends_with("leave it off"), "{sentence}");
    }
}
