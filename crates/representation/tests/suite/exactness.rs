//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

/// Settings under which a value agent of images learns within the first few hundred steps.
const SMALL_VALUES: &[&str] = &["learning_starts=200", "hidden=8", "batch=8", "train_every=20"];

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[Small<'_>] = &[
    ("tcrl", "pendulum", &["hidden=[8]", "latent_size=4", "batch=8", "random_episodes=1", "update_every=10"]),
    ("tcrl-ensemble", "pendulum", &["hidden=[8]", "batch=8", "random_episodes=1", "update_every=10"]),
    ("spr", "minatar-breakout", SMALL_VALUES),
    (
        "self-predictive",
        "random-mdp,kind=permutation-mix",
        &["tabular.direction=bidirectional", "tabular.predictor=gradient"],
    ),
    (
        "self-predictive",
        "minatar-breakout",
        &["deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"],
    ),
    ("td-infonce", "gridwalk-5x5", &["tabular.sizes=[100, 400, 440, 480]", "tabular.updates=20"]),
    (
        "td-infonce",
        "point-maze-umaze",
        &["deep.hidden=[8]", "deep.batch=8", "deep.start_steps=380", "deep.collect=policy"],
    ),
];

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("representation", TRIALS);
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(TRIALS);
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(TRIALS);
}
