//! Methods that learn from recorded experience learn, score and refuse as they should.

use run::{Preset, Run, Task, data::Data};

use crate::harness::Trial;

const STRIPES: &str = "data:line-world,start=uniform,horizon=1/stripes,steps=4000,seed=0 in line-world";

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
fn near_pairs_cross_the_stripes_that_stop_the_same_state() {
    let after = |constraint: &[&str]| {
        let settings = [&["agent.alpha=5.0", "agent.gamma=0.9", "agent.tau=0.05"], constraint].concat();
        trained("prdc", STRIPES, &settings, 1_500).metric("eval/discounted", 20)
    };
    assert!(after(&["beta=0.5"]) > 0.3);
    assert!(after(&["beta=1000.0"]) < 0.2);
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    let refused = |id: &str, data: &str, setting: &str| {
        let entry = methods::find(id).expect("the method is registered");
        let mut table = (entry.preset)(Preset::Laptop).expect("a preset has a TOML form");
        if !setting.is_empty() {
            run::config::set(&mut table, setting).expect("the setting exists");
        }
        let task = Task::new().with(Data::open(data).expect("the data can be recorded"));
        let built = (entry.build)(&table, &task, &mut Run::new(0, 10, "cpu"));
        built.err().expect("it does not fit").to_string()
    };
    for id in ["td3-bc", "prdc"] {
        let sentence = refused(id, "data:cartpole/random,steps=50", "");
        assert!(sentence.contains(&format!("`{id}` needs continuous actions")), "{sentence}");
    }
    let paths = "data:traj2d,paths=10,seed=0";
    for id in ["bc", "iql"] {
        assert!(refused(id, paths, "").contains(&format!("`{id}` needs ")), "{id}");
    }
    let few = "data:line-world/random,steps=2";
    assert!(refused("prdc", few, "neighbours=3").contains("looks for 3 nearest pairs, but the data holds 2"));
    assert!(refused("prdc", few, "beta=-1.0").contains("`beta` is -1"));
    let flat = "data:line-world,start=uniform,horizon=1/scripted,steps=3";
    assert!(refused("iql", flat, "rewards.by_range=true").contains("leave it off"));
}
