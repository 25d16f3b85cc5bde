//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[Small<'_>] = &[
    ("pec", "", &[]),
    ("pec", "", &["teacher=trained", "classes_per_task=2"]),
    ("pec", "", &["variant=si"]),
    ("pec", "", &["variant=lwf", "classes_per_task=2"]),
    ("pec", "", &["variant=er"]),
    ("pec", "", &["variant=vae-gc"]),
    ("alp-gmm", "cube-toy,gain=0.1", &["mixture.fit_rate=50"]),
    ("alp-gmm", "cartpole", &["student.rollout=32", "student.hidden=[8]", "mixture.fit_rate=50"]),
];

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("curriculum", TRIALS);
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(TRIALS);
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(TRIALS);
}
