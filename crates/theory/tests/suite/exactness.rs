//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

/// Blocks of few points.
const SMALL_CONTRAST: &[&str] = &["block=2", "batch=16", "hidden=[8]"];

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[Small<'_>] = &[
    ("contrastive-theory", "", SMALL_CONTRAST),
    ("contrastive-theory", "", &["variant=supervised", "batch=16", "hidden=[8]"]),
    ("latent-thresholds", "threshold-oracle", &["class=a", "plan=budget", "trials=100"]),
    ("latent-thresholds", "threshold-oracle", &["class=b", "mode=online", "doubling=true"]),
    ("lmdp-horizon-free", "lmdp-rooms", &[]),
];

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("theory", TRIALS);
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(TRIALS);
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(TRIALS);
}
