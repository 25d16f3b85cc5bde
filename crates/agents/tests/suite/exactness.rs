//! Saved and loaded, a method goes on exactly; side by side, runs do not disturb each other.

use trials::exactness::{self, Small};

use crate::language_trials;

/// Settings under which a value agent of images learns within the first few hundred steps.
const SMALL_VALUES: &[&str] = &["learning_starts=200", "hidden=8", "batch=8", "train_every=20"];

/// Swings of the pendulum by a half-skilled expert.
const SWINGS: &str = "data:pendulum/scripted,skill=0.5,steps=400,seed=1";

/// Networks and batches that cost little.
const SMALL_CLONES: &[&str] = &["hidden=[8]", "batch=16"];

/// Every method in a world it fits, small enough for seconds.
const TRIALS: &[Small<'_>] = &[
    ("random", "cartpole", &[]),
    ("ppo", "cartpole", &["rollout=32", "hidden=[8]"]),
    ("sac", "pendulum", &["hidden=[8]", "batch=16", "start_steps=100"]),
    ("td3", "pendulum", &["hidden=[8]", "batch=16", "start_steps=100"]),
    ("dqn", "cartpole", SMALL_VALUES),
    ("rainbow", "minatar-breakout", SMALL_VALUES),
    ("bc", SWINGS, SMALL_CLONES),
    ("bc", "data:cartpole/scripted,skill=0.5,steps=300,seed=1", &["top=0.5", "hidden=[8]", "batch=16"]),
    ("td3-bc", SWINGS, SMALL_CLONES),
    ("iql", SWINGS, &["cosine=true", "hidden=[8]", "batch=16"]),
    ("iql", "data:cartpole/scripted,skill=0.5,steps=300,seed=1", SMALL_CLONES),
    (
        "decision-transformer",
        "data:cartpole/random,episodes=20",
        &["context=4", "width=8", "layers=1", "batch=4"],
    ),
    (
        "decision-transformer",
        "data:pendulum/random,episodes=2",
        &["context=4", "width=8", "layers=1", "batch=4"],
    ),
];

/// These and the language models.
fn trials<'a>(joined: &'a [(&'static str, Vec<&'static str>)]) -> Vec<Small<'a>> {
    TRIALS.iter().copied().chain(language_trials::trials(joined)).collect()
}

#[test]
fn every_method_is_tried() {
    exactness::all_are_tried("agents", &trials(&language_trials::joined()));
}

#[test]
fn a_loaded_method_goes_on_exactly() {
    exactness::goes_on_exactly(&trials(&language_trials::joined()));
}

#[test]
fn runs_in_one_process_do_not_disturb_each_other() {
    exactness::runs_do_not_disturb_each_other(&trials(&language_trials::joined()));
}
