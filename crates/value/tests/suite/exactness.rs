//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[Small<'_>] = &[
    ("mdvi", "random-mdp", &["check_bound=true", "tau=0.1"]),
    ("mdvi", "cartpole", &["variant=md-direct", "learning_starts=200", "hidden=8", "batch=8"]),
    (
        "mdvi",
        "cartpole",
        &["variant=md-indirect", "acting=epsilon", "learning_starts=200", "hidden=8", "batch=8"],
    ),
    ("mdvi", "minatar-breakout", &["variant=da", "tau=0.01", "learning_starts=200", "hidden=8", "batch=8"]),
    ("orchestrated-value-mapping", "stochastic-corridor", &["tabular.epsilon=0.5"]),
    (
        "orchestrated-value-mapping",
        "minatar-breakout",
        &["deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"],
    ),
    ("ensemble-cdrl", "grid7-slip", &["atoms=21", "v_min=-1", "v_max=3"]),
    ("ensemble-cdrl", "grid7-slip", &["targets=own", "shared_buffer=true"]),
    (
        "ensemble-cdrl",
        "cartpole",
        &["agents=2", "deep.learning_starts=200", "deep.hidden=8", "deep.batch=8", "deep.train_every=20"],
    ),
];

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("value", TRIALS);
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(TRIALS);
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(TRIALS);
}
