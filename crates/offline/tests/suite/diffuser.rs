//! Decision Diffuser learns: seconds of training must already show in what it samples.

use run::{Task, data::Data};
use trials::{Trial, refusals::refused};

const SMALL: &[&str] = &[
    "condition=label",
    "pad=false",
    "diffusion.base=16",
    "diffusion.steps=16",
    "sampling.guidance=1.5",
    "sampling.steps=16",
    "learning_rate=2e-3",
    "paths=200",
];

#[test]
fn a_label_that_is_asked_for_shows_in_the_paths() {
    let mut trial = Trial::new(
        "decision-diffuser",
        "data:traj2d,paths=4000",
        &[SMALL, &["labels.ask=[\"0\"]"]].concat(),
        600,
        0,
    );
    trial.train(600);
    // A tenth of the paths of the data pass the point.
    let share = trial.metric("eval/a", 1);
    assert!(share > 0.3, "{share}");
}

#[test]
fn cloned_paths_stay_near_those_of_the_data() {
    let settings = [SMALL, &["variant=bc", "labels.ask=[\"1\"]", "inverse.hidden=[64]"]].concat();
    let mut trial = Trial::new("decision-diffuser", "data:traj2d,paths=4000", &settings, 1_000, 0);
    trial.train(1_000);
    // Of the paths of the data with this label all avoid the disc, of all others a part.
    let share = trial.metric("eval/b", 1);
    assert!(share > 0.5, "{share}");
}

#[test]
fn plans_lead_through_the_maze() {
    let recipe =
        "data:point-maze-umaze,reward=dense/scripted,noise=0.2,steps=4000 in point-maze-umaze,reward=dense";
    let settings = ["diffusion.base=16", "horizon=8", "learning_rate=2e-3", "condition=nothing"];
    let mut trial = Trial::new("decision-diffuser", recipe, &settings, 1_500, 0);
    trial.train(1_500);
    // Chance earns -316, the script -64.
    let score = trial.score(5);
    assert!(score > -150.0, "{score}");
}

#[test]
fn cloning_needs_labels_to_follow() {
    let paths = || Task::new().with(Data::open("data:traj2d,paths=50").expect("the data can be recorded"));
    let sentence = refused("decision-diffuser", &paths(), &["variant=bc", "condition=label"]);
    assert!(sentence.contains("`labels.ask` is empty: it must be at least one label"), "{sentence}");
    let sentence = refused("decision-diffuser", &paths(), &["variant=bc", "labels.ask=[\"1\"]"]);
    assert!(sentence.contains("`condition` is returns: it must be label"), "{sentence}");
}
